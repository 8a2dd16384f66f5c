"""Intensities within the windows of peaks, block by block."""

import numpy as np

from imsforge.errors import ConfigError
from imsforge.peaks.streaming import ByAxis

#: How the points of a peak become one number.
STATISTICS = {"area": np.add, "height": np.maximum}
# A search for an edge takes as long as a look at this many points.
_SEARCH_COST = 3
# Cells of the table that leads from an m/z value to its peak: of a window, and in all.
_CELLS_OF_A_WINDOW = 8
_N_CELLS = (2**10, 2**18)


def integrator(peaks, statistic="area"):
    """Return the function that turns a `Block` into (n_rows, n_peaks) intensities.

    Parameters
    ----------
    peaks : Peaks
    statistic : {"area", "height"}
        Sum, or largest, of a spectrum's points within the window of a peak; 0 where there is none.

    Returns
    -------
    callable
        It may be called in threads. float32 spectra give float32, all others float64.

    Raises
    ------
    ConfigError
        If there is no such statistic.
    """
    if statistic not in STATISTICS:
        raise ConfigError(
            f"intensity: {statistic!r} is unknown; choose one of {', '.join(STATISTICS)}"
        )
    reduce, by_axis, table = STATISTICS[statistic], ByAxis(), PeakTable(peaks)

    def integrate(block):
        if block.axis is not None:
            windows = by_axis.setdefault(block.axis, lambda: AxisWindows(block.axis, peaks))
            return windows.reduce(block.intensity.reshape(block.n_rows, -1), reduce)
        if len(block.own_mz) > _SEARCH_COST * 2 * len(peaks) * block.n_rows:
            return search_edges(block, peaks, reduce)
        return table.reduce(block, reduce)

    return integrate


def search_edges(block, peaks, reduce):
    """Reduce spectra that have m/z values of their own; cost goes with spectra times peaks."""
    edges = np.stack([peaks.lower, peaks.upper])
    bounds = np.empty((block.n_rows, *edges.shape), dtype=np.int64)
    for row, (start, stop) in enumerate(zip(block.indptr[:-1], block.indptr[1:], strict=True)):
        bounds[row] = start + np.searchsorted(block.own_mz[start:stop], edges)
    return reduce_segments(_floating(block.intensity), bounds[:, 0], bounds[:, 1], reduce)


class PeakTable:
    """Leads from an m/z value to the peak in whose window it lies, by a look into a table.

    The mass range is cut into even cells. A cell in which no window begins or ends lies within one
    window or within none; only points of the other cells have to be compared with the windows.
    """

    def __init__(self, peaks):
        self.n_peaks, self.lower, self.upper = len(peaks), peaks.lower, peaks.upper
        width = np.median(self.upper - self.lower)
        self.low = self.lower[0]
        span = self.upper[-1] - self.low
        self.n_cells = int(np.clip(_CELLS_OF_A_WINDOW * span / width, *_N_CELLS))
        self.scale = self.n_cells / span
        begin, end = self._cell(self.lower), self._cell(self.upper)
        cell = np.arange(self.n_cells + 3)
        peak = np.searchsorted(end, cell)
        within = np.append(begin, cell[-1])[peak] < cell
        self.peak = np.where(within, peak, self.n_peaks).astype(np.int32)
        self.peak[begin] = self.peak[end] = -1

    def _cell(self, mz):
        # Rounding keeps the order: an edge in a lower cell is below all points of this cell.
        cell = (mz - self.low) * self.scale + 1
        return np.clip(cell, 0, self.n_cells + 2, out=cell).astype(np.int64)

    def find(self, mz):
        """Return the peak of each m/z value, (n_points,) int32; ``n_peaks`` where it has none."""
        peak = self.peak[self._cell(mz)]
        unsure = np.flatnonzero(peak < 0)
        mz = mz[unsure]
        near = np.minimum(np.searchsorted(self.upper, mz, side="right"), self.n_peaks - 1)
        inside = (self.lower[near] <= mz) & (mz < self.upper[near])
        peak[unsure] = np.where(inside, near, self.n_peaks)
        return peak

    def reduce(self, block, reduce):
        """Reduce spectra that have m/z values of their own; cost goes with the points."""
        mz, intensity, row = points_with_signal(block)
        intensity = _floating(intensity)
        n_columns = self.n_peaks + 1  # the last is of no peak
        cell = row * n_columns
        cell += self.find(mz)
        reduced = np.zeros(block.n_rows * n_columns, dtype=intensity.dtype)
        reduce.at(reduced, cell, intensity)
        return reduced.reshape(block.n_rows, n_columns)[:, : self.n_peaks]


def points_with_signal(block):
    """Return m/z, intensity and row of the points of a block that have intensity."""
    # What `np.repeat` gives, but it keeps other threads waiting.
    n_points = len(block.intensity)
    row = np.cumsum(np.bincount(block.indptr[1:-1], minlength=n_points + 1)[:n_points])
    points = block.mz, block.intensity, row
    signal = block.intensity > 0
    return points if signal.all() else tuple(values[signal] for values in points)


def reduce_segments(values, start, stop, reduce=np.add):
    """Reduce ``values[start:stop]`` for each pair of bounds.

    Parameters
    ----------
    values : (n_values,) float array
    start, stop : integer arrays of one shape
        Segments that ascend and do not overlap; empty ones give 0.
    reduce : ufunc

    Returns
    -------
    array of that shape, of the type of the values
    """
    edges = np.stack([start, stop], axis=-1).ravel()
    # `reduceat` wants indices of values: what begins at the end is empty.
    inside = edges[: np.searchsorted(edges, len(values))]
    reduced = np.zeros(len(edges), dtype=values.dtype)
    if len(inside):
        reduced[: len(inside)] = reduce.reduceat(values, inside)
    reduced = reduced[::2].reshape(start.shape)
    reduced[start == stop] = 0
    return reduced


def _floating(intensity):
    """Sums of integers overflow, those of floating-point numbers are computed in their type."""
    return intensity if intensity.dtype.kind == "f" else intensity.astype(np.float64)


def _ranges(start, length):
    """Concatenate ``start, start + 1, ...`` of each length."""
    offset = np.cumsum(length) - length
    return np.arange(length.sum()) + np.repeat(start - offset, length)


class AxisWindows:
    """The windows of peaks on an axis that spectra share."""

    def __init__(self, axis, peaks):
        start, stop = np.searchsorted(axis, [peaks.lower, peaks.upper])
        length = stop - start
        self.filled = length > 0
        # Only the windows' points are looked at.
        self.columns = _ranges(start, length)
        self.start = (np.cumsum(length) - length)[self.filled]

    def reduce(self, intensity, reduce):
        """Reduce (n_rows, n_axis) spectra over the windows."""
        n_rows = len(intensity)
        intensity = _floating(np.take(intensity, self.columns, axis=1))
        reduced = np.zeros((n_rows, len(self.filled)), dtype=intensity.dtype)
        if len(self.start):
            # Over one dimension `reduceat` lets other threads work.
            start = np.arange(n_rows)[:, None] * len(self.columns) + self.start
            values = reduce.reduceat(intensity.ravel(), start.ravel())
            reduced[:, self.filled] = values.reshape(n_rows, -1)
        return reduced
