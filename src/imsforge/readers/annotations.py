"""What a raw file says of its pixels beside their spectra: labels, samples, measured values."""

import numpy as np

from imsforge.readers.columns import listed

#: Arrays of text are as wide as their longest entry; what is longer is no label.
LONGEST_TEXT = 200
_LONGEST_NUMBER = 40


class Annotations:
    """Collects one value a pixel under each name, and leaves what cannot be such.

    Parameters
    ----------
    n_pixels : int

    Attributes
    ----------
    values : dict of (n_pixels,) arrays of numbers or strings, by name
    left : list of str, names of what was not taken
    """

    def __init__(self, n_pixels):
        self.n_pixels = n_pixels
        self.values = {}
        self.left = []

    def add(self, name, values):
        """Take an array of numbers, truth values or strings; leave anything else."""
        values = None if values is None else np.asarray(values)
        if values is not None and values.dtype.kind in "OU":
            values = _text(values)
        if values is None or values.shape != (self.n_pixels,) or values.dtype.kind not in "biufU":
            self.left.append(name)
            return
        self.values[self._free(name)] = values.astype(values.dtype.newbyteorder("="), copy=False)

    def notes(self):
        """Return a sentence about what was left, in a list; an empty one where nothing was."""
        return [f"not read as annotations: {listed(self.left)}"] if self.left else []

    def _free(self, name):
        # A slash would be a group in HDF5, and dots alone a group's own name.
        name = _clean(name.replace("/", "_")).strip(" .") or "unnamed"
        free, number = name, 1
        while free in self.values:
            number += 1
            free = f"{name}_{number}"
        return free


def numbers_in(text, decimal="."):
    """Return strings as numbers if all that are not empty are such, NaN for the empty ones.

    Parameters
    ----------
    text : (n,) array of str
    decimal : str

    Returns
    -------
    (n,) int64 or float64 array, or the strings where they are no numbers
    """
    missing = text == ""
    if missing.all() or max(map(len, text)) > _LONGEST_NUMBER:
        return text
    written = np.where(missing, "nan", text).astype(str)
    for kind in (np.int64, np.float64):
        try:
            return np.strings.replace(written, decimal, ".").astype(kind)
        except (ValueError, OverflowError):
            continue
    return text


def _text(values):
    values = values.ravel()
    if not all(isinstance(value, str) for value in values):
        return None
    if max(map(len, values), default=0) > LONGEST_TEXT:
        return None
    return np.array([_clean(value) for value in values], dtype=str)


def _clean(text):
    """Leave out what HDF5 cannot hold: NUL, and bytes that were no UTF-8."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
