"""How the instrument sees the tissue: gain, ion statistics, detector noise, detection limit."""

import numpy as np

from imsforge.phantom.anatomy import SmoothField

# Intensity that one ion adds on average, and how much that varies (detector pulse heights).
ION_INTENSITY = 500.0
PULSE_SHAPE = 4.0
DETECTOR_NOISE = 400.0
DETECTION_LIMIT = 1500.0
MEAN_INTENSITY = 6000.0

# Spread of the logarithm of the gain: slowly over the section (matrix coating, with its length in
# units of the anatomy) and from pixel to pixel (crystals, laser shots).
COATING_SPREAD = 0.25
COATING_LENGTH = 0.3
PIXEL_SPREAD = 0.44
FOLD_GAIN = 1.8

SHARED_SHIFT_PPM = 1.5
PEAK_JITTER_PPM = 1.0


def ion_signal(expected, rng):
    """Draw what ions add up to, (n, n_peaks) float32, for the expected intensities.

    The number of ions is Poisson, the pulse of each gamma distributed.
    """
    ions = rng.poisson(expected / ION_INTENSITY)
    pulses = rng.standard_gamma(ions * np.float32(PULSE_SHAPE), dtype=np.float32)
    return pulses * np.float32(ION_INTENSITY / PULSE_SHAPE)


def measure(expected, rng):
    """Draw picked intensities, (n, n_peaks) float32, for the expected ones.

    The detector adds Gaussian noise to the ions' signal, and what stays below the detection limit
    is an exact zero.
    """
    intensity = ion_signal(expected, rng)
    noise = rng.standard_normal(intensity.shape, dtype=np.float32)
    intensity += np.float32(DETECTOR_NOISE) * noise
    intensity[intensity < DETECTION_LIMIT] = 0
    return intensity


def pixel_gains(points, fold, rng):
    """Draw the gain of each pixel, (n,); a fold is doubled tissue."""
    coating = SmoothField(1, COATING_LENGTH, rng)(points)[:, 0]
    log_gain = COATING_SPREAD * coating + rng.normal(0, PIXEL_SPREAD, len(points))
    return np.exp(log_gain) * np.where(fold, FOLD_GAIN, 1.0)


def measured_mz(mz, n_pixels, rng):
    """Return the m/z values that each pixel shows, (n_pixels, n_peaks): a few ppm off."""
    shift = rng.normal(0, SHARED_SHIFT_PPM, (n_pixels, 1))
    jitter = rng.normal(0, PEAK_JITTER_PPM, (n_pixels, len(mz)))
    return mz * (1 + 1e-6 * (shift + jitter))
