"""A look at every value of a raw file, once: total ion currents, m/z range, and what is wrong."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from imsforge.ingest.values import defects_of, denormal, repaired
from imsforge.readers.axis import possible_mz
from imsforge.readers.columns import listed

_BLOCK_POINTS = 2**19
_SPECTRUM_COST = 32
# So many m/z values are named in a message.
_NAMED = 5


@dataclass(frozen=True)
class Survey:
    """What the values of some spectra are like.

    Attributes
    ----------
    total_ion_current : (n_rows,) float64, after mending
    defects : (n_rows,) uint8, sums of `imsforge.ingest.values.DEFECTS`
    mz_range : (2,) float64, smallest and largest possible m/z; NaN where there is no point
    columns : _Columns, which of the m/z values that the file lists have signal
    """

    total_ion_current: np.ndarray
    defects: np.ndarray
    mz_range: np.ndarray
    columns: "_Columns"

    def of(self, chosen):
        """Return the survey of some of its rows; m/z range and columns stay those of all."""
        total, defects = self.total_ion_current[chosen], self.defects[chosen]
        return replace(self, total_ion_current=total, defects=defects)


def survey(source, rows):
    """Read some spectra of a raw file and look at their values, in bounded memory.

    Parameters
    ----------
    source : Source
    rows : (n_rows,) ascending int array

    Returns
    -------
    Survey
    """
    total = np.zeros(len(rows))
    defects = np.zeros(len(rows), dtype=np.uint8)
    ranges, columns = [], _Columns(source)
    name = Path(source.path).name
    with tqdm(desc=f"looking through {name}", total=len(rows), unit="px", disable=None) as progress:
        for load in source.loaders(_BLOCK_POINTS, _SPECTRUM_COST, rows):
            block = load()
            found = defects_of(block)
            block = repaired(block, found)
            total[block.rows] = block.sums()
            defects[block.rows] = found | denormal(total[block.rows])
            ranges.append(_mz_range(block))
            columns.add(block)
            progress.update(block.n_rows)
    ranges = np.array([pair for pair in ranges if pair is not None])
    mz_range = (ranges[:, 0].min(), ranges[:, 1].max()) if len(ranges) else (np.nan, np.nan)
    return Survey(total, defects, np.array(mz_range, dtype=np.float64), columns)


class _Columns:
    """The distinct m/z values that a file of centroids lists, and which of them have signal."""

    def __init__(self, source):
        values = source.listed_mz if source.mode == "centroid" else None
        self.mz = np.unique([] if values is None else values)
        self.signal = np.zeros(len(self.mz), dtype=bool)

    def add(self, block):
        """Look at the points of a block."""
        if len(self.mz) == 0:
            return
        there = block.intensity > 0
        if block.axis is not None:
            mz = block.axis[there.reshape(block.n_rows, -1).any(axis=0)]
        else:
            mz = block.own_mz[there]
        self.signal[np.searchsorted(self.mz, mz)] = True

    def notes(self):
        """Tell of those without."""
        empty = self.mz[~self.signal]
        if len(empty) == 0:
            return []
        named = listed([f"{mz:.4f}" for mz in empty], _NAMED)
        count = f"{len(empty)} of {len(self.mz)} columns show no signal in any pixel"
        return [f"{count}: no peaks are found there ({named})"]


def _mz_range(block):
    if block.intensity.size == 0:
        return None
    if block.axis is not None:
        return block.axis[0], block.axis[-1]
    lowest, highest = block.own_mz.min(), block.own_mz.max()
    if possible_mz(lowest):
        return lowest, highest
    possible = block.own_mz[possible_mz(block.own_mz)]  # without the filler of empty spectra
    return (possible.min(), possible.max()) if possible.size else None
