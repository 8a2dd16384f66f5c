"""A block of spectra: what is read at once, whatever the format."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Block:
    """Spectra of neighbouring rows, one after the other.

    Attributes
    ----------
    rows : slice of the measurement's pixels
    intensity : (n_points,) in the measurement's own type
    indptr : (n_rows + 1,) int64; spectrum ``i`` is ``intensity[indptr[i] : indptr[i + 1]]``
    axis : (n_axis,) float64, the m/z axis that all spectra share; None where each has its own
    own_mz : (n_points,) float64, the m/z values where each spectrum has its own
    """

    rows: slice
    intensity: np.ndarray
    indptr: np.ndarray
    axis: np.ndarray | None = None
    own_mz: np.ndarray | None = None

    @property
    def n_rows(self):
        """Number of spectra."""
        return len(self.indptr) - 1

    @cached_property
    def mz(self):
        """The m/z value of every point, (n_points,) float64."""
        return self.own_mz if self.axis is None else np.tile(self.axis, self.n_rows)

    def sums(self):
        """Return the total ion current: the sum of each spectrum, (n_rows,) float64."""
        totals = np.zeros(self.n_rows)
        filled = np.flatnonzero(np.diff(self.indptr))
        if len(filled):
            # Floats add up pairwise in their own type, which is fast and exact enough; integers
            # could overflow.
            dtype = None if self.intensity.dtype in (np.float32, np.float64) else np.float64
            totals[filled] = np.add.reduceat(self.intensity, self.indptr[filled], dtype=dtype)
        return totals
