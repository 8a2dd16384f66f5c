"""Peaks of centroid spectra, gathered in one pass."""

import numpy as np

from imsforge.peaks.density import RESOLUTION, CentroidPeaks
from imsforge.peaks.grid import Grid, GridSums
from imsforge.peaks.integrate import points_with_signal
from imsforge.peaks.streaming import stream
from imsforge.peaks.summary import summarize
from imsforge.peaks.windows import Peaks

# More distinct m/z values than this are no axis.
_LONGEST_AXIS = 100_000
# On a common axis each value comes back, and few neighbours lie within the tolerance.
_FEWEST_REPEATS = 2
_MOST_NEIGHBOURS = 0.1


def gather_centroids(measurement, tolerance_ppm, threads=1):
    """Read all centroids once.

    Parameters
    ----------
    measurement : Measurement
    tolerance_ppm : float
        How far a centroid may lie from its peak.
    threads : int

    Returns
    -------
    AxisPeaks or CentroidPeaks
        The former where spectra are on one axis already, by their file or because their m/z values
        repeat exactly.
    """
    tolerance = tolerance_ppm * 1e-6
    if measurement.axis is not None:
        mean = summarize(measurement, "mean", tolerance_ppm, lambda block: block, threads=threads)
        return AxisPeaks(mean.mz, mean.intensity, tolerance)

    grid = Grid(spacing=tolerance / RESOLUTION, power=1)
    sums, distinct = GridSums(2, measurement.source), _DistinctValues()

    def part(block):
        mz, intensity, _ = points_with_signal(block)
        points = sums.points(grid.position(mz))
        shared = np.stack([points.shared(weight) for weight in (np.ones(len(mz)), intensity)])
        return (points.low, shared), distinct.part(block.mz, mz)

    for _, (shared, values) in stream(measurement, part, "centroids", threads):
        sums.add(*shared)
        distinct.add(*values)
    count, intensity = sums.sums
    gathered = CentroidPeaks(grid, sums.low, count, intensity, measurement.n_pixels)
    if not distinct.form_axis(tolerance):
        return gathered
    mz = distinct.with_signal
    return AxisPeaks(mz, gathered.at(mz).intensity, tolerance)


class AxisPeaks:
    """Peaks that a measurement brings along: the m/z axis of its spectra.

    Parameters
    ----------
    mz : (n_peaks,) float64, ascending
    intensity : (n_peaks,) float64, mean over the pixels
    tolerance : float, relative
    """

    def __init__(self, mz, intensity, tolerance):
        self.mz, self.intensity, self.tolerance = mz, intensity, tolerance

    def pick(self, minimum_share):
        """Return all peaks of the axis, also those that few pixels show."""
        return Peaks.around(self.mz, self.mz * self.tolerance, intensity=self.intensity)

    def at(self, mz):
        """Return peaks at given m/z values, ascending."""
        return Peaks.around(mz, mz * self.tolerance)


class _DistinctValues:
    """The distinct m/z values of a measurement, as long as they may be a common axis.

    Attributes
    ----------
    values : (n_values,) float64, those of all points
    with_signal : (n_values,) float64, those that carry intensity somewhere
    """

    def __init__(self):
        self.values = self.with_signal = np.empty(0)
        self.n_added = 0

    def part(self, mz, mz_with_signal):
        """Return what a block adds; nothing, where it is too late for an axis."""
        if len(self.values) > _LONGEST_AXIS:
            return np.empty(0), np.empty(0), 0
        return np.unique(mz), np.unique(mz_with_signal), len(mz)

    def add(self, mz, mz_with_signal, n_points):
        """Add what a block adds."""
        if len(self.values) <= _LONGEST_AXIS:
            self.n_added += n_points
            self.values = np.union1d(self.values, mz)
            self.with_signal = np.union1d(self.with_signal, mz_with_signal)

    def form_axis(self, tolerance):
        """Tell whether the values are a common axis."""
        values = self.values[self.values > 0]  # 0 only fills up
        gaps = np.diff(values) / values[:-1]
        return (
            0 < len(values) <= _LONGEST_AXIS
            and self.n_added >= _FEWEST_REPEATS * len(values)
            and np.count_nonzero(gaps <= tolerance) <= _MOST_NEIGHBOURS * len(values)
        )
