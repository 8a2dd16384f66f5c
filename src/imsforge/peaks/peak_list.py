"""Lists of m/z values that a user gives."""

import csv
import logging
from pathlib import Path

import numpy as np

from imsforge.errors import ConfigError
from imsforge.readers.axis import possible_mz

logger = logging.getLogger(__name__)

_NAMES = ("mz", "m/z")
_SEPARATORS = ";\t,"


def read_peak_list(path):
    """Read m/z values from a text file with a column ``mz`` or ``m/z``, or of numbers alone.

    Columns are separated by semicolons, tabs, commas or spaces; of numbers alone the first column
    counts. Empty lines and those that begin with ``#`` are left out. A ``peaks.csv`` will do.

    Parameters
    ----------
    path : path

    Returns
    -------
    (n_peaks,) float64, ascending and distinct

    Raises
    ------
    ConfigError
        If the file cannot be read, holds no value, has no such column, or a value is no m/z.
    """
    path = Path(path)
    lines = _lines(path)
    if not lines:
        raise ConfigError(f"{path}: holds no m/z value; give one a line")
    _, first = lines[0]
    column = 0
    if _number(first[0]) is None:
        named = [name for name in _NAMES if name in first]
        if not named:
            raise ConfigError(
                f"{path}: has no column mz or m/z, but {', '.join(first)}; name one so, or give "
                "numbers alone"
            )
        column = first.index(named[0])
        lines = lines[1:]
    mz = np.array([_mz(path, number, cells, column) for number, cells in lines])
    if len(mz) == 0:
        raise ConfigError(f"{path}: holds no m/z value; give one a line")
    distinct = np.unique(mz)
    if len(distinct) < len(mz):
        logger.warning("%s: %d repeated values left out", path, len(mz) - len(distinct))
    return distinct


def _lines(path):
    """Return (number, cells) of each line that says something, in lower case."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as text ({error}); give a text file") from error
    lines = [
        (number, line.strip().lower())
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    separator = next((mark for mark in _SEPARATORS if lines and mark in lines[0][1]), None)
    if separator is None:
        return [(number, line.split()) for number, line in lines]
    return [
        (number, [cell.strip() for cell in next(csv.reader([line], delimiter=separator))])
        for number, line in lines
    ]


def _number(text):
    try:
        return float(text)
    except ValueError:
        return None


def _mz(path, number, cells, column):
    text = cells[column] if column < len(cells) else ""
    value = _number(text)
    if value is None or not possible_mz(value):
        raise ConfigError(f"{path}: line {number}: {text!r} is no m/z; correct or remove the line")
    return value
