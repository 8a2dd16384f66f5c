"""Peaks: where they lie on the m/z axis and which points belong to them."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Peaks:
    """Peaks and their windows; a point belongs to a peak where ``lower <= m/z < upper``.

    Attributes
    ----------
    mz : (n_peaks,) float64, ascending
    lower, upper : (n_peaks,) float64, windows that do not overlap
    """

    mz: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def __len__(self):
        return len(self.mz)

    @classmethod
    def around(cls, mz, half_width):
        """Lay windows of ``half_width`` around ascending m/z values, cut half-way to neighbours."""
        middle = (mz[1:] + mz[:-1]) / 2
        return cls(
            mz=mz,
            lower=np.maximum(mz - half_width, np.concatenate(([0.0], middle))),
            upper=np.minimum(mz + half_width, np.concatenate((middle, [np.inf]))),
        )
