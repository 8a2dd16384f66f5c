"""The values of spectra: what is wrong with them, and how it is mended."""

import numpy as np

from imsforge.readers.axis import possible_mz
from imsforge.readers.source import Block

#: Problems that values can have, as bits of one number a spectrum.
DEFECTS = {
    "impossible_mz": 1,
    "non_finite_intensity": 2,
    "unsorted_mz": 4,
    "negative_intensity": 8,
    "denormal_intensity": 16,
}
# No unit makes the total of a spectrum as small as this; small integers taken for floats do.
_LEAST_TOTAL = 1e-20
# More than a detector gives, less than what damaged files hold.
_LARGEST = 1e30


def defects_of(block):
    """Find out what is wrong with the values of each spectrum.

    Parameters
    ----------
    block : Block, as read from the file

    Returns
    -------
    (n_rows,) uint8, sums of `DEFECTS`
    """
    defects = np.zeros(block.n_rows, dtype=np.uint8)
    intensity = block.intensity
    if intensity.size == 0:
        return defects
    # One look at the extremes tells that nothing is wrong; NaN fails both comparisons.
    lowest, highest = intensity.min(), intensity.max()
    if not (lowest >= -_LARGEST and highest <= _LARGEST):
        _mark(defects, block, ~_usable(intensity), "non_finite_intensity")
    if not lowest >= 0:
        _mark(defects, block, (intensity < 0) & _usable(intensity), "negative_intensity")
    if block.axis is None:
        mz = block.own_mz
        if not (possible_mz(mz.min()) and possible_mz(mz.max())):
            # Writers mark an empty spectrum, or fill one up, by points without m/z and intensity.
            filler = (mz == 0) & (intensity == 0)
            _mark(defects, block, ~(possible_mz(mz) | filler), "impossible_mz")
        descends = np.concatenate(([False], mz[1:] < mz[:-1]))
        starts = block.indptr[:-1]
        descends[starts[starts < len(mz)]] = False
        if descends.any():
            _mark(defects, block, descends, "unsorted_mz")
    return defects


def denormal(total):
    """Tell which spectra have a total of next to nothing, but not nothing.

    Parameters
    ----------
    total : (n_rows,) float64

    Returns
    -------
    (n_rows,) uint8, as `defects_of` returns them
    """
    return np.where((total > 0) & (total < _LEAST_TOTAL), DEFECTS["denormal_intensity"], 0).astype(
        np.uint8
    )


def repaired(block, defects):
    """Return a block with finite intensities of at least 0, and possible m/z that ascend.

    Parameters
    ----------
    block : Block
    defects : (n_rows,) uint8, as `defects_of` finds them

    Returns
    -------
    Block
        With other numbers of points, where points had an impossible m/z.
    """
    found = int(np.bitwise_or.reduce(defects, initial=0))
    if not found:
        return block
    intensity, indptr, mz = block.intensity, block.indptr, block.own_mz
    if found & DEFECTS["non_finite_intensity"]:
        intensity = np.where(_usable(intensity), intensity, 0)
    if found & DEFECTS["negative_intensity"]:
        intensity = np.maximum(intensity, 0)
    if found & DEFECTS["impossible_mz"]:
        possible = possible_mz(mz)
        intensity, mz = intensity[possible], mz[possible]
        indptr = np.concatenate(([0], np.cumsum(possible)))[indptr]
    if found & (DEFECTS["unsorted_mz"] | DEFECTS["impossible_mz"]):  # NaN hides a descent
        order = np.lexsort((mz, np.repeat(np.arange(block.n_rows), np.diff(indptr))))
        intensity, mz = intensity[order], mz[order]
    return Block(block.rows, intensity, indptr, block.axis, mz)


def explain(block, problem):
    """Say where the first spectrum of a block has a problem: "point 2: intensity is nan"."""
    intensity, mz = block.intensity, block.own_mz
    if problem == "impossible_mz":
        point = np.argmax(~(possible_mz(mz) | ((mz == 0) & (intensity == 0))))
        return f"point {point + 1}: m/z is {mz[point]:g}"
    if problem == "unsorted_mz":
        point = np.argmax(mz[1:] < mz[:-1])
        return f"point {point + 2}: m/z is {mz[point + 1]:g} after {mz[point]:g}"
    if problem == "denormal_intensity":
        point = np.argmax(intensity != 0)
        return f"point {point + 1}: intensity is {intensity[point]:.3g}"
    usable = _usable(intensity)
    wrong = (intensity < 0) & usable if problem == "negative_intensity" else ~usable
    point = np.argmax(wrong)
    return f"point {point + 1}: intensity is {intensity[point]:g}"


def _usable(intensity):
    return (intensity >= -_LARGEST) & (intensity <= _LARGEST)


def _mark(defects, block, points, problem):
    rows = np.searchsorted(block.indptr, np.flatnonzero(points), side="right") - 1
    defects[rows] |= DEFECTS[problem]
