"""Peaks of profile spectra: maxima of one spectrum for all pixels, above its local noise."""

import numpy as np
from scipy import ndimage, signal

from imsforge.peaks.noise import background_and_noise
from imsforge.peaks.summary import summarize
from imsforge.peaks.widths import PowerLaw
from imsforge.peaks.windows import Peaks

# The summary is sampled this much finer than the tolerance, at most.
_OVERSAMPLING = 10
# Windows reach so many widths at half height to each side: 99.7 % of a Gaussian peak.
_WIDTHS = 1.25
# Signal to noise of the peaks that tell how wide peaks are.
_STRONG = 10.0
_MOST_STRONG = 200
# Points of a peak where no peak tells.
_USUAL_WIDTH = 4.0
# Each of the two running means is so many widths long: little against the peak itself.
_SMOOTHING = 0.5
# A peak's mean is so many standard errors, or half of the pixels stand behind it.
_STANDARD_ERRORS = 3.0
_HALF = 0.5
# Quantile of the maxima at which signal is faint.
_FAINT = 0.25
# Full width at half height over standard deviation, of a normal distribution.
_FWHM = np.sqrt(8 * np.log(2))


class ProfilePeaks:
    """The spectrum that stands for all pixels of a measurement, and the peaks on it.

    Parameters
    ----------
    measurement : Measurement
    tolerance_ppm : float
        Least half-width of a window: how far a pixel's peak may lie from the summary's.
    resolving_power : ResolvingPower or None
        Without it, the strong peaks tell how wide peaks are.
    kind, preprocess, seed, threads
        As for `summarize`.
    """

    def __init__(
        self, measurement, tolerance_ppm, resolving_power, kind, preprocess, seed=0, threads=1
    ):
        self.tolerance = tolerance_ppm * 1e-6
        finest = tolerance_ppm / _OVERSAMPLING
        self.summary = summarize(measurement, kind, finest, preprocess, seed, threads)
        self.empty = not self.summary.intensity.any()
        if not self.empty:
            self._prepare(resolving_power)

    def _prepare(self, resolving_power):
        mz, intensity = self.summary.mz, self.summary.intensity
        spacing = np.gradient(mz) if len(mz) > 1 else np.ones(1)
        self.widths = resolving_power or self._learnt_widths()
        width = self.widths.width(mz) / spacing
        half = np.rint(_SMOOTHING * width / 2).astype(np.int64)
        self.smooth = _running_mean(_running_mean(intensity, half), half)
        # Of two running means over 2 half + 1 points, as a full width at half height.
        self.blur = spacing * _FWHM * np.sqrt(2 * half * (half + 1) / 3)
        self.background, noise = background_and_noise(intensity, self.smooth, np.median(width))
        self.noise = np.maximum(noise, self._least_noise())
        spread = self.summary.spread
        smooth = _running_mean(_running_mean(spread, half), half)
        usual, _ = background_and_noise(spread, smooth, np.median(width))
        above = self.summary.share(self.background, usual)
        # Without a background, noise counts against a peak.
        self.share = np.minimum(above, self.summary.share())

    def _learnt_widths(self):
        mz, intensity = self.summary.mz, self.summary.intensity
        background, noise = background_and_noise(intensity, intensity, _USUAL_WIDTH)
        apex, prominence, left, right = _maxima(intensity - background, _STRONG * noise)
        strongest = np.argsort(-prominence, kind="stable")[:_MOST_STRONG]
        point = np.arange(len(mz))
        width = np.interp(right, point, mz) - np.interp(left, point, mz)
        if len(strongest) == 0:
            usual = _USUAL_WIDTH * np.median(np.diff(mz)) if len(mz) > 1 else 1.0
            return PowerLaw(usual / np.median(mz), 1.0)
        return PowerLaw.fit(mz[apex[strongest]], width[strongest])

    def _least_noise(self):
        """What one pixel with faint signal adds, where few have any; never 0."""
        intensity, share = self.summary.intensity, self.summary.share()
        apex, _ = signal.find_peaks(np.pad(self.smooth, 1))
        apex = apex - 1
        apex = apex[(intensity[apex] > 0) & (share[apex] > 0)]
        faint = np.quantile(intensity[apex] / share[apex], _FAINT) if len(apex) else 0.0
        rounding = np.finfo(np.float32).eps * intensity.max()
        return np.maximum(faint / self.summary.n_pixels * (1 - share), rounding)

    def pick(self, minimum_share, minimum_snr):
        """Return the maxima that stand out of their surroundings and that pixels agree on.

        Parameters
        ----------
        minimum_share : float
            Least share of pixels behind the mean above the background at a peak, see
            `SummarySpectrum.share`.
        minimum_snr : float
            Least height over the background, and over the valleys beside it, in units of the noise.

        Returns
        -------
        Peaks
        """
        if self.empty:
            return Peaks.around(np.empty(0), 0.0)
        mz = self.summary.mz
        apex, _, left, right = _maxima(self.smooth - self.background, minimum_snr * self.noise)
        # On a grid, the points of few spectra may all have missed the apex by a little.
        share = ndimage.maximum_filter1d(self.share, 3)[apex]
        # The mean over its standard error, squared, follows from the participation ratio.
        significance = self.summary.n_pixels * share / np.maximum(1 - share, 1e-12)
        agreed = (significance >= _STANDARD_ERRORS**2) | (share >= _HALF)
        kept = agreed & (share >= minimum_share)
        point = np.arange(len(mz))
        left, right = (np.interp(side[kept], point, mz) for side in (left, right))
        apex = apex[kept]
        # Beside gaps in the axis the sides say little: the window has to hold the apex.
        reach = self.widths.width(mz[apex]) / 2
        centre = np.clip((left + right) / 2, mz[apex] - reach, mz[apex] + reach)
        centre, first = np.unique(centre, return_index=True)
        apex = apex[first]
        width = np.sqrt(np.maximum((right - left)[first] ** 2 - self.blur[apex] ** 2, 0))
        return self._around(centre, apex, width)

    def at(self, mz):
        """Return peaks at given m/z values, ascending, whether the spectrum has any there or not.

        Their width is that of peaks in general.
        """
        if self.empty:
            return Peaks.around(mz, mz * self.tolerance, snr=0.0, intensity=0.0)
        half = np.maximum(self.widths.width(mz) / 2, mz * self.tolerance)
        first, last = np.searchsorted(self.summary.mz, [mz - half, mz + half])
        first = np.minimum(first, len(self.smooth) - 1)
        last = np.maximum(last, first + 1)
        apex = [a + np.argmax(self.smooth[a:b]) for a, b in zip(first, last, strict=True)]
        return self._around(mz, np.array(apex), self.widths.width(mz))

    def _around(self, mz, apex, width):
        half_width = np.maximum(_WIDTHS * self.widths.width(mz), mz * self.tolerance)
        snr = (self.smooth - self.background)[apex] / self.noise[apex]
        return Peaks.around(mz, half_width, width, snr, self.summary.intensity[apex])


def _maxima(values, least):
    """Find maxima, at the borders too; return index, prominence, and sides at half of it.

    Values are heights above the background, so that the tallest peak stands on it and not on zero.
    Both height and prominence of a maximum are ``least`` or more.
    """
    padded = np.pad(np.maximum(values, 0), 1)
    least = np.pad(least, 1, mode="edge")
    apex, found = signal.find_peaks(padded, height=least, prominence=least)
    measured = tuple(found[name] for name in ("prominences", "left_bases", "right_bases"))
    _, _, left, right = signal.peak_widths(padded, apex, 0.5, measured)
    return apex - 1, measured[0], left - 1, right - 1


def _running_mean(values, half):
    """Average over ``half`` points to each side, as many as there are; (n_points,) both."""
    point = np.arange(len(values))
    start = np.maximum(point - half, 0)
    stop = np.minimum(point + half + 1, len(values))
    cumulative = np.concatenate(([0.0], np.cumsum(values)))
    return (cumulative[stop] - cumulative[start]) / (stop - start)
