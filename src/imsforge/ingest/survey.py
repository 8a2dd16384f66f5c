"""A look at every value of a raw file, once: total ion currents, m/z range, and what is wrong."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from imsforge.ingest.values import defects_of, denormal, repaired
from imsforge.readers.axis import possible_mz

_BLOCK_POINTS = 2**19
_SPECTRUM_COST = 32


@dataclass(frozen=True)
class Survey:
    """What the values of some spectra are like.

    Attributes
    ----------
    total_ion_current : (n_rows,) float64, after mending
    defects : (n_rows,) uint8, sums of `imsforge.ingest.values.DEFECTS`
    mz_range : (2,) float64, smallest and largest possible m/z; NaN where there is no point
    """

    total_ion_current: np.ndarray
    defects: np.ndarray
    mz_range: np.ndarray

    def of(self, chosen):
        """Return the survey of some of its rows; the m/z range stays that of all."""
        return Survey(self.total_ion_current[chosen], self.defects[chosen], self.mz_range)


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
    ranges = []
    name = Path(source.path).name
    with tqdm(desc=f"looking through {name}", total=len(rows), unit="px", disable=None) as progress:
        for load in source.loaders(_BLOCK_POINTS, _SPECTRUM_COST, rows):
            block = load()
            found = defects_of(block)
            block = repaired(block, found)
            total[block.rows] = block.sums()
            defects[block.rows] = found | denormal(total[block.rows])
            ranges.append(_mz_range(block))
            progress.update(block.n_rows)
    ranges = np.array([pair for pair in ranges if pair is not None])
    mz_range = (ranges[:, 0].min(), ranges[:, 1].max()) if len(ranges) else (np.nan, np.nan)
    return Survey(total, defects, np.array(mz_range, dtype=np.float64))


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
