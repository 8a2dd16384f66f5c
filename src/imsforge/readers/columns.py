"""Columns of a table: which are coordinates, which are m/z, and what the others say of pixels."""

import re
from dataclasses import dataclass

import numpy as np

from imsforge.errors import IngestError
from imsforge.readers.axis import check_axis, possible_mz

_SEPARATORS = re.compile(r"[\s_.-]+")
_WORDS = ("pixel", "grid", "", "position", "pos", "coordinate", "coord")
# The surer ones first: beside pixel_x, a column x may hold micrometres.
_PAIRS = [
    *(pair for word in _WORDS for pair in ((word + "x", word + "y"), ("x" + word, "y" + word))),
    ("column", "row"),
    ("col", "row"),
]
# 426.97, mz_426.97, "m/z 426.97 Da", 426,97; X426.97 and m.z.426.97, as R makes of them; and
# 426.97.1, as R and pandas make of a name that repeats.
_MZ = re.compile(
    r"(?:(?:[Mm]\W?[Zz]|[Mm]ass)[\s_:=.-]*|X)?"
    r"(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(\d+\.\d+)\.\d+|(\d+,\d+))"
    r"(?:\s*(?:Da|Th|u|m/z))?"
)
# Row numbers as R, pandas and Arrow save them.
_ROW_NUMBERS = re.compile(r"(unnamed: \d+|__index_level_\d+__)?", re.IGNORECASE)
# More columns of other names than this are m/z values whose names were not understood.
_MOST_OTHERS = 200


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are, by their numbers from 0.

    Attributes
    ----------
    x, y : int
    mz : (n_axis,) float64, the m/z values that columns are named by, in the table's order
    spectrum : (n_axis,) int64, the columns so named
    others : list of int, columns that may describe pixels
    """

    x: int
    y: int
    mz: np.ndarray
    spectrum: np.ndarray
    others: list


def tell_columns(path, names):
    """Tell what columns are by their names.

    Parameters
    ----------
    path : path, for the message
    names : list of str

    Returns
    -------
    Columns

    Raises
    ------
    IngestError
        If no columns are coordinates, or none is named by an m/z value.
    """
    coordinates = find_coordinates(names)
    if coordinates is None:
        raise IngestError(
            f"{path}: has no columns x and y; found {listed(names)}; name the pixel coordinates "
            "x and y"
        )
    named = [
        (column, mz)
        for column, name in enumerate(names)
        if column not in coordinates and (mz := mz_of(name)) is not None
    ]
    spectrum = {column for column, _ in named}
    others = [
        column
        for column, name in enumerate(names)
        if column not in spectrum and column not in coordinates and not is_row_numbers(name)
    ]
    if not named or len(others) > _MOST_OTHERS:
        found = listed([names[column] for column in others])
        count = f"only {len(named)}" if named else "no"
        raise IngestError(
            f"{path}: {count} columns are named by an m/z value, such as 426.97 or mz_426.97; "
            f"beside x and y found {found}; give one row a pixel and one column an m/z value"
        )
    mz = np.array([value for _, value in named])
    if len(mz) > 1 and mz[0] <= 1 and (np.diff(mz) == 1).all():
        raise IngestError(
            f"{path}: its columns are named {mz[0]:g} to {mz[-1]:g}, by numbers of peaks; "
            "name each by its m/z value"
        )
    return Columns(*coordinates, mz, np.array(sorted(spectrum), dtype=np.int64), others)


def find_coordinates(names):
    """Return the numbers of the columns that hold x and y, or None."""
    plain = [_SEPARATORS.sub("", name.lower()) for name in names]
    for pair in _PAIRS[:2] + _of_pixels(plain) + _PAIRS[2:]:
        x, y = ([i for i, name in enumerate(plain) if name == wanted] for wanted in pair)
        if x and y:
            # Of several, x and y, not X and y: R calls row numbers X.
            both = ((i, j) for i in x for j in y)
            return min(both, key=lambda ij: names[ij[0]].isupper() != names[ij[1]].isupper())
    return None


def is_row_numbers(name):
    """Tell whether a column of this name holds nothing but the numbers of rows."""
    return bool(_ROW_NUMBERS.fullmatch(name.strip()))


def _of_pixels(plain):
    """Return pairs of names such as ion_image_pixel_x, which METASPACE writes."""
    return [(name, name[:-1] + "y") for name in plain if name.endswith("pixelx")]


def mz_of(name):
    """Return the m/z value that a column is named by, or None."""
    match = _MZ.fullmatch(name.strip())
    return float(match[match.lastindex].replace(",", ".")) if match else None


def ordered_axis(path, mz):
    """Bring an m/z axis into ascending order.

    Parameters
    ----------
    path : path, for the message
    mz : (n_axis,) array of numbers

    Returns
    -------
    axis : (n_axis,) float64 array, ascending
    order : (n_axis,) int64 array or None
        ``axis = mz[order]``; None where the order was right.
    notes : list of str

    Raises
    ------
    IngestError
        If the axis is empty, or a value is none that an ion can have.
    """
    mz = np.asarray(mz, dtype=np.float64)
    order, notes = None, []
    if possible_mz(mz).all() and (np.diff(mz) < 0).any():
        order = np.argsort(mz, kind="stable")
        mz = mz[order]
        notes.append("the m/z axis was not in ascending order: sorted")
    mz = check_axis(path, mz)
    n_repeated = np.count_nonzero(np.diff(mz) == 0)
    if n_repeated:
        notes.append(f"values of the m/z axis that repeat the one before: {n_repeated}")
    return mz, order, notes


def listed(names, most=8):
    """Name a few of many, for a message."""
    names = [str(name)[:60] or "(no name)" for name in names]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) if names else "nothing"
