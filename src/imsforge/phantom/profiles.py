"""The synthetic kidney as a time-of-flight instrument records it: profiles on a background."""

import numpy as np

from imsforge.phantom.chemistry import MZ_RANGE
from imsforge.phantom.instrument import ion_signal, measured_mz
from imsforge.seeding import derive_seed

RESOLVING_POWER = 5000
POINTS_OF_A_PEAK = 5  # at half height
POINT_NOISE = 20.0
# The background falls to 1/e over so many m/z, and is higher in some pixels than in others: the
# spread of its logarithm.
BACKGROUND_LENGTH = 400.0
BACKGROUND_SPREAD = 0.2

# Each block has a random stream of its own, so this number is part of what a seed means.
BLOCK_ROWS = 256

_MARGIN = 5  # m/z, beside the range of the peaks
_REACH = 5  # standard deviations of a peak to each side
_FWHM = np.sqrt(8 * np.log(2))


def falling_background(height):
    """Return a background of some height at the lowest peaks that falls with m/z, as a function."""
    return lambda mz: height * np.exp((MZ_RANGE[0] - mz) / BACKGROUND_LENGTH)


class Profiles:
    """Profile spectra of a phantom, drawn when asked for.

    Peaks are Gaussian, of five points at half height, a ppm or two off in each pixel; their points
    sum to the ions' intensity. They stand on the background; normal noise is added to each point,
    and what is below zero is cut off.

    Parameters
    ----------
    phantom : Phantom
    background : callable, of (n_points,) m/z values
        In the unit of the intensities, for a pixel of median background; returns as many.

    Attributes
    ----------
    axis : (n_points,) float64, of all spectra, evenly spaced in ppm
    """

    def __init__(self, phantom, background=np.zeros_like):
        self.phantom = phantom
        low, high = np.log(MZ_RANGE[0] - _MARGIN), np.log(MZ_RANGE[1] + 2 * _MARGIN)
        self.axis = np.exp(np.arange(low, high, 1 / (POINTS_OF_A_PEAK * RESOLVING_POWER)))
        self._background = background(self.axis).astype(np.float32)

    def blocks(self):
        """Yield (rows, spectra, ions) for each block of pixels, in order.

        Yields
        ------
        rows : slice
        spectra : (n, n_points) float32
        ions : (n, n_peaks) float32, the intensities that the peaks were made from
        """
        n_pixels, _ = self.phantom.shape
        for start in range(0, n_pixels, BLOCK_ROWS):
            rows = slice(start, min(start + BLOCK_ROWS, n_pixels))
            seed = derive_seed(self.phantom.seed, "phantom", "profiles", start)
            yield rows, *self._block(rows, np.random.default_rng(seed))

    def _block(self, rows, rng):
        ions = ion_signal(self.phantom.expected(rows), rng)
        centres = measured_mz(self.phantom.truth.mz, len(ions), rng)
        spectra = rng.standard_normal((len(ions), len(self.axis)), dtype=np.float32)
        spectra *= np.float32(POINT_NOISE)
        for centre, recorded, mz in zip(centres.T, ions.T, self.phantom.truth.mz, strict=True):
            sigma = mz / RESOLVING_POWER / _FWHM
            near = slice(*np.searchsorted(self.axis, [mz - _REACH * sigma, mz + _REACH * sigma]))
            shape = np.exp(-0.5 * ((self.axis[near] - centre[:, None]) / sigma) ** 2)
            spectra[:, near] += recorded[:, None] * shape / shape.sum(axis=1, keepdims=True)
        level = rng.lognormal(0, BACKGROUND_SPREAD, (len(ions), 1)).astype(np.float32)
        spectra += level * self._background
        return np.maximum(spectra, 0, out=spectra), ions
