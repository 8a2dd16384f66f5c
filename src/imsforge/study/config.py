"""The configuration: checked against its schema, completed with defaults, told in one line."""

import copy
import difflib
import re
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from imsforge.errors import ConfigError, IngestError
from imsforge.gan.settings import RECIPES
from imsforge.labels.files import MASKS, REGIONS, TABLES, label_files, named_patterns
from imsforge.methods import REMEDIES, is_remedy_of, parse_method
from imsforge.oversampling.registry import SAMPLERS
from imsforge.peaks.peak_list import read_peak_list
from imsforge.readers.files import check_format, name_samples, raw_files
from imsforge.study.names import check_names, ordinal

#: What comes with the measurement of a phantom, the annotations of its truth.
PHANTOM_COLUMNS = ("tissue",)

# Settings of labels that say nothing where pixels are clustered.
_GIVEN_ONLY = {
    "file": ("file",),
    "column": ("column", "file"),
    "names": ("column", "file"),
    "background": ("column", "file"),
}


def validate_config(config, schema_path):
    """Return the configuration, complete with defaults.

    Parameters
    ----------
    config : dict
        As read from YAML.
    schema_path : path
        The JSON schema, as YAML.

    Raises
    ------
    ConfigError
        With one line that names the key or the file, what is wrong, and what would be right.
    """
    check_names(config)
    schema = yaml.safe_load(Path(schema_path).read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema)
    error = best_match(validator.iter_errors(config), key=_relevance)
    if error is not None:
        raise ConfigError(_describe(_deepest(error), schema))
    config = _with_defaults(_spelled_out(config), schema, schema)
    for name, dataset in config["datasets"].items():
        _check_dataset(f"datasets.{name}", dataset)
    return config


def check_yaml(path):
    """Refuse a configuration that is no YAML.

    Raises
    ------
    ConfigError
        With one line that names file and line.
    """
    try:
        yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(filter(None, (error.context, error.problem)))
        raise ConfigError(
            f"{path}: line {mark.line + 1}, column {mark.column + 1}: is no YAML ({reason}); mend "
            "the line, or the one before"
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path}: is no YAML ({reason}); save it as UTF-8 text") from error


def _spelled_out(config):
    """Return the configuration with what its short forms stand for: recipes, a single prior."""
    config = copy.deepcopy(config)
    for dataset in config["datasets"].values():
        for section in ("experiments", "anomaly"):
            for user in dataset.get(section, {}).values():
                if "recipe" in user.get("gan", {}):
                    user["gan"] = {**RECIPES[user["gan"]["recipe"]], **user["gan"]}
                if isinstance(user.get("priors"), str):
                    user["priors"] = [user["priors"]]
    return config


def _check_dataset(place, dataset):
    """Check what a schema cannot: files, and settings that exclude each other."""
    if "input" in dataset:
        _check_input(f"{place}.input", dataset["input"])
    if "phantom" in dataset:
        _check_phantom(f"{place}.phantom", dataset["phantom"])
    _check_peaks(f"{place}.peaks", dataset["peaks"])
    _check_labels(f"{place}.labels", dataset)
    peaks = dataset.get("phantom", {}).get("peaks")
    users = {**_under("experiments", dataset), **_under("anomaly", dataset)}
    for name, user in users.items():
        if peaks and user["features"] != "full" and user["features"] > peaks:
            raise ConfigError(
                f"{place}.{name}.features: {user['features']} is more than the phantom's "
                f"{peaks} peaks; choose fewer, or `full`"
            )
    for name, experiment in dataset["experiments"].items():
        if experiment["split"]["method"] == "samples" and "phantom" in dataset:
            raise ConfigError(
                f"{place}.experiments.{name}.split.method: samples leaves one sample out, but a "
                "phantom is one; use blocks"
            )
        _check_methods(f"{place}.experiments.{name}", experiment)
        _check_reserve(f"{place}.experiments.{name}", experiment)
    for name, anomaly in dataset["anomaly"].items():
        _check_healthy(f"{place}.anomaly.{name}.healthy", anomaly["healthy"])


def _check_healthy(place, healthy):
    if not healthy.keys() - {"scale", "offset"}:
        raise ConfigError(
            f"{place}: says of no pixel that it is healthy; give classes, for example"
        )
    for key, suffixes in (("mask", MASKS), ("regions", REGIONS)):
        if key in healthy:
            _check_file(f"{place}.{key}", healthy[key])
            if Path(healthy[key]).suffix.lower() not in suffixes:
                raise ConfigError(
                    f"{place}.{key}: {healthy[key]}: is none of {', '.join(suffixes)}"
                )
    drawn = "regions" in healthy
    _check_placement(place, healthy, drawn=drawn, laid=drawn or "mask" in healthy)
    if "rectangle" in healthy:
        x_min, y_min, x_max, y_max = healthy["rectangle"]
        if x_min > x_max or y_min > y_max:
            raise ConfigError(
                f"{place}.rectangle: [x_min, y_min, x_max, y_max] is empty: {healthy['rectangle']}"
            )


def _check_methods(place, experiment):
    for method in experiment["methods"]:
        sampler, remedy = parse_method(method).sampler, parse_method(method).remedy
        if sampler not in ("none", *SAMPLERS):
            close = difflib.get_close_matches(sampler, SAMPLERS, n=1)
            meant = f"did you mean '{close[0]}'?" if close else f"known are: {', '.join(SAMPLERS)}"
            raise ConfigError(f"{place}.methods: {method}: unknown sampler '{sampler}'; {meant}")
        if not any(is_remedy_of(remedy, name) for name in experiment["classifiers"]):
            raise ConfigError(
                f"{place}.methods: {method}: {remedy} is for {', '.join(REMEDIES[remedy])}; add "
                "one of these to classifiers, or leave it out"
            )


def _check_reserve(place, experiment):
    test_share = experiment["split"]["test_share"]
    reserve_share = experiment["split"]["reserve_share"]
    # Otherwise the reserve is a share of what does not test.
    if experiment["split"]["method"] == "random" and test_share + reserve_share >= 1:
        raise ConfigError(
            f"{place}.split.reserve_share: {reserve_share:g} and test_share, {test_share:g}, leave "
            "nothing to train on; lower one of them"
        )
    samplers = {parse_method(method).sampler for method in experiment["methods"]}
    if "oracle" in samplers and not reserve_share:
        raise ConfigError(
            f"{place}.methods: oracle draws from spectra that are held back; set "
            "split.reserve_share, 0.2 for example"
        )


def _check_input(place, inputs):
    try:
        for path in name_samples(inputs).values():
            check_format(path)
            _check_file(place, path)
        raw_files(inputs)
    except IngestError as error:
        raise ConfigError(f"{place}: {error}") from error


def _check_phantom(place, phantom):
    if phantom["baseline"] and phantom["spectra"] == "centroid":
        raise ConfigError(f"{place}.baseline: is for profiles; set spectra to profile as well")


def _check_peaks(place, peaks):
    if peaks["list"] is not None:
        _check_file(f"{place}.list", peaks["list"])
        try:
            read_peak_list(peaks["list"])
        except ConfigError as error:
            raise ConfigError(f"{place}.list: {error}") from error
    smoothing = peaks["smoothing"]
    if smoothing is not None and smoothing["order"] >= smoothing["window"]:
        raise ConfigError(
            f"{place}.smoothing.order: {smoothing['order']} is not below the window, "
            f"{smoothing['window']}"
        )


def _check_labels(place, dataset):
    labels = dataset["labels"]
    method, file = labels["method"], labels.get("file")
    if method == "column" and "phantom" in dataset and labels["column"] not in PHANTOM_COLUMNS:
        raise ConfigError(f"{place}.column: a phantom has {' and '.join(PHANTOM_COLUMNS)} alone")
    for key, methods in _GIVEN_ONLY.items():
        if key in labels and method not in methods:
            raise ConfigError(
                f"{place}.{key}: is for method {' or '.join(methods)}, but the method is {method}"
            )
    if isinstance(file, dict) and "names" in labels:
        raise ConfigError(f"{place}.names: the files have names already; leave one of both out")
    suffixes = set()
    for name, pattern in named_patterns(file) if file else ():
        key = f"{place}.file" if name is None else f"{place}.file.{name}"
        suffixes.add(Path(pattern).suffix.lower())
        if Path(pattern).suffix.lower() not in (*MASKS, *REGIONS, *TABLES):
            known = ", ".join((*MASKS, *REGIONS, *TABLES))
            raise ConfigError(f"{key}: {pattern}: labels come from {known}; export one of these")
        for path in label_files(pattern) or [pattern]:
            _check_file(key, path)
    _check_placement(place, labels, drawn=bool(suffixes & set(REGIONS)), laid=bool(suffixes))


def _check_placement(place, settings, *, drawn, laid):
    """Check scale and offset: of regions (drawn), or of other files too (laid on pixels)."""
    if settings["scale"] != 1 and not drawn:
        raise ConfigError(f"{place}.scale: is for GeoJSON; a mask is fitted by its size")
    if "offset" not in settings or drawn:
        return
    if not laid:
        raise ConfigError(f"{place}.offset: is for files; there is none to place")
    if any(value != int(value) for value in settings["offset"]):
        raise ConfigError(
            f"{place}.offset: {settings['offset']}: only GeoJSON can lie between pixels; give "
            "whole numbers"
        )


def _under(section, dataset):
    return {f"{section}.{name}": value for name, value in dataset[section].items()}


def _check_file(key, file):
    if not Path(file).is_file():
        raise ConfigError(
            f"{key}: {file}: no such file (paths are relative to the folder snakemake runs in)"
        )
    # Snakemake would fill them in, and read another file or none.
    if re.search(r"\{.*\}|<.*>", str(file)):
        raise ConfigError(
            f"{key}: {file}: braces and angle brackets are Snakemake's placeholders; rename it"
        )


def _relevance(error):
    """Prefer errors deep inside a branch over the `oneOf` that holds the branch."""
    return -len(error.path), error.validator in ("oneOf", "anyOf")


def _deepest(error):
    """Follow `oneOf` to the branch that was meant, when one clearly was."""
    while error.context:
        inner = [e for e in error.context if e.validator not in ("const", "type", "required")]
        if not inner:
            return error
        error = inner[0]
    return error


def _describe(error, schema):
    place = _place(error.absolute_path)
    reader = {
        "additionalProperties": _unknown_key,
        "required": _missing_key,
        "oneOf": _no_branch,
        "enum": _not_in,
        "pattern": lambda e: f"{e.instance!r} is no name; {schema['$defs']['name']['description']}",
        "not": lambda e: f"{e.instance!r} is a reserved name",
    }.get(error.validator, lambda e: _first_line(e.message))
    hint = error.schema.get("description") if isinstance(error.schema, dict) else None
    text = f"{place}: {reader(error)}"
    return f"{text} ({hint})" if hint and error.validator in ("type", "minimum") else text


def _place(path):
    """Return where something stands; entries of lists are counted from 1, as people do."""
    place = ""
    for part in path:
        if isinstance(part, int):
            place = f"the {ordinal(part + 1)} of {place}"
        else:
            place = f"{place}.{part}" if place else str(part)
    return place or "config"


def _first_line(message):
    return message.splitlines()[0][:300]


def _unknown_key(error):
    known = sorted(error.schema.get("properties", {}))
    unknown = sorted(set(error.instance) - set(known), key=str)
    close = difflib.get_close_matches(str(unknown[0]), known, n=1)
    meant = f"did you mean '{close[0]}'?" if close else f"known are: {', '.join(known)}"
    return f"unknown key '{unknown[0]}'; {meant}"


def _missing_key(error):
    missing = [key for key in error.validator_value if key not in error.instance]
    return f"key '{missing[0]}' is missing"


def _not_in(error):
    known = f"{error.instance!r} is not one of {', '.join(map(str, error.validator_value))}"
    branches = error.parent.validator_value if error.parent is not None else ()
    others = [branch["description"] for branch in branches if "description" in branch]
    return "; or ".join([known, *(other[0].lower() + other[1:].rstrip(".") for other in others)])


def _no_branch(error):
    choices = [branch["required"][0] for branch in error.validator_value if "required" in branch]
    if choices:
        return f"needs exactly one of {' and '.join(choices)}"
    return f"{error.instance!r} does not fit: {error.schema.get('description', '')}"


def _with_defaults(value, schema, root):
    """Return ``value`` with the defaults of ``schema`` filled in, at every depth."""
    schema = _resolved(schema, root)
    if not isinstance(value, dict) or ("oneOf" in schema and "properties" not in schema):
        return value
    properties = schema.get("properties", {})
    complete = dict(value)
    for key, subschema in properties.items():
        subschema = _resolved(subschema, root)
        # One of `input` and `phantom` is given; the other must not appear by default.
        if key not in complete and "default" in subschema and not _is_alternative(key, schema):
            complete[key] = subschema["default"]
        if key in complete:
            complete[key] = _with_defaults(complete[key], subschema, root)
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        complete = {
            key: item if key in properties else _with_defaults(item, extra, root)
            for key, item in complete.items()
        }
    return complete


def _is_alternative(key, schema):
    return any(key in branch.get("required", ()) for branch in schema.get("oneOf", ()))


def _resolved(schema, root):
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rsplit("/", 1)[-1]
    return {**root["$defs"][name], **{k: v for k, v in schema.items() if k != "$ref"}}
