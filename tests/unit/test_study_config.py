import copy
import inspect
import re
from dataclasses import asdict, fields
from pathlib import Path

import pytest
import yaml

from imsforge.anomaly.registry import DETECTORS
from imsforge.anomaly.views import VIEWS
from imsforge.errors import ConfigError, IngestError
from imsforge.evaluation.classifiers import CLASSIFIERS, PRIORS
from imsforge.evaluation.remedies import SETTINGS
from imsforge.gan.settings import KINDS, RECIPES, GANSettings
from imsforge.methods import REMEDIES
from imsforge.oversampling import SAMPLERS, TASKS
from imsforge.oversampling.registry import REFINEMENTS
from imsforge.readers.files import name_samples, raw_files
from imsforge.scaling import METHODS as SCALERS
from imsforge.splits.pixels import split_pixels
from imsforge.study.config import check_yaml, validate_config
from imsforge.study.experiment import GAN_METHODS
from imsforge.vae.settings import VAESettings

MINIMAL = {
    "datasets": {
        "kidney": {
            "phantom": {"pixels": 1000, "peaks": 60},
            "experiments": {"nmf": {"features": 20}},
            "anomaly": {"spots": {"healthy": {"rectangle": [0, 0, 9, 9]}}},
        }
    }
}


@pytest.fixture
def schema(root):
    return root / "workflow" / "schemas" / "config.schema.yaml"


@pytest.fixture
def definitions(schema):
    return yaml.safe_load(schema.read_text())["$defs"]


def changed(*path_and_value):
    *path, value = path_and_value
    config = copy.deepcopy(MINIMAL)
    place = config
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = value
    return config


def test_defaults_are_filled_in_at_every_depth(schema):
    config = validate_config(MINIMAL, schema)
    assert config["seed"] == 2024
    kidney = config["datasets"]["kidney"]
    assert "input" not in kidney
    assert kidney["labels"]["classes"] == 20
    assert kidney["experiments"]["nmf"]["split"]["max_train"] == 5000
    assert kidney["experiments"]["nmf"]["gan"]["batch_size"] == 64
    spots = kidney["anomaly"]["spots"]
    assert (spots["scaler"], spots["folds"]) == ("standard", 5)
    assert spots["off_tissue"] == {"below": 0.1}
    assert spots["regions"] == {"min_pixels": 20}


def test_validating_twice_changes_nothing(schema):
    once = validate_config(MINIMAL, schema)
    assert validate_config(once, schema) == once


def test_the_given_config_is_left_alone(schema):
    given = copy.deepcopy(MINIMAL)
    validate_config(given, schema)
    assert given == MINIMAL


EXPERIMENT = ("datasets", "kidney", "experiments", "nmf")


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "key 'datasets' is missing"),
        (changed("sede", 3), "unknown key 'sede'; did you mean 'seed'"),
        (changed("seed", -1), "seed: -1"),
        (changed("seed", "four"), "seed: 'four' is not of type 'integer'"),
        (changed("device", "tpu"), "device: 'tpu' is not one of auto, cpu, cuda"),
        (changed(*EXPERIMENT, "scalar", "standard"), "nmf: unknown key 'scalar'; did you mean"),
        (changed(*EXPERIMENT, "features", 5000), "features: 5000 is more than the phantom's 60"),
        (changed(*EXPERIMENT, "features", "half"), "nmf.features: 'half'"),
        (
            changed("datasets", "kidney", "phantom", "baseline", 100),
            "kidney.phantom.baseline: is for profiles; set spectra to profile as well",
        ),
        (changed(*EXPERIMENT, "features", 0), "nmf.features: 0"),
        (
            changed(*EXPERIMENT, "methods", ["none", "smot"]),
            "the 2nd of datasets.kidney.experiments.nmf.methods: 'smot'",
        ),
        (changed(*EXPERIMENT, "methods", ["vae+filter+calibrate"]), "is not one of none"),
        (changed(*EXPERIMENT, "methods", ["wgan"]), "refinements behind it, vae+calibrate+filter"),
        (changed(*EXPERIMENT, "methods", ["none+filter"]), "'none+filter' is not one of none"),
        (changed(*EXPERIMENT, "methods", ["none+tuned+filter"]), "is not one of none"),
        (
            changed(*EXPERIMENT, "methods", ["smot+filter"]),
            "nmf.methods: smot+filter: unknown sampler 'smot'; did you mean 'smote'?",
        ),
        (
            changed(*EXPERIMENT, "methods", ["none+balanced-forest"]),
            "none+balanced-forest: balanced-forest is for random-forest; add one of these to",
        ),
        (
            changed(*EXPERIMENT, "methods", ["oracle+filter"]),
            "nmf.methods: oracle draws from spectra",
        ),
        (changed(*EXPERIMENT, "methods", []), "nmf.methods: []"),
        (changed(*EXPERIMENT, "vae", {"updates": 0}), "vae.updates: 0"),
        (changed(*EXPERIMENT, "split", {"test_share": 2}), "split.test_share: 2"),
        (
            changed(*EXPERIMENT, "split", {"test_share": 0.4, "reserve_share": 0.6}),
            "nmf.split.reserve_share: 0.6 and test_share, 0.4, leave nothing to train on",
        ),
        (changed(*EXPERIMENT, "methods", ["oracle"]), "nmf.methods: oracle draws from spectra"),
        (changed(*EXPERIMENT, "split", {"max_train": 1}), "split.max_train: 1"),
        (changed(*EXPERIMENT, "split", {"max_train": {"4": 1}}), "split.max_train.4: 1"),
        (changed(*EXPERIMENT, "split", {"max_train": "all"}), "max_train: 'all' does not fit"),
        (
            changed(*EXPERIMENT, "priors", ["equal"]),
            "nmf.priors: 'equal' is not one of observed",
        ),
        (changed(*EXPERIMENT, "fill", 0), "nmf.fill: 0"),
        (changed(*EXPERIMENT, "gan", {"updates": 0}), "gan.updates: 0"),
        (changed(*EXPERIMENT, "gan", {"critic": "fc9"}), "gan.critic: 'fc9' is not one of fc1"),
        (changed("datasets", "../up", {"phantom": {}}), "'../up' is no name"),
        (changed("datasets", "kidney", {}), "needs exactly one of input and phantom"),
        (
            changed("datasets", "kidney", "input", "a.h5"),
            "kidney: needs exactly one of input and phantom",
        ),
        (
            changed("datasets", "own", {"input": "nowhere/own.imzML"}),
            "datasets.own.input: nowhere/own.imzML: no such file",
        ),
        (
            changed("datasets", "kidney", "labels", {"method": "column"}),
            "labels: key 'column' is missing",
        ),
        (
            changed("datasets", "kidney", "labels", {"method": "column", "column": "a"}),
            "labels.column: a phantom has tissue alone",
        ),
        (
            changed("datasets", "kidney", "anomaly", "spots", {"healthy": {}}),
            "anomaly.spots.healthy: {}",
        ),
        (
            changed("datasets", "kidney", "anomaly", "spots", "healthy", "rectangle", [5, 0, 1, 9]),
            "rectangle: [x_min, y_min, x_max, y_max] is empty",
        ),
        (
            changed("datasets", "kidney", "anomaly", "spots", {"healthy": {"mask": "no.png"}}),
            "healthy.mask: no.png: no such file",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line_that_names_it(config, says, schema):
    with pytest.raises(ConfigError) as raised:
        validate_config(config, schema)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


SPOTS = ("datasets", "kidney", "anomaly", "spots")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("detectors", ["knn", "knm"], "the 2nd of datasets.kidney.anomaly.spots.detectors: 'knm' "),
        ("detectors", ["knm"], f"'knm' is not one of {', '.join(DETECTORS)}"),
        ("detectors", ["critic"], "anomaly.spots: key 'gan' is missing"),
        ("view", "counts", "'counts' is not one of count, composition, weights, both"),
        ("off_tissue", {}, "off_tissue: needs exactly one of below and classes"),
        ("off_tissue", {"below": 0.1, "classes": 1}, "needs exactly one of below and classes"),
        ("known", {}, "known: key 'classes' is missing"),
        ("trim", 0.6, "trim: 0.6"),
        ("false_alarm_rate", 0, "false_alarm_rate: 0"),
        ("false_alarm_rate", 0.6, "false_alarm_rate: 0.6"),
        ("folds", 1, "folds: 1"),
        ("folds", 21, "folds: 21"),
    ],
)
def test_a_mistake_in_an_anomaly_map_is_told(key, value, says, schema):
    with pytest.raises(ConfigError) as raised:
        validate_config(changed(*SPOTS, key, value), schema)
    assert says in str(raised.value)


def test_an_anomaly_map_may_say_all_of_this(schema):
    said = {
        "detectors": ["critic", "knn"],
        "gan": {"updates": 40},
        "view": "both",
        "off_tissue": {"classes": ["glass", 3]},
        "known": {"classes": "tumour"},
        "trim": 0.1,
        "updates": 50,
    }
    spots = {"healthy": {"classes": 1}, **said}
    found = validate_config(changed(*SPOTS, spots), schema)["datasets"]["kidney"]["anomaly"][
        "spots"
    ]
    assert {key: found[key] for key in said if key != "gan"} == {
        key: value for key, value in said.items() if key != "gan"
    }


MAP = (*SPOTS, "healthy")
LABELS = ("datasets", "kidney", "labels")


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ((*EXPERIMENT, "classes"), "[no, yes]", '1st of {}: YAML does not read .* write "no"'),
        ((*EXPERIMENT, "classes"), "[a, on]", '2nd of {}: .* write "yes" in quotation marks'),
        ((*EXPERIMENT, "classes"), "[a, ~]", '2nd of {}: .* write "null"'),
        ((*EXPERIMENT, "classes"), "[1.0, 2]", '1st of {}: .* write "1"'),
        ((*EXPERIMENT, "classes"), "[a, b, 1.5]", '3rd of {}: .* write "1.5"'),
        ((*EXPERIMENT, "classes"), "[a, 2024-05-06]", '2nd of {}: .* write "2024-05-06"'),
        ((*EXPERIMENT, "split", "max_train"), "{others: 9, off: 5}", '2nd of {}: .* write "no"'),
        ((*LABELS, "names"), "{2: a, yes: b}", '2nd of {}: .* "True" if it is a truth value'),
        ((*LABELS, "names"), "{1: a, 2: no}", '2nd of the names in {}: .* write "no"'),
        ((*LABELS, "background"), "[0, no]", '2nd of {}: .* write "no"'),
        ((*LABELS, "background"), "[null]", 'labels.background: .* write "null"'),
        ((*LABELS, "file"), "{yes: a.png, no: b.png}", '1st of {}: .* write "yes"'),
        ((*LABELS, "column"), "no", 'labels.column: .* write "no"'),
        ((*MAP, "classes"), "no", 'healthy.classes: .* write "no"'),
        ((*MAP, "sample"), "[a, 1.0]", '2nd of {}: .* write "1"'),
        ((*SPOTS, "off_tissue", "classes"), "off", 'off_tissue.classes: .* write "no"'),
        ((*SPOTS, "known", "classes"), "[a, yes]", '2nd of {}: .* write "yes"'),
        (("datasets", "kidney", "input"), "{no: a.h5, b: b.h5}", '1st of {}: .* write "no"'),
        (("datasets",), "{on: {}}", 'the names of datasets: .* write "yes"'),
    ],
)
def test_a_name_that_yaml_reads_as_something_else_is_told(path, text, says, schema):
    config = changed(*path, yaml.safe_load(text))
    with pytest.raises(ConfigError, match=says.format(re.escape(".".join(path)))) as raised:
        validate_config(config, schema)
    assert "\n" not in str(raised.value)


def test_whole_numbers_are_names(schema):
    config = changed(*EXPERIMENT, "classes", [1, "2", "no"])
    assert validate_config(config, schema)["datasets"]["kidney"]["experiments"]["nmf"]["classes"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("datasets:\n  a: {input: t.csv\n  b: 3\n", "line 3, column 4: is no YAML"),
        ("seed: 1\n\tdevice: cpu\n", "line 2, column 1: is no YAML"),
        ("seed: [1\n", "line 2, column 1: is no YAML"),
        ("a: *b\n", "line 1, column 4: is no YAML"),
    ],
)
def test_a_file_that_is_no_yaml_is_told_with_its_line(text, says, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        check_yaml(path)
    assert str(raised.value).startswith(f"{path}: {says}")
    assert "\n" not in str(raised.value)
    path.write_text("seed: 1\n")
    check_yaml(path)


def test_a_missing_binary_file_is_named(schema, tmp_path):
    (tmp_path / "a.imzML").touch()
    with pytest.raises(ConfigError, match=r"a\.imzML: no a\.ibd beside it"):
        validate_config(changed("datasets", "own", {"input": str(tmp_path / "a.imzML")}), schema)


def test_a_binary_file_is_found_in_any_case(tmp_path):
    (tmp_path / "Sec[1].imzml").touch()
    (tmp_path / "sec[1].IBD").touch()
    assert raw_files(tmp_path / "Sec[1].imzml")[1] == tmp_path / "sec[1].IBD"
    assert raw_files(["x.h5", "y.csv"]) == [Path("x.h5"), Path("y.csv")]


def test_names_of_samples():
    assert name_samples("a/b.h5") == {"b": Path("a/b.h5")}
    assert list(name_samples(["a/b.h5", "a/c.h5"])) == ["b", "c"]
    assert list(name_samples(["a/b.h5", "c/b.h5"])) == ["a/b.h5", "c/b.h5"]
    assert list(name_samples(["a/all.h5", "c/b.h5"])) == ["a/all.h5", "c/b.h5"]
    with pytest.raises(IngestError, match="a file is named twice"):
        name_samples(["a/b.h5", "a/b.h5"])
    with pytest.raises(IngestError, match="cannot be called 'all'"):
        name_samples({"all": "a.h5", "b": "b.h5"})


@pytest.mark.parametrize("name", ["a.raw", "a.d", "a.wiff"])
def test_vendors_formats_are_refused_before_anything_runs(schema, tmp_path, name):
    (tmp_path / name).mkdir()
    config = {"datasets": {"a": {"input": [str(tmp_path / name)]}}}
    with pytest.raises(ConfigError, match=r"datasets\.a\.input: .*convert it with msconvert"):
        validate_config(config, schema)


def test_every_key_is_described(definitions):
    def walk(name, schema):
        for key, sub in schema.get("properties", {}).items():
            yield f"{name}.{key}", sub
            yield from walk(f"{name}.{key}", sub)

    bare = [
        name
        for top, definition in definitions.items()
        for name, sub in walk(top, definition)
        if "description" not in sub and "$ref" not in sub and not name.endswith("largest")
    ]
    assert bare == []


def test_every_key_is_explained(root, schema):
    """config/README.md and the schema must not drift apart."""
    text = (root / "config" / "README.md").read_text()

    def keys(schema):
        for key, sub in schema.get("properties", {}).items():
            yield key
            yield from keys(sub)

    whole = yaml.safe_load(schema.read_text())
    known = set(keys(whole)).union(*(keys(definition) for definition in whole["$defs"].values()))
    assert sorted(key for key in known if f"`{key}`" not in text) == []


def test_caps_by_class_are_accepted(schema):
    caps = {"others": 1500, "4": 18, 7: 20}
    config = validate_config(changed(*EXPERIMENT, "split", {"max_train": caps}), schema)
    assert config["datasets"]["kidney"]["experiments"]["nmf"]["split"]["max_train"] == caps


def test_schema_and_library_agree(definitions):
    experiment = definitions["experiment"]["properties"]
    plain, refined = experiment["methods"]["items"]["anyOf"]
    assert plain["enum"] == ["none", *SAMPLERS]
    for method in set(SAMPLERS) - {"duplicate"}:
        assert re.search(refined["pattern"], "+".join([method, *REFINEMENTS]))
    for remedy in REMEDIES:
        for training_set in ("none", "duplicate", "oracle+filter", "vae+calibrate"):
            assert re.search(refined["pattern"], f"{training_set}+{remedy}")
    assert set().union(*(names or () for names in REMEDIES.values())) <= set(CLASSIFIERS)
    assert set(SETTINGS) == set(CLASSIFIERS)
    assert experiment["tasks"]["items"]["enum"] == list(TASKS)
    assert experiment["classifiers"]["items"]["enum"] == list(CLASSIFIERS)
    one, several = experiment["priors"]["oneOf"]
    assert one["enum"] == several["items"]["enum"] == list(PRIORS)
    assert definitions["scaler"]["enum"] == list(SCALERS)
    assert set(GAN_METHODS) == set(KINDS)


def test_detectors_and_views_are_the_library_s(definitions):
    properties = definitions["anomaly"]["properties"]
    assert properties["detectors"]["items"]["enum"] == list(DETECTORS)
    assert properties["view"]["enum"] == list(VIEWS)


def test_gan_defaults_are_the_library_s(definitions):
    properties = definitions["gan"]["properties"]
    defaults = {entry.name: entry.default for entry in fields(GANSettings) if entry.name != "kind"}
    assert set(properties) == {"recipe", *defaults}
    assert properties["recipe"]["enum"] == list(RECIPES)
    for key, default in defaults.items():
        stated = properties[key]["default"]
        assert (tuple(stated) if isinstance(stated, list) else stated) == default


def test_vae_defaults_are_the_library_s(definitions):
    stated = {key: sub["default"] for key, sub in definitions["vae"]["properties"].items()}
    assert stated == asdict(VAESettings())


def test_a_reserve_of_what_does_not_test_leaves_something_to_train_on(schema):
    split = {"method": "blocks", "test_share": 0.4, "reserve_share": 0.6}
    config = validate_config(changed(*EXPERIMENT, "split", split), schema)
    kept = config["datasets"]["kidney"]["experiments"]["nmf"]["split"]
    assert kept["reserve_share"] == 0.6


def test_one_prior_may_stand_alone(schema):
    config = validate_config(changed(*EXPERIMENT, "priors", "balanced"), schema)
    assert config["datasets"]["kidney"]["experiments"]["nmf"]["priors"] == ["balanced"]


def test_a_recipe_fills_in_what_is_left_out(schema):
    gan = {"recipe": "thesis", "updates": 500}
    config = changed("datasets", "kidney", "experiments", "nmf", "gan", gan)
    filled = validate_config(config, schema)["datasets"]["kidney"]["experiments"]["nmf"]["gan"]
    assert GANSettings.from_dict(filled) == GANSettings(**RECIPES["thesis"] | {"updates": 500})
    assert validate_config(validate_config(config, schema), schema) == validate_config(
        config, schema
    )


def test_split_defaults_are_the_library_s(definitions):
    signature = inspect.signature(split_pixels).parameters
    for key, sub in definitions["split"]["properties"].items():
        assert signature[key].default == sub["default"]


def test_shipped_configurations_are_valid(root, schema, monkeypatch):
    monkeypatch.chdir(root)
    for path in [root / "config" / "config.yaml", *(root / "config" / "studies").glob("*.yaml")]:
        try:
            validate_config(yaml.safe_load(path.read_text()), schema)
        except ConfigError as error:
            # The real measurements are not part of the project.
            assert "no such file" in str(error), path
