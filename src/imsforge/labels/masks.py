"""Masks: images whose values or colours say what lies where."""

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from PIL import Image

from imsforge.errors import DataError
from imsforge.labels.canvas import Placed

#: 8192 x 8192: more than any pixel grid, and about 1 GB while it is read.
MAX_PIXELS = 2**26

# Compressions and predictors that tifffile unpacks by itself; Pillow knows LZW, JPEG and CCITT.
_TIFFFILE_CODECS = {1, 8, 32773, 32946, 34925}
_TIFFFILE_PREDICTORS = {1, 2}
_AXES = ("YX", "YXS", "SYX")
_MINISWHITE, _PALETTE = 0, 3

logger = logging.getLogger(__name__)
# Less than this is a frame too wide, not an enlargement.
_MIN_FACTOR = 1.5


@dataclass(frozen=True)
class LabelImage:
    """An image read for its values, not for its looks.

    Attributes
    ----------
    array : (height, width) numbers; where ``coloured``, colours 0xRRGGBB as uint32
    coloured : bool
    opaque : (height, width) bool, False where the image is transparent; None where it nowhere is
    palette : tuple of str, with an indexed image the colour "#rrggbb" of each index; else None
    """

    array: np.ndarray
    coloured: bool = False
    opaque: np.ndarray | None = None
    palette: tuple | None = None

    def keys(self, value):
        """Return the texts that name a value: its number or colour; with a palette, both."""
        if self.coloured:
            return (f"#{int(value):06x}",)
        key = str(int(value)) if float(value).is_integer() else str(value)
        indexed = self.palette is not None and value < len(self.palette)
        return (key, self.palette[int(value)]) if indexed else (key,)


def read_label_image(path):
    """Read a mask: PNG, TIFF or ``.npy``, with numbers, indices of a palette or colours.

    Colours of 16 bits are taken at 8. The size is checked before memory is asked for.

    Returns
    -------
    LabelImage

    Raises
    ------
    DataError
        If the file is no such image, is damaged, has several pages or more than `MAX_PIXELS`.
    """
    path = Path(path)
    readers = {".png": _read_png, ".tif": _read_tiff, ".tiff": _read_tiff, ".npy": _read_npy}
    if path.suffix.lower() not in readers:
        raise DataError(
            f"{path}: not a PNG, TIFF or .npy mask; save it as PNG (JPEG would blur the classes)"
        )
    try:
        return readers[path.suffix.lower()](path)
    except DataError:
        raise
    except Exception as error:
        # The libraries let errors of many kinds out of damaged files.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            f"{path}: not a PNG, TIFF or .npy mask, or damaged ({reason}); save it again"
        ) from error


def read_mask(path):
    """Read a mask of what is inside and what is not.

    Zero, black, transparent and NaN are outside.

    Returns
    -------
    (height, width) bool array

    Raises
    ------
    DataError
        As `read_label_image`.
    """
    image = read_label_image(path)
    inside = (image.array != 0) & (image.array == image.array)
    if image.palette is not None:
        black = [index for index, colour in enumerate(image.palette) if colour == "#000000"]
        inside &= ~np.isin(image.array, black)
    return inside if image.opaque is None else inside & image.opaque


def _read_npy(path):
    # A map into the file: its shape is known before anything is read.
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    _check_shape(path, array.shape)
    return _from_array(path, array)


def _read_png(path):
    with _pillow(path, ["PNG"]) as image:
        return _from_pillow(path, image)


def _read_tiff(path):
    with tifffile.TiffFile(path) as file:
        page, n_pages = file.pages.first, len(file.pages)
        if n_pages != 1 or page.axes not in _AXES:
            raise DataError(
                f"{path}: {n_pages} page(s) of the shape {_times(page.shape)}; a mask has one, of "
                "one or three channels; export the page with the classes"
            )
        planes = page.axes == "SYX"
        _check_shape(path, page.shape[1:] + page.shape[:1] if planes else page.shape)
        if page.compression in _TIFFFILE_CODECS and page.predictor in _TIFFFILE_PREDICTORS:
            array = np.moveaxis(page.asarray(), 0, 2) if planes else page.asarray()
            indexed = page.photometric == _PALETTE
            return _from_array(path, array, _tiff_palette(page) if indexed else None)
    with _pillow(path, ["TIFF"]) as image:
        label_image = _from_pillow(path, image)
    if page.photometric == _MINISWHITE:
        # Pillow turns such images round, as one looks at them; the values are wanted as stored.
        top = 1 if page.bitspersample == 1 else np.iinfo(label_image.array.dtype).max
        return LabelImage(top - label_image.array, opaque=label_image.opaque)
    return label_image


def _pillow(path, formats):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(path, formats=formats)
    except Image.DecompressionBombError as error:
        raise DataError(f"{path}: too large for a mask ({error}); {_SMALLER}") from error


def _from_pillow(path, image):
    _check_shape(path, (image.height, image.width))
    array = np.asarray(image)
    transparency = image.info.get("transparency")
    if image.mode in ("P", "PA"):
        colours = np.array(image.getpalette("RGB"), dtype=np.uint8).reshape(-1, 3)
        palette = tuple("#" + bytes(colour).hex() for colour in colours)
        if image.mode == "PA":
            return LabelImage(array[..., 0], opaque=array[..., 1] > 0, palette=palette)
        return LabelImage(array, opaque=_opaque_indices(array, transparency), palette=palette)
    if image.mode not in ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F", "RGB", "RGBA"):
        raise DataError(f"{path}: is a {image.mode} image; save it as RGB or indexed PNG")
    label_image = _from_array(path, array)
    if transparency is None or isinstance(transparency, bytes):
        return label_image
    # One grey or one colour of the image means transparent.
    clear = transparency
    if label_image.coloured:
        red, green, blue = transparency
        clear = red << 16 | green << 8 | blue
    return LabelImage(label_image.array, label_image.coloured, label_image.array != clear)


def _opaque_indices(array, transparency):
    if transparency is None:
        return None
    if isinstance(transparency, int):
        return array != transparency
    opacity = np.full(256, 255, dtype=np.uint8)
    opacity[: len(transparency)] = list(transparency)
    return opacity[array] > 0


def _tiff_palette(page):
    colours = (page.colormap >> 8).astype(np.uint8).T
    return tuple("#" + bytes(colour).hex() for colour in colours)


def _from_array(path, array, palette=None):
    """Return numbers as they are, colours packed into one number; the last channel is opacity."""
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise DataError(f"{path}: holds {array.dtype}; a mask holds whole numbers")
    if array.ndim == 2:
        return LabelImage(_plain(array), palette=palette)
    channels = array.shape[2]
    opaque = array[..., -1] > 0 if channels in (2, 4) else None
    if channels < 3:
        return LabelImage(_plain(array[..., 0]), opaque=opaque)
    if array.dtype not in (np.uint8, np.uint16):
        raise DataError(f"{path}: colours of type {array.dtype}; save them with 8 bits a channel")
    shift = 8 * (array.dtype.itemsize - 1)
    packed = np.zeros(array.shape[:2], dtype=np.uint32)
    for channel in range(3):
        packed <<= 8
        packed |= array[..., channel] >> shift
    return LabelImage(packed, coloured=True, opaque=opaque)


def _plain(array):
    """Return numbers of a type that every library takes, in the byte order of this machine."""
    if array.dtype == bool:
        return array.view(np.uint8)
    if array.dtype == np.float16:
        return array.astype(np.float32)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


_SMALLER = "scale it down to a small multiple of the pixel grid, without smoothing"


def _check_shape(path, shape):
    if not (len(shape) == 2 or (len(shape) == 3 and 1 <= shape[2] <= 4)) or 0 in shape:
        raise DataError(
            f"{path}: a mask has a height and a width, this has the shape {_times(shape)}"
        )
    if shape[0] * shape[1] > MAX_PIXELS:
        raise DataError(
            f"{path}: {shape[1]} x {shape[0]} pixels are too many for a mask; {_SMALLER}"
        )


def _times(shape):
    return " x ".join(map(str, shape)) or "of a single number"


# A drawing of classes has few values; soft edges make hundreds, a photograph thousands.
_MAX_VALUES, _MAX_NAMED_VALUES = 100, 2**16


def place_image(image, x, y, source, *, named=False, offset=None):
    """Look up the value of a mask at each pixel.

    Parameters
    ----------
    image : LabelImage
    x, y : (n_pixels,) int arrays, pixel coordinates
    source : str, for messages
    named : bool
        That the values need not be few, since the configuration says what they mean.
    offset
        As in `image_places`.

    Returns
    -------
    Placed

    Raises
    ------
    DataError
        If the mask does not fit the pixel grid, or does not hold classes.
    """
    rows, columns, area = image_places(image.array.shape, x, y, source, offset=offset)
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


def image_places(shape, x, y, source, *, offset=None, grid="the measurement's grid", key="labels"):
    """Find the places of an image that show the centres of pixels.

    The image covers the pixel grid, from the smallest or from coordinate 1 or 0 to the largest
    coordinate, at the grid's size or enlarged by one factor in both directions.

    Parameters
    ----------
    shape : (height, width) of the image
    x, y : (n_pixels,) int arrays, pixel coordinates
    source : str, for messages
    offset : (x, y) or None
        The pixel at the image's upper left corner, where the grid begins; None for the one of
        the three that fits.
    grid, key : str, for messages
        What the image has to cover, and where the configuration can say ``offset``.

    Returns
    -------
    rows, columns : (n_pixels,) int arrays
    area : float, places of the image for one pixel

    Raises
    ------
    DataError
        If the image has another size, or fits two grids equally well.
    """
    height, width = shape
    corners = _corners(x, y) if offset is None else [tuple(map(int, offset))]
    if corners[0][0] > x.min() or corners[0][1] > y.min():
        raise DataError(
            f"{key}.offset: {list(offset)}: {grid} begins before, at x {x.min()}, y {y.min()}"
        )
    sizes = [(int(x.max()) - left + 1, int(y.max()) - top + 1) for left, top in corners]
    fits = [_fit(width, height, *size) for size in sizes]
    best = max(fits)
    if best == 0:
        raise DataError(
            f"{source}: {width} x {height} pixels, but {grid} has {sizes[0][0]} x "
            f"{sizes[0][1]} (width x height; x {x.min()} to {x.max()}, y {y.min()} to {y.max()}); "
            "save it at this size or evenly enlarged"
        )
    fitting = [k for k, fit in enumerate(fits) if fit == best]
    if len(fitting) > 1:
        ways = [
            f"{width / sizes[k][0]:.4g} times enlarged from x {corners[k][0]}, y {corners[k][1]} on"
            for k in fitting
        ]
        raise DataError(
            f"{source}: {width} x {height} pixels fit {grid} in {len(ways)} ways: "
            f"{'; or '.join(ways)}; say by {key}.offset which pixel lies at its upper left corner"
        )
    (left, top), (grid_width, grid_height) = corners[fitting[0]], sizes[fitting[0]]
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
    """Rate how an image fits a grid: 2 by its size or whole times larger, 1 enlarged, 0 not."""
    if (width, height) == (grid_width, grid_height):
        return 2
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
