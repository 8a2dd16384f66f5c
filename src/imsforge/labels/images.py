"""Masks laid over the pixel grid."""

import logging

import numpy as np
import pandas as pd

from imsforge.errors import DataError
from imsforge.labels.canvas import Placed

logger = logging.getLogger(__name__)

# A drawing of classes has few values; soft edges make hundreds, a photograph thousands.
_MAX_VALUES, _MAX_NAMED_VALUES = 100, 2**16
# Less than this is a frame too wide, not an enlargement.
_MIN_FACTOR = 1.5


def place_image(image, x, y, source, *, named=False):
    """Look up the value of a mask at each pixel.

    Parameters
    ----------
    image : LabelImage
    x, y : (n_pixels,) int arrays, pixel coordinates
    source : str, for messages
    named : bool
        That the values need not be few, since the configuration says what they mean.

    Returns
    -------
    Placed

    Raises
    ------
    DataError
        If the mask does not fit the pixel grid, or does not hold classes.
    """
    rows, columns, area = image_places(image.array.shape, x, y, source)
    shown = image.array if image.opaque is None else image.array[image.opaque]
    counts = pd.Series(np.ravel(shown)).value_counts(sort=False).sort_index()  # without NaN
    values = counts.index.to_numpy()
    _check_values(values, image, source, named=named)
    found = image.array[rows, columns]
    code = np.searchsorted(values, found)
    code[code == len(values)] = 0
    nothing = values[code] != found if len(values) else np.ones(len(found), dtype=bool)
    if image.opaque is not None:
        nothing |= ~image.opaque[rows, columns]
    code[nothing] = -1
    return Placed(code, [image.keys(value) for value in values], counts.to_numpy() / area)


def image_places(shape, x, y, source):
    """Find the places of an image that show the centres of pixels.

    The image covers the pixel grid, from the smallest or from coordinate 1 or 0 to the largest
    coordinate, at the grid's size or enlarged by one factor in both directions.

    Parameters
    ----------
    shape : (height, width) of the image
    x, y : (n_pixels,) int arrays, pixel coordinates
    source : str, for messages

    Returns
    -------
    rows, columns : (n_pixels,) int arrays
    area : float, places of the image for one pixel

    Raises
    ------
    DataError
        If the image has another size.
    """
    height, width = shape
    corners = _corners(x, y)
    sizes = [(int(x.max()) - left + 1, int(y.max()) - top + 1) for left, top in corners]
    fits = [_fit(width, height, *size) for size in sizes]
    best = max(fits)
    if best == 0:
        raise DataError(
            f"{source}: {width} x {height} pixels, but the measurement's grid has {sizes[0][0]} x "
            f"{sizes[0][1]} (width x height; x {x.min()} to {x.max()}, y {y.min()} to {y.max()}); "
            "save it at this size or evenly enlarged"
        )
    (left, top), (grid_width, grid_height) = corners[fits.index(best)], sizes[fits.index(best)]
    across, down = width / grid_width, height / grid_height
    logger.info(
        "%s: covers the grid from x %d, y %d on, %.4g image pixels wide and high to a pixel",
        *(source, left, top, across),
    )
    columns = ((x - left + 0.5) * across).astype(np.int64)
    rows = ((y - top + 0.5) * down).astype(np.int64)
    return rows, columns, across * down


def _corners(x, y):
    """Return where a grid may begin: at the smallest coordinates, at 1, or at 0."""
    smallest = (int(x.min()), int(y.min()))
    return [smallest, *((k, k) for k in (1, 0) if min(smallest) >= k and smallest != (k, k))]


def _fit(width, height, grid_width, grid_height):
    """Rate how an image fits a grid: 3 by its size, 2 whole times larger, 1 enlarged, 0 not."""
    if (width, height) == (grid_width, grid_height):
        return 3
    # Enlarging rounds each side by half a pixel at most.
    low = max((width - 0.5) / grid_width, (height - 0.5) / grid_height)
    high = min((width + 0.5) / grid_width, (height + 0.5) / grid_height)
    if low > high * (1 + 1e-12) or high < _MIN_FACTOR:
        return 0
    whole = width % grid_width == 0 and height % grid_height == 0
    return 2 if whole else 1


def _check_values(values, image, source, *, named):
    if len(values) > (_MAX_NAMED_VALUES if named else _MAX_VALUES):
        kind = "colours" if image.coloured else "values"
        remedy = "" if named else ", or name its classes in labels.names"
        raise DataError(
            f"{source}: {len(values)} different {kind}: a photograph, or classes with soft edges, "
            f"not a mask; save it as PNG without smoothing{remedy}"
        )
    if not named and values.dtype.kind == "f" and not np.all(values == np.floor(values)):
        raise DataError(f"{source}: holds fractions; a mask holds a whole number for each class")
