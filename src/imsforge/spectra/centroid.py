"""Peaks of centroid spectra: where centroids gather along the m/z axis."""

import numpy as np
from scipy import ndimage, signal

from imsforge.spectra.grid import Grid, GridSums
from imsforge.spectra.integrate import sum_segments
from imsforge.spectra.peaks import Peaks
from imsforge.spectra.progress import stream

# Grid points within the tolerance.
_RESOLUTION = 5
# More distinct m/z values than this are no axis.
_LONGEST_AXIS = 100_000
# On a common axis each value comes back, and few neighbours lie within the tolerance.
_FEWEST_REPEATS = 2
_MOST_NEIGHBOURS = 0.1


def centroid_peaks(measurement, tolerance_ppm, minimum_share):
    """Find the peaks of centroid spectra.

    Spectra that are on one axis already, by their file or because their m/z values repeat exactly,
    keep this axis. Otherwise the density of centroids over m/z, on a grid that is even in ppm, is
    smoothed with half the tolerance, and each of its maxima is a peak, at the intensity-weighted
    mean of the centroids around it.

    Parameters
    ----------
    measurement : Measurement
    tolerance_ppm : float
        How far a centroid may lie from its peak.
    minimum_share : float
        Least number of centroids of a peak, as a share of the pixels.

    Returns
    -------
    Peaks
    """
    tolerance = tolerance_ppm * 1e-6
    if measurement.axis is not None:
        return Peaks.around(measurement.axis, measurement.axis * tolerance)

    grid = Grid(spacing=tolerance / _RESOLUTION, power=1)
    sums, distinct = GridSums(2, measurement.source), _DistinctValues()
    for block in stream(measurement, "peaks"):
        present = block.intensity > 0
        mz, intensity = block.mz[present], block.intensity[present]
        distinct.add(mz)
        sums.add(grid.position(mz), np.ones(len(mz)), intensity)
    if distinct.form_axis(tolerance):
        mz = distinct.values
    else:
        mz = _gather(grid, sums, minimum_share * measurement.n_pixels)
    return Peaks.around(mz, mz * tolerance)


def _gather(grid, sums, fewest):
    margin = 5 * _RESOLUTION
    count, intensity = np.pad(sums.sums, ((0, 0), (margin, margin)))
    density = ndimage.gaussian_filter1d(count, _RESOLUTION / 2, mode="constant")
    apex, _ = signal.find_peaks(density, distance=_RESOLUTION)
    # First among all maxima, then among those that stay: a stray centroid takes nothing away.
    # Half a centroid of slack, for those that are shared between grid points of two peaks.
    apex = apex[sum_segments(count, *_neighbourhoods(apex)) > max(fewest, 1) - 0.5]
    start, stop = _neighbourhoods(apex)
    moment = sum_segments(intensity * np.arange(len(count)), start, stop)
    centre = moment / sum_segments(intensity, start, stop)
    return grid.mz(centre + sums.low - margin)


def _neighbourhoods(apex):
    middle = (apex[1:] + apex[:-1] + 1) // 2
    start = np.maximum(apex - _RESOLUTION, np.concatenate((apex[:1] - _RESOLUTION, middle)))
    stop = np.minimum(apex + _RESOLUTION + 1, np.concatenate((middle, apex[-1:] + _RESOLUTION + 1)))
    return start, stop


class _DistinctValues:
    """The distinct m/z values of a measurement, as long as they may be a common axis."""

    def __init__(self):
        self.values = np.empty(0)
        self.n_added = 0

    def add(self, mz):
        if len(self.values) <= _LONGEST_AXIS:
            self.n_added += len(mz)
            self.values = np.union1d(self.values, mz)

    def form_axis(self, tolerance):
        gaps = np.diff(self.values) / self.values[:-1]
        return (
            0 < len(self.values) <= _LONGEST_AXIS
            and self.n_added >= _FEWEST_REPEATS * len(self.values)
            and np.count_nonzero(gaps <= tolerance) <= _MOST_NEIGHBOURS * len(self.values)
        )
