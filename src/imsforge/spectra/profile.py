"""Peaks of profile spectra: maxima of the mean spectrum above its local noise."""

import numpy as np
from scipy import signal

from imsforge.spectra.mean import mean_spectrum
from imsforge.spectra.peaks import Peaks

# Windows reach one width at half height to each side: 98 % of a Gaussian peak.
_WIDTHS = 1.0
# The mean spectrum is sampled this much finer than the tolerance, at most.
_OVERSAMPLING = 10
# Standard deviation of a normal distribution over its median absolute deviation.
_SIGMA_OF_MAD = 1.4826
_NOISE_SEGMENT = 500
_MOST_SEGMENTS = 50


def profile_peaks(measurement, tolerance_ppm, minimum_share, minimum_snr):
    """Find the peaks of profile spectra.

    Parameters
    ----------
    measurement : Measurement
    tolerance_ppm : float
        Least half-width of a window: how far a pixel's peak may lie from the mean's.
    minimum_share : float
        Least share of pixels with signal at the peak.
    minimum_snr : float
        Least height over the background, and over the valleys beside it, in units of the noise.

    Returns
    -------
    Peaks
    """
    spectrum = mean_spectrum(measurement, tolerance_ppm / _OVERSAMPLING)
    if not spectrum.mean.any():
        return Peaks.around(np.empty(0), 0.0)
    # A maximum at the border has no neighbour to rise above.
    mean = np.pad(spectrum.mean, 1)
    background, noise = (np.pad(level, 1, mode="edge") for level in local_noise(spectrum.mean))
    height = minimum_snr * noise
    apex, found = signal.find_peaks(mean, height=background + height, prominence=height)
    prominences = tuple(found[name] for name in ("prominences", "left_bases", "right_bases"))
    present = spectrum.share[apex - 1] >= minimum_share
    apex, prominences = apex[present], tuple(values[present] for values in prominences)
    _, _, left, right = signal.peak_widths(mean, apex, 0.5, prominences)

    point = np.arange(len(spectrum.mz))
    left, right = (np.interp(side - 1, point, spectrum.mz) for side in (left, right))
    mz, order = np.unique((left + right) / 2, return_index=True)
    half_width = np.maximum(_WIDTHS * (right - left)[order], mz * tolerance_ppm * 1e-6)
    return Peaks.around(mz, half_width)


def local_noise(spectrum):
    """Estimate background and noise along a spectrum by medians, which peaks hardly move.

    Parameters
    ----------
    spectrum : (n_points,) array

    Returns
    -------
    background, noise : (n_points,) float64
        Median of the spectrum, and median absolute deviation from this background scaled to a
        standard deviation; both over segments, joined by straight lines.
    """
    background = _running_median(spectrum)
    return background, _SIGMA_OF_MAD * _running_median(np.abs(spectrum - background))


def _running_median(values):
    n_segments = int(np.clip(len(values) // _NOISE_SEGMENT, 1, _MOST_SEGMENTS))
    segments = np.array_split(values, n_segments)
    length = np.array([len(segment) for segment in segments])
    centre = np.cumsum(length) - length / 2
    level = [np.median(segment) for segment in segments]
    return np.interp(np.arange(len(values)), centre, level)
