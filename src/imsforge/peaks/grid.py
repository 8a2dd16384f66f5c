"""A grid on the m/z axis for spectra that have no axis in common."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from imsforge.errors import DataError

# Half a gigabyte a sum.
_LARGEST_GRID = 2**26
_FEWEST_GAPS = 20
_N_SEGMENTS = 20


# By power of m/z: what is even along the grid, and its inverse.
_EVEN = {
    0.0: (lambda mz: mz, lambda even: even),
    0.5: (lambda mz: 2 * np.sqrt(mz), lambda even: (even / 2) ** 2),
    1.0: (np.log, np.exp),
    1.5: (lambda mz: -2 / np.sqrt(mz), lambda even: (2 / even) ** 2),
    2.0: (lambda mz: -1 / mz, lambda even: -1 / even),
}


@dataclass(frozen=True)
class Grid:
    """Grid points ``spacing * mz**power`` apart.

    Mass analysers sample by a power of m/z: about 0 for a quadrupole, 1/2 for time of flight, 3/2
    for an Orbitrap, 2 for FT-ICR. A power of 1 spaces points evenly in ppm.

    Attributes
    ----------
    spacing : float
    power : {0.0, 0.5, 1.0, 1.5, 2.0}
    """

    spacing: float
    power: float

    def position(self, mz):
        """Return where m/z values lie, counted in grid points."""
        even, _ = _EVEN[self.power]
        return even(mz) / self.spacing

    def mz(self, position):
        """Return the m/z values at positions; the inverse of `position`."""
        _, inverse = _EVEN[self.power]
        return inverse(position * self.spacing)


@dataclass(frozen=True)
class AxisGrid:
    """Grid points on an m/z axis that is known; what lies beyond its ends counts at the ends."""

    axis: np.ndarray

    def position(self, mz):
        """Return where m/z values lie, counted in grid points."""
        return np.interp(mz, self.axis, np.arange(len(self.axis)))

    def mz(self, position):
        """Return the m/z values at positions; the inverse of `position`."""
        return np.interp(position, np.arange(len(self.axis)), self.axis)


def sampling_grid(spectra, finest_ppm):
    """Fit the grid that profile spectra were sampled on.

    Parameters
    ----------
    spectra : list of (n_points,) float64 arrays
        The ascending m/z values of some spectra.
    finest_ppm : float
        A fitted grid is not made finer than this, at the middle of the range.

    Returns
    -------
    AxisGrid or Grid
        The spectra's axis where all have the same, otherwise that of the nearest power of m/z.
    """
    if spectra and all(np.array_equal(mz, spectra[0]) for mz in spectra):
        return AxisGrid(spectra[0])
    gaps = np.concatenate([np.diff(mz) for mz in spectra] or [np.empty(0)])
    middle = np.concatenate([(mz[1:] + mz[:-1]) / 2 for mz in spectra] or [np.empty(0)])
    use = gaps > 0
    if not use.any():
        return Grid(finest_ppm * 1e-6, 1.0)
    # Medians along the axis: the jumps over regions without signal are few among the gaps.
    order = np.argsort(middle[use], kind="stable")
    n_segments = int(np.clip(len(order) // _FEWEST_GAPS, 1, _N_SEGMENTS))
    segments = np.array_split(order, n_segments)
    log_gap = np.log([np.median(gaps[use][segment]) for segment in segments])
    log_mz = np.log([np.median(middle[use][segment]) for segment in segments])
    power = 1.0
    if np.ptp(log_mz) > 0:
        power = float(np.clip(np.rint(2 * np.polyfit(log_mz, log_gap, 1)[0]) / 2, 0, 2))
    centre = np.median(log_mz)
    spacing = np.exp(np.median(log_gap - power * log_mz))
    finest = finest_ppm * 1e-6 * np.exp(centre * (1 - power))
    return Grid(float(max(spacing, finest)), power)


@dataclass(frozen=True)
class GridPoints:
    """Where values lie between grid points.

    Attributes
    ----------
    low : int
        Position of the first grid point.
    n_grid : int
        Grid points from there on.
    index : (n_values,) int64, the grid point below each value, counted from ``low``
    share : (n_values,) float64, how far above it the value lies, 0 to 1
    """

    low: int
    n_grid: int
    index: np.ndarray
    share: np.ndarray

    @cached_property
    def nearest(self):
        """The grid point nearest to each value, (n_values,) int64."""
        return self.index + (self.share >= 0.5)

    def shared(self, weight):
        """Share weights between the two grid points beside them, in proportion to nearness.

        This keeps total and centre of mass, and leaves no ripple where spectra are sampled as
        densely as the grid but out of step with it.

        Parameters
        ----------
        weight : (n_values,) array

        Returns
        -------
        (n_grid,) float64
        """
        if self.n_grid == 0:
            return np.zeros(0)
        above = weight * self.share
        total = np.bincount(self.index, weight - above, self.n_grid)
        total[1:] += np.bincount(self.index, above, self.n_grid - 1)
        return total


class GridSums:
    """Arrays over grid points, on a range that grows with what is added.

    Parameters
    ----------
    n_sums : int
    source : str
        Where the values come from, for messages.
    combine : ufunc
        What two arrays become where they overlap; grid points without values hold 0.

    Attributes
    ----------
    low : int
        Position of the first grid point.
    sums : (n_sums, n_grid) float64
    """

    def __init__(self, n_sums, source, combine=np.add):
        self.source = source
        self.combine = combine
        self.low = 0
        self.sums = np.zeros((n_sums, 0))

    @property
    def n_grid(self):
        """Number of grid points."""
        return self.sums.shape[1]

    def points(self, position):
        """Return the `GridPoints` of positions; nothing is added yet, so threads may ask."""
        if position.size == 0:
            return GridPoints(0, 0, np.empty(0, dtype=np.int64), np.empty(0))
        below = np.floor(position)
        low = int(below.min())
        n_grid = int(below.max()) - low + 2
        self._check_size(n_grid)
        return GridPoints(low, n_grid, below.astype(np.int64) - low, position - below)

    def add(self, low, sums):
        """Combine with (n_sums, n_grid) arrays that begin at the grid point ``low``."""
        n_added = sums.shape[1]
        if n_added == 0:
            return
        if self.n_grid == 0:
            self.low = low
        before = max(0, self.low - low)
        after = max(0, low + n_added - self.low - self.n_grid)
        if before or after:
            self._check_size(self.n_grid + before + after)
            self.sums = np.pad(self.sums, ((0, 0), (before, after)))
            self.low -= before
        own = self.sums[:, low - self.low :][:, :n_added]
        self.combine(own, sums, out=own)

    def _check_size(self, n_points):
        if n_points > _LARGEST_GRID:
            raise DataError(
                f"{self.source}: the m/z values spread over {n_points} points of a grid, more than "
                f"{_LARGEST_GRID}: some value is damaged, or tolerance_ppm is too small"
            )
