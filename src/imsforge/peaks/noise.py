"""Background and noise along a spectrum: in sparse and dense regions, and between zeros."""

from itertools import pairwise

import numpy as np
from scipy import ndimage

# Lengths in peak widths: of the segments that background and noise are constant over, and of what
# the background follows at once.
_BACKGROUND_SEGMENT = 50
_NOISE_SEGMENT = 200
_VALLEY = 6
# Quantiles need points: for background and noise.
_FEWEST_POINTS = (200, 1000)
_ROUNDS = 3
# Points this many standard deviations above the background are peaks.
_CLIP = 3.0
# Quantile that lies one standard deviation below the median of a normal distribution.
_ONE_SIGMA_BELOW = 0.1587
# Standard deviation of a normal distribution over its median absolute deviation.
_SIGMA_OF_MAD = 1.4826
# A fifth of the segments, at least, should show enough background to be measured there.
_QUIET = 0.2
# How much rougher than the quiet segments' noise the noise of a segment may be.
_MARGIN = 2.0


def background_and_noise(spectrum, smooth, width):
    """Estimate the background of a smoothed spectrum and its noise.

    Both begin as location and spread of the points that are left when peaks are clipped off,
    segment by segment. Where peaks are so dense that these are peaks' flanks, two bounds hold: the
    background lies near the valleys; and the noise is not much more than the roughness of the
    unsmoothed spectrum, its fourth differences, tells, to which smooth peaks add little. By how
    much smoothing and the correlation of neighbouring points lower the noise against the
    roughness, the quietest segments tell.

    Parameters
    ----------
    spectrum, smooth : (n_points,) float64
    width : float
        Full width at half height of a peak, in points.

    Returns
    -------
    background, noise : (n_points,) float64
        Noise is a standard deviation; 0 where most points are zero.
    """
    segments = _Segments(len(smooth), _BACKGROUND_SEGMENT * width, _FEWEST_POINTS[0])
    background = np.zeros(len(smooth))
    for _ in range(_ROUNDS):  # each round sees less of a slope
        level, _ = segments.clipped(smooth - background)
        background = background + segments.line(level)

    segments = _Segments(len(smooth), _NOISE_SEGMENT * width, _FEWEST_POINTS[1])
    _, spread = segments.clipped(smooth - background)
    roughness = segments.medians(_roughness(spectrum))
    measured = (spread > 0) & (roughness > 0)
    if measured.any():
        gain = np.quantile(spread[measured] / roughness[measured], _QUIET)
        spread = np.minimum(spread, _MARGIN * gain * roughness)
    noise = np.interp(np.arange(len(smooth)), segments.centre, spread)
    size = 2 * int(np.ceil(_VALLEY * width / 2)) + 1
    valleys = ndimage.grey_opening(smooth - background, size)
    return background + np.minimum(valleys + _CLIP * noise, 0), noise


class _Segments:
    def __init__(self, n_points, length, fewest):
        n_segments = max(1, round(n_points / max(length, fewest)))
        edges = np.linspace(0, n_points, n_segments + 1).astype(int)
        self.slices = [slice(*pair) for pair in pairwise(edges)]
        self.centre = (edges[1:] + edges[:-1] - 1) / 2
        self.n_points = n_points

    def clipped(self, values):
        """Return location and spread of each segment, without peaks."""
        return np.transpose([_clipped(values[segment]) for segment in self.slices])

    def line(self, level):
        """Join the segments' levels by straight lines, which go on beyond the outer centres."""
        point = np.arange(self.n_points)
        if len(level) == 1:
            return np.full(self.n_points, level[0])
        first, last = np.diff(level)[[0, -1]] / np.diff(self.centre)[[0, -1]]
        ends = (np.minimum(point - self.centre[0], 0), np.maximum(point - self.centre[-1], 0))
        return np.interp(point, self.centre, level) + first * ends[0] + last * ends[1]

    def medians(self, values):
        return np.array([np.median(values[segment]) for segment in self.slices])


def _clipped(values):
    """Return median and spread of what is left when high values are clipped off, again and again.

    The spread is taken below the median, where peaks are not.
    """
    values = np.sort(values)
    n_left = len(values)
    while True:
        median = values[n_left // 2]
        spread = median - values[int(_ONE_SIGMA_BELOW * n_left)]
        n_next = np.searchsorted(values[:n_left], median + _CLIP * spread, side="right")
        if n_next == n_left:
            return median, spread
        n_left = int(n_next)


def _roughness(spectrum):
    """Return absolute fourth differences, as standard deviations of white noise in the median."""
    if len(spectrum) < 5:
        return np.zeros(len(spectrum))
    differences = np.abs(np.diff(np.pad(spectrum, 2, mode="edge"), 4))
    return differences * (_SIGMA_OF_MAD / np.sqrt(70))  # 70 is 1 + 16 + 36 + 16 + 1
