"""A grid on the m/z axis for spectra that have no axis in common."""

from dataclasses import dataclass

import numpy as np
from scipy.special import boxcox, inv_boxcox

from imsforge.errors import DataError

# Half a gigabyte a sum.
_LARGEST_GRID = 2**26
_FEWEST_GAPS = 20
_N_SEGMENTS = 20


@dataclass(frozen=True)
class Grid:
    """Grid points ``spacing * mz**power`` apart.

    A power of 1 spaces them evenly in ppm. Mass analysers sample by a power of m/z: about 0 for a
    quadrupole, 1/2 for time of flight, 3/2 for an Orbitrap, 2 for FT-ICR.
    """

    spacing: float
    power: float

    def position(self, mz):
        """Return where m/z values lie, counted in grid points."""
        return boxcox(mz, 1 - self.power) / self.spacing

    def mz(self, position):
        """Return the m/z values at positions; the inverse of `position`."""
        return inv_boxcox(position * self.spacing, 1 - self.power)


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
        The spectra's axis where all have the same, otherwise a power of m/z.
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
        power = float(np.clip(np.polyfit(log_mz, log_gap, 1)[0], 0, 2))
    centre = np.median(log_mz)
    spacing = np.exp(np.median(log_gap - power * log_mz))
    finest = finest_ppm * 1e-6 * np.exp(centre * (1 - power))
    return Grid(float(max(spacing, finest)), power)


class GridSums:
    """Sums over grid points, on a range that grows with what is added.

    Each value is shared between its two neighbouring grid points in proportion to its nearness,
    which keeps total and centre of mass, and leaves no ripple where spectra are sampled as densely
    as the grid but out of step with it.

    Parameters
    ----------
    n_sums : int
    source : path
        Where the values come from, for messages.

    Attributes
    ----------
    low : int
        Position of the first grid point.
    sums : (n_sums, n_grid) float64
    """

    def __init__(self, n_sums, source):
        self.source = source
        self.low = 0
        self.sums = np.zeros((n_sums, 0))

    def add(self, position, *weights):
        """Add values at positions, to one sum for each array of weights."""
        if position.size == 0:
            return
        index = np.floor(position).astype(np.int64)
        share = position - index
        self._cover(int(index.min()), int(index.max()) + 2)
        start = int(index.min())
        index -= start
        for total, weight in zip(self.sums, weights, strict=True):
            for shift, part in ((0, weight * (1 - share)), (1, weight * share)):
                added = np.bincount(index + shift, part)
                total[start - self.low :][: len(added)] += added

    def _cover(self, low, high):
        if self.sums.shape[1] == 0:
            self.low = low
        before = max(0, self.low - low)
        after = max(0, high - self.low - self.sums.shape[1])
        n_points = self.sums.shape[1] + before + after
        if n_points > _LARGEST_GRID:
            raise DataError(
                f"{self.source}: the m/z values spread over {n_points} points of a grid, more than "
                f"{_LARGEST_GRID}: some value is damaged, or tolerance_ppm is too small"
            )
        if before or after:
            self.sums = np.pad(self.sums, ((0, 0), (before, after)))
            self.low -= before
