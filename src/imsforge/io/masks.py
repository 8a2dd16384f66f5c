"""Masks over the pixel grid."""

from pathlib import Path

import numpy as np
import tifffile
from matplotlib.image import imread

from imsforge.errors import DataError


def read_mask(path):
    """Read a mask: PNG, TIFF or ``.npy``; non-zero is inside.

    Returns
    -------
    (height, width) bool array

    Raises
    ------
    DataError
        If the file cannot be read as an image.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".npy":
            image = np.load(path, allow_pickle=False)
        elif path.suffix.lower() in (".tif", ".tiff"):
            image = tifffile.imread(path)
        else:
            image = imread(path)
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{path}: not a PNG, TIFF or .npy mask ({error})") from error
    if image.ndim == 3:
        # The last channel of two or four is opacity, not colour.
        colours = image.shape[2] - (image.shape[2] in (2, 4))
        image = image[..., :colours].any(axis=2)
    if image.ndim != 2:
        raise DataError(f"{path}: a mask has two dimensions, this has {image.ndim}")
    return image != 0
