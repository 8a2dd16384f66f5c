"""Pixel coordinates: whole numbers, each place measured once."""

import numpy as np

from imsforge.errors import IngestError

_INT32 = np.iinfo(np.int32)
# An image of more places takes gigabytes.
_LARGEST_GRID = 2**27


def pixel_coordinates(path, x, y):
    """Return coordinates as int32, or say what is wrong with them.

    Raises
    ------
    IngestError
        If a coordinate is not a whole number of 32 bits.
    """
    return whole_numbers(path, "x", x), whole_numbers(path, "y", y)


def whole_numbers(path, name, values):
    """Return coordinates of one direction as int32; see `pixel_coordinates`."""
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


def repeated(*coordinates):
    """Tell which pixels have the coordinates of an earlier one.

    Parameters
    ----------
    *coordinates : (n_pixels,) int arrays

    Returns
    -------
    (n_pixels,) bool array
    """
    order = np.lexsort(coordinates)  # stable: of equal pixels, the earlier comes first
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for values in coordinates:
        same &= np.diff(values[order]) == 0
    late = np.zeros(len(order), dtype=bool)
    late[order[1:][same]] = True
    return late


def grid_notes(path, x, y):
    """Return a note where the pixels fill next to nothing of the grid that they span.

    Raises
    ------
    IngestError
        If they fill so little of it that no image of it could be drawn.
    """
    width, height = span(x), span(y)
    if width * height < 1e6 or len(x) / (width * height) >= 0.01:
        return []
    fill = f"{len(x)} pixels fill less than 1 % of their grid of {width} x {height} places"
    if width * height > _LARGEST_GRID:
        raise IngestError(f"{path}: the {fill}; a coordinate is wrong, or not a pixel number")
    return [f"the {fill}"]


def span(coordinates):
    """Return how many places coordinates span."""
    return int(coordinates.max()) - int(coordinates.min()) + 1
