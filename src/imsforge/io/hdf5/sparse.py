"""Spectra in a sparse matrix of an HDF5 file, compressed by rows."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from imsforge.errors import IngestError
from imsforge.io.hdf5.nodes import numbers, opened
from imsforge.io.raw.block import Block
from imsforge.io.raw.source import Source, batches


@dataclass(frozen=True, kw_only=True)
class SparseSource(Source):
    """Spectra in a matrix of compressed sparse rows: what is not stored is no point.

    Attributes
    ----------
    values, indices : str, paths inside the file: intensities, and the peak that each belongs to
    start : (n_spectra + 1,) int64, where the points of each spectrum begin in both
    peak_mz : (n_peaks,) float64
    """

    values: str
    indices: str
    start: np.ndarray
    peak_mz: np.ndarray

    def loaders(self, max_points, spectrum_cost, rows=None):
        """Yield functions that read blocks; see `Source.loaders`."""
        rows = np.arange(self.n_spectra) if rows is None else rows
        for batch in batches(self.n_points[rows] + spectrum_cost, max_points):
            yield partial(self._load, batch, rows[batch])

    def _load(self, batch, rows):
        stretches = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
        spans = [slice(self.start[part[0]], self.start[part[-1] + 1]) for part in stretches]
        with opened(self.path) as file:
            intensity, peak = (
                np.concatenate([numbers(file, name)[span] for span in spans])
                for name in (self.values, self.indices)
            )
        count = self.n_points[rows]
        if len(intensity) != count.sum() or len(peak) != count.sum():
            raise IngestError(f"{self.path}: {self.values} is cut off; copy the file again")
        if len(peak) and not (peak.min() >= 0 and peak.max() < len(self.peak_mz)):
            raise IngestError(
                f"{self.path}: {self.indices} has numbers of peaks that there are not, in spectra "
                f"{rows[0] + 1} to {rows[-1] + 1}; export it again"
            )
        indptr = np.concatenate(([0], np.cumsum(count)))
        return Block(batch, intensity, indptr, own_mz=self.peak_mz[peak])
