"""Files of labels that experts gave: which kinds there are, and which file is whose."""

import glob
from pathlib import Path

MASKS = (".png", ".tif", ".tiff", ".npy")
REGIONS = (".geojson", ".json")
TABLES = (".csv", ".tsv", ".tabular", ".txt", ".parquet")

#: Stands in a path for the name of a sample.
SAMPLE = "{sample}"


def named_patterns(file):
    """Return (class or None, path pattern) pairs of the setting ``labels.file``.

    Parameters
    ----------
    file : str or dict
        One file with classes of its own, or a file for each class, by name.
    """
    if isinstance(file, dict):
        return [(str(name), pattern) for name, pattern in file.items()]
    return [(None, file)]


def label_files(file):
    """Return the paths of all files that ``labels.file`` means, sorted within a pattern.

    What `SAMPLE` stands for is known only once the measurement is read, so any name fits it; a path
    without it is returned whether or not it exists.
    """
    return [path for _, pattern in named_patterns(file) for path in _matches(pattern)]


def _matches(pattern):
    if SAMPLE not in pattern:
        return [pattern]
    anchor = Path(pattern).anchor
    wildcard = glob.escape(pattern).replace(SAMPLE, "*")
    return sorted(str(path) for path in Path(anchor).glob(wildcard[len(anchor) :]))
