"""Peaks that a measurement brings along: columns of m/z values that spectra have in common."""

import logging

import numpy as np

from imsforge.peaks.windows import Peaks

logger = logging.getLogger(__name__)

# More distinct m/z values than this are no columns, unless the file lists them.
_MOST_COLUMNS = 100_000
# Of columns each value comes back, and few are as near to the next as if both were one peak.
_FEWEST_REPEATS = 2
_MOST_NEIGHBOURS = 0.1
# Neighbours are two peaks after all where spectra show both: this share of those with the rarer.
_TOGETHER = 0.05
# Nearer ones that no file lists are one peak all the same: no analyser tells them apart.
_SAME = 3e-6
# So many m/z values are named in a message.
_NAMED = 5


class FileColumns:
    """The distinct m/z values of one file, as long as they may be columns.

    Parameters
    ----------
    listed : (n_listed,) float64 or None
        Values that the file lists for all of its spectra; these are columns in any case.
    tolerance : float, relative

    Attributes
    ----------
    values : (n_values,) float64, ascending
    sums : (3, n_values) float64: points, those that their spectrum goes on from within the
        tolerance, and intensity
    repeated : (n_repeated,) float64, listed values that were listed before
    """

    def __init__(self, listed, tolerance):
        self.listed, self.tolerance = listed is not None, tolerance
        self.values, n_listed = np.unique([] if listed is None else listed, return_counts=True)
        self.repeated = np.repeat(self.values, n_listed - 1)
        self.sums = np.zeros((3, len(self.values)))

    @property
    def too_many(self):
        """Whether there are more values than columns can be."""
        return not self.listed and len(self.values) > _MOST_COLUMNS

    def part(self, block):
        """Return what a block adds: distinct m/z values and their sums."""
        if block.axis is not None:
            intensity = block.intensity.reshape(block.n_rows, -1).sum(axis=0, dtype=np.float64)
            points = np.full(len(intensity), float(block.n_rows))
            return _by_value(block.axis, np.stack([points, np.zeros_like(points), intensity]))
        if self.too_many or len(block.own_mz) == 0:
            return np.empty(0), np.empty((3, 0))
        mz = block.own_mz
        gap = np.diff(mz, append=np.inf)
        gap[block.indptr[1:-1] - 1] = np.inf
        near = (gap > 0) & (gap <= self.tolerance * mz)
        sums = np.stack([np.ones(len(mz)), near, block.intensity.astype(np.float64)])
        use = mz > 0  # 0 only fills up
        return _by_value(mz[use], sums[:, use])

    def add(self, values, sums):
        """Add what a block adds."""
        if self.too_many or len(values) == 0:
            return
        if not np.array_equal(values, self.values):
            known, own = self.values, self.sums
            self.values = np.union1d(known, values)
            self.sums = np.zeros((3, len(self.values)))
            self.sums[:, np.searchsorted(self.values, known)] = own
        self.sums[:, np.searchsorted(self.values, values)] += sums

    def count_neighbours(self):
        """Count values so near to the next one, and so seldom beside it, as if both were one."""
        n_points, n_near, _ = self.sums
        near = np.diff(self.values) <= self.tolerance * self.values[:-1]
        rarer = np.minimum(n_points[1:], n_points[:-1])
        return np.count_nonzero(near & (n_near[:-1] < np.maximum(_TOGETHER * rarer, 1)))


def form_columns(files):
    """Tell whether the m/z values of files are columns.

    They are where the files list them, or where values repeat exactly and are not those of peaks
    that lie elsewhere in each spectrum, rounded.

    Parameters
    ----------
    files : list of FileColumns
    """
    files = [file for file in files if not file.listed]
    n_values = sum(len(file.values) for file in files)
    n_points = sum(file.sums[0].sum() for file in files)
    n_neighbours = sum(file.count_neighbours() for file in files)
    return (
        not any(file.too_many for file in files)
        and n_points >= _FEWEST_REPEATS * n_values
        and n_neighbours <= _MOST_NEIGHBOURS * n_values
    )


class ColumnPeaks:
    """Peaks that are columns: the distinct m/z values of a file, those of several files joined.

    Parameters
    ----------
    files : list of FileColumns
    tolerance : float, relative
        How far columns of two files may lie apart to be one peak.
    n_pixels : int
    """

    def __init__(self, files, tolerance, n_pixels):
        self.files, self.tolerance, self.n_pixels = files, tolerance, n_pixels

    def pick(self, minimum_share):
        """Return all columns with signal, also those that few pixels show."""
        mz = np.unique(np.concatenate([file.values for file in self.files]))
        there = np.zeros((len(self.files), len(mz)), dtype=bool)
        intensity = np.zeros(len(mz))
        for own, file in zip(there, self.files, strict=True):
            place = np.searchsorted(mz, file.values)
            own[place] = True
            intensity[place] += file.sums[2]
        listed = np.array([file.listed for file in self.files])
        first = join(mz, there, self.tolerance, listed)
        if len(first) == 0:
            return Peaks.around(mz, 0.0)
        last = np.append(first[1:], len(mz)) - 1
        self._tell(mz, first, last, intensity)

        total = np.add.reduceat(intensity, first)
        offset = mz - np.repeat(mz[first], last - first + 1)
        moment = np.add.reduceat(intensity * offset, first)
        kept = total > 0
        first, last, total, moment = first[kept], last[kept], total[kept], moment[kept]
        centre = mz[first] + moment / total
        return Peaks.around(
            centre,
            centre * self.tolerance,
            intensity=total / self.n_pixels,
            ends=(mz[first], mz[last]),
        )

    def at(self, mz):
        """Return peaks at given m/z values, ascending."""
        return Peaks.around(mz, mz * self.tolerance)

    def _tell(self, mz, first, last, intensity):
        repeated = np.concatenate([file.repeated for file in self.files])
        if len(repeated):
            logger.warning(
                "%d columns have the m/z of another (%s): added up, one peak for each m/z",
                len(repeated),
                _named(repeated),
            )
        several = first[first < last]
        if len(several):
            logger.info(
                "%d peaks join columns of files that differ by up to %.3g ppm (%s)",
                len(several),
                np.max(mz[last] / mz[first] - 1) * 1e6,
                _named(mz[several]),
            )
        empty = np.add.reduceat(intensity, first) == 0
        if empty.any():
            logger.warning(
                "%d of %d columns show no signal in any pixel: left out (%s)",
                np.count_nonzero(empty),
                len(first),
                _named(mz[first[empty]]),
            )


def join(mz, there, tolerance, listed):
    """Join neighbouring m/z values of several files, the nearest ones first.

    Two of one file are never joined, unless it lists none and they lie as near as `_SAME`; nor what
    would reach over more than the tolerance.

    Parameters
    ----------
    mz : (n_values,) float64, ascending and distinct
    there : (n_files, n_values) bool, which file has which value
    tolerance : float, relative
    listed : (n_files,) bool, which file lists its values

    Returns
    -------
    (n_peaks,) int64, the first value of each peak
    """
    gap = np.diff(mz) / mz[:-1]
    apart = np.where(gap <= _SAME, _both(there[listed]), _both(there))
    possible = (gap <= tolerance) & ~apart
    # At the ends of what is joined: where it begins, and where it stops.
    start, stop = np.arange(len(mz)), np.arange(1, len(mz) + 1)
    begins = np.ones(len(mz), dtype=bool)
    for left in np.flatnonzero(possible)[np.argsort(gap[possible], kind="stable")]:
        low, high = start[left], stop[left + 1]
        span = mz[high - 1] - mz[low]
        own = (there[listed] if span <= _SAME * mz[low] else there)[:, low:high]
        if span <= tolerance * mz[low] and own.sum(axis=1).max(initial=0) <= 1:
            begins[left + 1] = False
            start[high - 1], stop[low] = low, high
    return np.flatnonzero(begins)


def _both(there):
    """Tell of which neighbouring values a file has both."""
    return (there[:, 1:] & there[:, :-1]).any(axis=0)


def _by_value(mz, sums):
    """Add up sums, (n_sums, n_points), over points of one m/z; return distinct values and sums."""
    if (np.diff(mz) < 0).any():
        order = np.argsort(mz, kind="stable")
        mz, sums = mz[order], sums[:, order]
    first = np.flatnonzero(np.diff(mz, prepend=-np.inf) > 0)
    return mz[first], np.add.reduceat(sums, first, axis=1) if len(first) else sums[:, :0]


def _named(mz):
    more = f" and {len(mz) - _NAMED} more" if len(mz) > _NAMED else ""
    return ", ".join(f"{value:.4f}" for value in mz[:_NAMED]) + more
