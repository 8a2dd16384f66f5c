"""Names that YAML does not read as text: no, yes, null, 1.0 and dates."""

import datetime

from imsforge.errors import ConfigError

# Where anomaly maps name classes and samples.
_NAMED_IN_MAPS = (
    ("healthy", "classes"),
    ("healthy", "sample"),
    ("off_tissue", "classes"),
    ("known", "classes"),
)


def check_names(config):
    """Refuse names of datasets, samples, classes and the like that YAML took for something else.

    Whole numbers are left as they are: they are names of classes, as text or not. Goes before the
    schema, so nothing is taken for granted about what stands where.

    Parameters
    ----------
    config : dict, as read from YAML

    Raises
    ------
    ConfigError
        With the text to write in quotation marks.
    """
    for place, names in _listed_names(config):
        for number, name in enumerate(names, 1):
            written = _written(name)
            if written is not None:
                where = f"the {ordinal(number)} of {place}" if len(names) > 1 else place
                raise ConfigError(f"{where}: YAML does not read it as a name; write {written}")


def ordinal(number):
    """Return a number from 1 as an ordinal: 1st, 2nd, 3rd, 4th."""
    teen = 10 <= number % 100 < 20
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _listed_names(config):
    """Yield where names are listed, and the names."""
    yield "the names of datasets", list(_mapping(config, "datasets"))
    for name, dataset in _mapping(config, "datasets").items():
        place = f"datasets.{name}"
        yield f"{place}.input", list(_mapping(dataset, "input"))
        labels = _mapping(dataset, "labels")
        yield f"{place}.labels.column", _list(labels, "column")
        yield f"{place}.labels.file", list(_mapping(labels, "file"))
        yield f"{place}.labels.background", _list(labels, "background")
        yield f"{place}.labels.names", list(_mapping(labels, "names"))
        yield f"the names in {place}.labels.names", list(_mapping(labels, "names").values())
        yield f"the names of {place}.experiments", list(_mapping(dataset, "experiments"))
        yield f"the names of {place}.anomaly", list(_mapping(dataset, "anomaly"))
        for key, experiment in _mapping(dataset, "experiments").items():
            own = f"{place}.experiments.{key}"
            yield f"{own}.classes", _list(experiment, "classes")
            caps = _mapping(_mapping(experiment, "split"), "max_train")
            yield f"{own}.split.max_train", list(caps)
        for key, anomaly_map in _mapping(dataset, "anomaly").items():
            for section, kind in _NAMED_IN_MAPS:
                named = _list(_mapping(anomaly_map, section), kind)
                yield f"{place}.anomaly.{key}.{section}.{kind}", named


def _mapping(value, key):
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _list(value, key):
    """Return what is listed under a key: several names, or one; {} is a choice, not a name."""
    if not isinstance(value, dict) or key not in value:
        return []
    found = value[key]
    return found if isinstance(found, list) else [] if isinstance(found, dict) else [found]


def _written(name):
    """Return how to write a name so that it is one, or None where it is."""
    if isinstance(name, bool):
        word = "yes" if name else "no"
        return f'"{word}" in quotation marks, or "{name}" if it is a truth value of the data'
    if name is None:
        return '"null" in quotation marks'
    if isinstance(name, float):
        return f'"{int(name) if name.is_integer() else name}" in quotation marks'
    if isinstance(name, datetime.date):
        return f'"{name}" in quotation marks'
    return None
