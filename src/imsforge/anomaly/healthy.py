"""The pixels known to be healthy."""

import numpy as np

from imsforge.errors import DataError

#: Names of the labels 1 and 2 of an anomaly map's rows.
HEALTHY_NAMES = ("healthy", "unknown")


def healthy_split(peaks, *, rectangle=None, mask=None):
    """Split the pixels that have signal into healthy ones, to learn from, and all others.

    Parameters
    ----------
    peaks : PeakMatrix
    rectangle, mask
        As in `healthy_pixels`.

    Returns
    -------
    train, test : (n,) int64 arrays, ascending
    label : (n_pixels,) int16, 1 for healthy, 2 for unknown, 0 for no signal
    """
    signal = peaks.intensity.any(axis=1)
    train = healthy_pixels(peaks.x, peaks.y, signal, rectangle=rectangle, mask=mask)
    label = np.where(signal, 2, 0).astype(np.int16)
    label[train] = 1
    return train, np.flatnonzero(label == 2), label


def healthy_pixels(x, y, signal, *, rectangle=None, mask=None):
    """Return the rows of the pixels inside a rectangle or a mask that have signal.

    Parameters
    ----------
    x, y : (n_pixels,) int arrays, pixel coordinates as measured
    signal : (n_pixels,) bool, False for empty spectra
    rectangle : (x_min, y_min, x_max, y_max) or None, bounds included
    mask : (height, width) bool or None
        Covers the grid from the smallest to the largest coordinate.

    Returns
    -------
    (n,) int64 array, ascending

    Raises
    ------
    DataError
        If the mask has another size than the grid, or fewer than 50 pixels are left.
    """
    if mask is not None:
        grid = (int(np.ptp(y)) + 1, int(np.ptp(x)) + 1)
        if mask.shape != grid:
            raise DataError(
                f"healthy.mask: {mask.shape[1]} x {mask.shape[0]} pixels, but the measurement's "
                f"grid has {grid[1]} x {grid[0]} (width x height)"
            )
        inside = mask[y - y.min(), x - x.min()]
    else:
        x_min, y_min, x_max, y_max = rectangle
        inside = (x >= x_min) & (x <= x_max) & (y >= y_min) & (y <= y_max)
    rows = np.flatnonzero(inside & signal)
    if len(rows) < 50:
        raise DataError(
            f"healthy: only {len(rows)} measured pixels lie inside (at least 50 are needed); the "
            f"measurement spans x {x.min()} to {x.max()} and y {y.min()} to {y.max()}"
        )
    return rows
