"""Pixel coordinates: whole numbers, each place measured once."""

import numpy as np

from imsforge.errors import IngestError

_INT32 = np.iinfo(np.int32)
# An image of more places takes gigabytes.
_LARGEST_GRID = 2**27
# Micrometres: from secondary-ion images to maps of whole leaves.
_PIXEL_SIZES = 0.01, 10_000
# Tissue fills more of the lines that it lies on; scattered pixels fill less of theirs.
_RASTER_FILL = 0.3


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


def pixel_size(x=None, y=None):
    """Return the size of a pixel along x and y, (2,) float64 in micrometres.

    One number alone is that of square pixels. It is None where neither is said, or what is said can
    be no pixel's.
    """
    sizes = np.array([one for one in (x, y) if one is not None], dtype=np.float64)
    least, most = _PIXEL_SIZES
    believable = len(sizes) > 0 and ((sizes >= least) & (sizes <= most)).all()
    return np.resize(sizes, 2) if believable else None


def size_of_pixels(sizes, sample):
    """Return the size of a sample's pixels as a list of x and y; None where it is not known."""
    if sizes is None or np.isnan(sizes[sample]).any():
        return None
    return [float(size) for size in sizes[sample]]


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
    """Return notes where pixels lie on their grid as pixel numbers do not.

    They fill next to nothing of it, or they lie on a raster of wider steps, as positions in
    micrometres or on a photograph do.

    Raises
    ------
    IngestError
        If they fill so little of it that no image of it could be drawn.
    """
    width, height = span(x), span(y)
    notes, fill = [], len(x) / (width * height)
    if width * height >= 1e6 and fill < 0.01:
        filled = f"{len(x)} pixels fill less than 1 % of their grid of {width} x {height} places"
        if width * height > _LARGEST_GRID:
            raise IngestError(f"{path}: the {filled}; a coordinate is wrong, or not a pixel number")
        notes.append(f"the {filled}")
    steps = _raster_steps(x, y)
    if max(steps) > 1:
        notes.append(
            f"the pixels lie {steps[0]} apart along x and {steps[1]} along y, and fill {fill:.2g} "
            "of their grid; if these are positions, give pixel numbers, one apart for neighbours"
        )
    return notes


def _raster_steps(x, y):
    """Return the steps of a raster along x and y; 1 where pixels lie on none, or side by side."""
    columns, rows = np.unique(x), np.unique(y)
    if len(x) < _RASTER_FILL * len(columns) * len(rows):
        return 1, 1
    return tuple(
        int(np.median(np.diff(lines.astype(np.int64)))) if len(lines) > 2 else 1
        for lines in (columns, rows)
    )


def span(coordinates):
    """Return how many places coordinates span."""
    return int(coordinates.max()) - int(coordinates.min()) + 1
