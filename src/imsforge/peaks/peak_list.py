"""Lists of m/z values that a user gives."""

import logging
import re

import numpy as np

from imsforge.errors import ConfigError, IngestError
from imsforge.readers.axis import possible_mz
from imsforge.readers.tabular.dialect import decimal_of, fitted_names
from imsforge.readers.tabular.small import read_lines

logger = logging.getLogger(__name__)

_NAME = re.compile(r"m[\W_]?z", re.IGNORECASE)


def read_peak_list(path):
    """Read m/z values from a text file with a column ``mz`` or ``m/z``, or of numbers alone.

    The text is written as tables of measurements are; lines that begin with ``#`` are left out
    anywhere. Of numbers alone the first column counts. A ``peaks.csv`` will do.

    Parameters
    ----------
    path : path

    Returns
    -------
    (n_peaks,) float64, ascending and distinct

    Raises
    ------
    ConfigError
        If the file cannot be read, holds no value, has no such column, or a value is no m/z; and
        where a comma may be a decimal sign or separate two columns.
    """
    try:
        lines, delimiter = read_lines(path, comments="anywhere")
    except IngestError as error:
        raise ConfigError(str(error)) from error
    column = 0
    if lines and not _is_number(lines[0][2][0]):
        (_, _, names), *lines = lines
        column = _mz_column(path, names, lines[0] if lines else None, delimiter)
    elif delimiter == ",":
        _check_commas(path, lines)
    if not lines:
        raise ConfigError(f"{path}: holds no m/z value; give one a line")
    written = [cells[column] if column < len(cells) else "" for _, _, cells in lines]
    decimal = decimal_of(written) or "."
    mz = np.array(
        [_mz(path, line, text, decimal) for (line, _, _), text in zip(lines, written, strict=True)]
    )
    distinct = np.unique(mz)
    if len(distinct) < len(mz):
        logger.warning("%s: %d repeated values left out", path, len(mz) - len(distinct))
    return distinct


def _mz_column(path, names, first, delimiter):
    if first is not None:
        names = fitted_names(names, first[2], first[1], delimiter)
        if delimiter != " " and len(first[2]) > len(names):
            raise ConfigError(
                f"{path}: line {first[0]} has {len(first[2])} cells below {len(names)} names; "
                "separate columns by semicolons if numbers have decimal commas"
            )
    found = [column for column, name in enumerate(names) if _NAME.fullmatch(name)]
    if not found:
        raise ConfigError(
            f"{path}: has no column mz or m/z, but {', '.join(names)}; name one so, or give "
            "numbers alone"
        )
    return found[0]


def _check_commas(path, lines):
    """Refuse numbers such as 426,92 that nothing shows to be one number or two."""
    if any("." in cells[0] for _, _, cells in lines):
        return
    for line, _, cells in lines:
        if len(cells) > 1 and cells[1][:1].isdigit():
            raise ConfigError(
                f"{path}: line {line}: '{cells[0]},{cells[1]}' may be one number or two; write "
                "426.92, or put a line mz above the numbers"
            )


def _is_number(text):
    return re.fullmatch(r"[+-]?[\d.,]+([eE][+-]?\d+)?|[+-]?(nan|inf)", text, re.I) is not None


def _mz(path, line, text, decimal):
    try:
        value = float(text.replace(decimal, "."))
    except ValueError:
        value = np.nan
    if "_" in text or (decimal != "." and "." in text) or not possible_mz(value):
        raise ConfigError(f"{path}: line {line}: {text!r} is no m/z; correct or remove the line")
    return value
