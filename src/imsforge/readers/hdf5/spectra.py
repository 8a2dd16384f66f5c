"""Spectra in an HDF5 file: dense arrays, in slabs that suit how they are packed, or sparse rows."""

from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from math import prod
from threading import Lock

import numpy as np

from imsforge.errors import IngestError
from imsforge.readers.hdf5.nodes import numbers, opened
from imsforge.readers.source import Block, Source, batches

# What is read at once, at most, where a file is packed across pixels.
_SLAB_BYTES = 2**27


@dataclass(frozen=True, kw_only=True)
class DenseSource(Source):
    """Spectra in dense datasets: matrices of pixels x peaks, or a cube of rows x columns x peaks.

    Attributes
    ----------
    datasets : (n_datasets,) str, paths inside the file; several stand side by side
    mz_first : bool, peaks are the first dimension, not the last
    order : (n_axis,) int64, which of the stored peaks the axis consists of; None for all, as stored
    place : (n_spectra,) int64 ascending, which of the stored pixels, row by row, the spectra are;
        None for all
    """

    datasets: np.ndarray
    mz_first: bool = False
    order: np.ndarray | None = None
    place: np.ndarray | None = None

    def loaders(self, max_points, spectrum_cost, rows=None):
        """Yield functions that read blocks; see `Source.loaders`."""
        rows = np.arange(self.n_spectra) if rows is None else rows
        place = rows if self.place is None else self.place[rows]
        n_rows = max(1, max_points // (len(self.axis) + spectrum_cost))
        with opened(self.path) as file:
            slab_places = max(
                _slab_places(numbers(file, name), self.mz_first, n_rows) for name in self.datasets
            )
        read = _shared(self._read)
        # No block reaches over slabs, so that each is read once.
        starts = np.flatnonzero(np.diff(place // slab_places, prepend=-1))
        for first, stop in pairwise(np.append(starts, len(place))):
            slab = int(place[first]), int(place[stop - 1]) + 1
            for start in range(first, stop, n_rows):
                rows = slice(int(start), int(min(start + n_rows, stop)))
                yield partial(self._load, read, slab, rows, place[rows])

    def _load(self, read, slab, rows, place):
        wanted = place - slab[0]
        values = read(*slab)
        # A stretch of pixels needs no copy.
        whole = wanted[-1] - wanted[0] == len(wanted) - 1
        values = values[wanted[0] : wanted[-1] + 1] if whole else values[wanted]
        indptr = np.arange(len(values) + 1, dtype=np.int64) * len(self.axis)
        return Block(rows, values.reshape(-1), indptr, self.axis)

    def _read(self, start, stop):
        with opened(self.path) as file:
            parts = [
                _read_places(numbers(file, name), self.mz_first, start, stop)
                for name in self.datasets
            ]
        values = np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
        if self.order is not None and len(values) and self.order.max() < values.shape[1]:
            values = values[:, self.order]
        if values.shape != (stop - start, len(self.axis)):
            raise IngestError(
                f"{self.path}: {self.datasets[0]} is not as it was indexed; run `ingest` again"
            )
        return values.astype(values.dtype.newbyteorder("="), copy=False)


def pixel_shape(shape, mz_first):
    """Return the dimensions of an array that pixels stand in: (n_pixels,) or (rows, columns)."""
    return tuple(shape[1:]) if mz_first else tuple(shape[:-1])


def _slab_places(dataset, mz_first, n_rows):
    """Return how many pixels to read at once: whole chunks, as far as memory allows."""
    pixels = pixel_shape(dataset.shape, mz_first)
    n_places = max(1, prod(pixels))
    spectrum_bytes = max(1, dataset.nbytes // n_places)
    if dataset.chunks:
        across = pixel_shape(dataset.chunks, mz_first)[0] * prod(pixels[1:])
    else:
        across = n_places if mz_first else 1
    if across * spectrum_bytes > _SLAB_BYTES:
        return max(n_rows, _SLAB_BYTES // spectrum_bytes)
    return across * max(1, n_rows // across)


def _read_places(dataset, mz_first, start, stop):
    """Read the spectra of some neighbouring places, counted row by row: (stop - start, n_peaks)."""
    if dataset.ndim == 2:
        return dataset[:, start:stop].T if mz_first else dataset[start:stop]
    _, n_columns = pixel_shape(dataset.shape, mz_first)
    top, bottom = start // n_columns, -(-stop // n_columns)
    left, right = 0, n_columns
    if bottom - top == 1:
        left, right = start - top * n_columns, stop - top * n_columns
    if mz_first:
        values = np.moveaxis(dataset[:, top:bottom, left:right], 0, -1)
    else:
        values = dataset[top:bottom, left:right]
    skipped = start - top * n_columns - left
    values = values.reshape(-1, values.shape[-1])
    return values[skipped : skipped + stop - start]


def _shared(read):
    """Let threads share what they read, one reading at a time; the last two readings are kept."""
    lock, cached = Lock(), lru_cache(maxsize=2)(read)

    def get(*place):
        with lock:
            return cached(*place)

    return get


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

    @property
    def listed_mz(self):
        """The m/z values of the columns, in the file's order."""
        return self.peak_mz

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
