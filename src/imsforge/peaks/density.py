"""Where centroids gather: maxima of their density over m/z that chance does not explain."""

import numpy as np
from scipy import ndimage, signal, special

from imsforge.peaks.integrate import reduce_segments
from imsforge.peaks.windows import Peaks

#: Grid points within the tolerance.
RESOLUTION = 5
# Standard deviation of the kernel that smooths the density: it leaves apart what lies one and a
# half tolerances apart.
_KERNEL = RESOLUTION / 4
# Grid points whose counts are independent, under that kernel.
_KERNEL_SIZE = 2 * np.sqrt(np.pi) * _KERNEL
# Half-lengths, in grid points: what a peak keeps to itself, and where scattered centroids are
# counted, beside it and in its region.
_OWN, _BESIDE, _REGION = 2 * RESOLUTION, 5 * RESOLUTION, 200 * RESOLUTION
# Peaks that chance makes out of scattered centroids, in the whole mass range.
_BY_CHANCE = 0.05
_MOST_ROUNDS = 20
# So few spectra say nothing about chance.
_FEWEST_PIXELS = 20
# Counts are shared between grid points, some of them with another peak.
_SLACK = 0.5
# Standard deviation to full width at half height, of a normal distribution.
_FWHM = np.sqrt(8 * np.log(2))
# Variance that sharing a value between two neighbouring grid points adds, on average.
_SHARING = 1 / 6


class CentroidPeaks:
    """The density of centroids of a measurement, and the peaks in it.

    A maximum is a peak if it holds more centroids than chance lets fall together where centroids
    are scattered as they are beside it and in its region, whichever are more, and if it rises over
    the valleys beside it by more than chance. Where half of the pixels have a centroid, or there
    are fewer than 20 pixels, chance is not asked.

    Parameters
    ----------
    grid : Grid
        Evenly spaced in ppm, `RESOLUTION` points within the tolerance.
    low : int
        Position of the first grid point.
    count, intensity : (n_grid,) float64
        Centroids at each grid point, and their intensities.
    n_pixels : int
    """

    def __init__(self, grid, low, count, intensity, n_pixels):
        margin = 2 * _BESIDE
        self.grid, self.low, self.n_pixels = grid, low - margin, n_pixels
        self.count, self.intensity = np.pad([count, intensity], ((0, 0), (margin, margin)))

    def pick(self, minimum_share):
        """Return the peaks that chance does not explain, at the mean m/z of their centroids.

        Parameters
        ----------
        minimum_share : float
            Least number of centroids of a peak, as a share of the pixels.
        """
        density = ndimage.gaussian_filter1d(self.count, _KERNEL, mode="constant")
        apex, _ = signal.find_peaks(density, distance=RESOLUTION)
        level = _BY_CHANCE * RESOLUTION / len(self.count)
        height = density[apex]
        valley = height - signal.peak_prominences(density, apex)[0]
        rises = _chance(height * _KERNEL_SIZE, valley * _KERNEL_SIZE) < level
        n_own = _sums(self.count, apex, RESOLUTION)
        usual = n_own >= (self.n_pixels / 2 if self.n_pixels >= _FEWEST_PIXELS else 1) - _SLACK
        peak = np.zeros(len(apex), dtype=bool)
        for _ in range(_MOST_ROUNDS):  # what is found to be a peak is no longer scattered
            found = rises & (usual | (_chance(n_own, self._scattered(apex, apex[peak])) < level))
            if np.array_equal(found, peak):
                break
            peak = found
        scattered = self._scattered(apex, apex[peak])
        kept = peak & (n_own >= max(minimum_share * self.n_pixels, 1) - _SLACK)
        apex, snr = apex[kept], _signal_to_noise(n_own[kept], scattered[kept])

        start, stop = self._windows(apex)
        _, centre, _ = _moments(self.intensity, start, stop)
        return self._around(self.grid.mz(centre + self.low), start, stop, snr)

    def at(self, mz):
        """Return peaks at given m/z values, ascending, whether centroids gather there or not."""
        position = np.rint(self.grid.position(mz)) - self.low
        # Beyond all centroids there are none either.
        apex = np.clip(position, 0, len(self.count) - 1).astype(np.int64)
        snr = _signal_to_noise(_sums(self.count, apex, RESOLUTION), self._scattered(apex, apex))
        return self._around(mz, *self._windows(apex), snr)

    def _around(self, mz, start, stop, snr):
        tolerance = self.grid.spacing * RESOLUTION
        _, _, variance = _moments(self.count, start, stop)
        width = _FWHM * np.sqrt(np.maximum(variance - _SHARING, 0)) * self.grid.spacing * mz
        intensity = reduce_segments(self.intensity, start, stop) / self.n_pixels
        return Peaks.around(mz, mz * tolerance, width, snr, intensity)

    def _windows(self, apex):
        """Lay windows within the tolerance around ascending grid points, cut between them."""
        middle = (apex[1:] + apex[:-1] + 1) // 2
        start = np.maximum(apex - RESOLUTION, np.concatenate(([0], middle))[: len(apex)])
        end = np.concatenate((middle, [len(self.count)]))[: len(apex)]
        return start, np.minimum(apex + RESOLUTION + 1, end)

    def _scattered(self, apex, peaks):
        """Expect centroids by chance in the window of each apex, from those outside of peaks."""
        outside = np.ones(len(self.count))
        edges = np.zeros(len(self.count) + 1)
        np.add.at(edges, np.maximum(peaks - _OWN, 0), 1)
        np.add.at(edges, np.minimum(peaks + _OWN + 1, len(self.count)), -1)
        outside[np.cumsum(edges[:-1]) > 0] = 0
        count = self.count * outside
        region = _sums(count, apex, _REGION) / np.maximum(_sums(outside, apex, _REGION), 1)
        n_beside = _sums(outside, apex, _BESIDE) - _sums(outside, apex, _OWN)
        beside = _sums(count, apex, _BESIDE) - _sums(count, apex, _OWN)
        beside = np.where(n_beside >= RESOLUTION, beside / np.maximum(n_beside, 1), 0)
        return (2 * RESOLUTION + 1) * np.maximum(region, beside)


def _sums(values, middle, half):
    """Sum ``half`` values to each side of each middle, as many as there are."""
    cumulative = np.concatenate(([0.0], np.cumsum(values)))
    start, stop = np.maximum(middle - half, 0), np.minimum(middle + half + 1, len(values))
    return cumulative[stop] - cumulative[start]


def _moments(weights, start, stop):
    """Return sum, mean position and variance of the weights within each window; 0 where empty."""
    offset = np.arange(len(weights))
    if len(start):
        offset -= start[np.maximum(np.searchsorted(start, offset, side="right") - 1, 0)]
    total = reduce_segments(weights, start, stop)
    divisor = np.where(total > 0, total, 1)
    mean = reduce_segments(weights * offset, start, stop) / divisor
    variance = reduce_segments(weights * offset**2, start, stop) / divisor - mean**2
    return total, start + mean, variance


def _chance(n_found, n_expected):
    """Return the probability of so many or more, of a Poisson distribution."""
    return special.gammainc(np.maximum(n_found, 1e-12), np.maximum(n_expected, 0))


def _signal_to_noise(n_found, n_expected):
    """Return the surplus of centroids over the standard deviation of their number by chance."""
    return (n_found - n_expected) / np.sqrt(np.maximum(n_expected, 1))
