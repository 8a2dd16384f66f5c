"""Peaks: where they lie on the m/z axis and which points belong to them."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Peaks:
    """Peaks and their windows; a point belongs to a peak where ``lower <= m/z < upper``.

    Attributes
    ----------
    mz : (n_peaks,) float64, ascending; recalibrated, or as given, where that was asked for
    lower, upper : (n_peaks,) float64, windows in measured m/z, which do not overlap
    width : (n_peaks,) float64, m/z, full width at half height; for centroids the width of a normal
        distribution with their spread
    snr : (n_peaks,) float64, signal to noise; NaN where nothing was picked
    intensity : (n_peaks,) float64, of the picking spectrum; NaN where there is none
    """

    mz: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    width: np.ndarray
    snr: np.ndarray
    intensity: np.ndarray

    def __len__(self):
        return len(self.mz)

    @classmethod
    def around(cls, mz, half_width, width=0.0, snr=np.nan, intensity=np.nan, ends=None):
        """Lay windows of ``half_width`` around ascending m/z values, cut half-way to neighbours.

        With ``ends``, the lowest and the highest m/z value that belong to each peak, windows hold
        both and are cut half-way between the ends of neighbours.
        """
        first, last = (mz, mz) if ends is None else ends
        beyond = np.nextafter(last, np.inf)
        # Half-way between two values that touch is one of them.
        middle = np.maximum((first[1:] + last[:-1]) / 2, beyond[:-1])
        lower, upper = np.minimum(mz - half_width, first), np.maximum(mz + half_width, beyond)
        return cls(
            mz=mz,
            lower=np.maximum(lower, np.concatenate(([0.0], middle))[: len(mz)]),
            upper=np.minimum(upper, np.concatenate((middle, [np.inf]))[: len(mz)]),
            width=np.broadcast_to(width, mz.shape),
            snr=np.broadcast_to(snr, mz.shape),
            intensity=np.broadcast_to(intensity, mz.shape),
        )
