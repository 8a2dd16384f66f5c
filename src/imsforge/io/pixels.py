"""Pixel coordinates: whole numbers, each place measured once."""

import numpy as np

from imsforge.errors import IngestError

_INT32 = np.iinfo(np.int32)


def pixel_coordinates(path, x, y):
    """Return coordinates as int32, or say what is wrong with them.

    Raises
    ------
    IngestError
        If a coordinate is not a whole number of 32 bits, or two spectra share a pixel.
    """
    x, y = (_whole_numbers(path, name, values) for name, values in (("x", x), ("y", y)))
    _check_unique(path, x, y)
    return x, y


def sparse_grid_warnings(x, y):
    """Return a warning where the pixels fill next to nothing of the grid that they span."""
    n_places = (int(np.ptp(x)) + 1) * (int(np.ptp(y)) + 1)
    if n_places < 1e6 or len(x) / n_places >= 0.01:
        return []
    return [f"the {len(x)} pixels fill less than 1 % of their grid of {n_places} places"]


def _whole_numbers(path, name, values):
    values = np.asarray(values)
    if values.dtype.kind not in "iuf":
        raise IngestError(f"{path}: {name} holds {values.dtype}, not whole numbers")
    with np.errstate(invalid="ignore"):
        whole = (values == np.floor(values)) & (values >= _INT32.min) & (values <= _INT32.max)
    if not whole.all():
        first = int(np.argmin(whole))
        raise IngestError(
            f"{path}: {name} of spectrum {first + 1} is {values[first]}, not a whole number of "
            "32 bits; give pixel numbers, not positions on the stage"
        )
    return values.astype(np.int32)


def _check_unique(path, x, y):
    order = np.lexsort((x, y))
    same = (np.diff(x[order]) == 0) & (np.diff(y[order]) == 0)
    if not same.any():
        return
    first, second = sorted((order[:-1][same][0], order[1:][same][0]))
    raise IngestError(
        f"{path}: {np.count_nonzero(same)} pixels are measured more than once, first x {x[first]}, "
        f"y {y[first]} by spectra {first + 1} and {second + 1}; export one spectrum a pixel"
    )
