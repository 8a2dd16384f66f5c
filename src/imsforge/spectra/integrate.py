"""Intensities within the windows of peaks, block by block."""

from functools import partial

import numpy as np


def integrator(measurement, peaks):
    """Return the function that turns a `Block` into (n_rows, n_peaks) float64 sums.

    Parameters
    ----------
    measurement : Measurement
    peaks : Peaks
    """
    if measurement.axis is not None:
        bounds = np.searchsorted(measurement.axis, [peaks.lower, peaks.upper])
        return partial(_sum_common_windows, bounds=bounds)
    if measurement.mode == "centroid":
        return partial(bin_centroids, peaks=peaks)
    return partial(sum_windows, peaks=peaks)


def bin_centroids(block, peaks):
    """Add each centroid to the peak in whose window it lies; cost goes with the points."""
    n_rows = len(block.indptr) - 1
    peak = np.searchsorted(peaks.upper, block.mz, side="right")
    inside = peak < len(peaks)
    inside[inside] = block.mz[inside] >= peaks.lower[peak[inside]]
    row = np.repeat(np.arange(n_rows), np.diff(block.indptr))
    cell = row[inside] * len(peaks) + peak[inside]
    sums = np.bincount(cell, block.intensity[inside], minlength=n_rows * len(peaks))
    return sums.reshape(n_rows, len(peaks))


def sum_windows(block, peaks):
    """Sum spectra that have m/z values of their own over windows; cost goes with the windows."""
    edges = np.stack([peaks.lower, peaks.upper])
    bounds = np.empty((len(block.indptr) - 1, *edges.shape), dtype=np.int64)
    for row, (start, stop) in enumerate(zip(block.indptr[:-1], block.indptr[1:], strict=True)):
        bounds[row] = start + np.searchsorted(block.mz[start:stop], edges)
    return sum_segments(block.intensity, bounds[:, 0], bounds[:, 1])


def _sum_common_windows(block, bounds):
    start, stop = bounds[:, None, :] + block.indptr[:-1, None]
    return sum_segments(block.intensity, start, stop)


def sum_segments(values, start, stop):
    """Sum ``values[start:stop]`` for each pair of bounds, in float64.

    Parameters
    ----------
    values : (n_values,) array
    start, stop : integer arrays of one shape
        Segments that ascend and do not overlap; empty ones sum to 0.

    Returns
    -------
    float64 array of that shape
    """
    edges = np.stack([start, stop], axis=-1).ravel()
    # `reduceat` wants indices of values: what begins at the end is empty.
    inside = edges[: np.searchsorted(edges, len(values))]
    sums = np.zeros(len(edges))
    if len(inside):
        sums[: len(inside)] = np.add.reduceat(values, inside, dtype=np.float64)
    sums = sums[::2].reshape(start.shape)
    sums[start == stop] = 0
    return sums
