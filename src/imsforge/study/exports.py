"""Which artifacts of a dataset an export is made from."""

from imsforge.export.registry import GENERATED, PIXELS, REGIONS, TABLES
from imsforge.methods import parse_method

#: Methods whose rows are real spectra, which are no generated ones.
_REAL = ("none", "duplicate", "oracle")


def exported_files(dataset, needs):
    """Return the paths of what a format is made from, each once.

    Parameters
    ----------
    dataset : Dataset
    needs : tuple of `imsforge.export.registry` names

    Returns
    -------
    list of str
    """
    known = {PIXELS: _pixels, REGIONS: _regions, GENERATED: _generated, TABLES: _tables}
    return list(dict.fromkeys(path for need in needs for path in known[need](dataset)))


def _pixels(dataset):
    yield from map(dataset.folder.file, ("peaks.h5", "peaks.csv", "labels.h5"))
    for anomaly_map in dataset.anomaly_maps:
        yield from map(anomaly_map.folder.file, ("features.h5", "scores.h5"))


def _regions(dataset):
    # The folder of regions lies beside its table, which has a checksum where a folder has none.
    return [a.folder.file("regions.csv") for a in dataset.anomaly_maps]


def _generated(dataset):
    """Yield the training sets of first repeats that are generated as a whole, and their scales."""
    for experiment in dataset.experiments:
        real = [one for one in experiment.training_sets if parse_method(one).sampler in _REAL]
        made = experiment.first_files("resampled.h5", but=real) if experiment.replaces else []
        yield from made
        yield from experiment.repeat_files("scaled.h5")[: 1 if made else 0]


def _tables(dataset):
    """Yield the tables of the dataset and of its experiments and anomaly maps as wholes."""
    wholes = {dataset.folder.results, *(e.folder.results for e in dataset.experiments)}
    wholes |= {a.folder.results for a in dataset.anomaly_maps}
    for stage in dataset.stages:
        for path in stage.files:
            folder, _, name = path.rpartition("/")
            if folder in wholes and name.endswith(".csv") and name != "history.csv":
                yield path
