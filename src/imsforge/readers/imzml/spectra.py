"""Spectra of an imzML: read from the .ibd, block by block."""

import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from imsforge.artifacts.hdf5 import Artifact
from imsforge.errors import IngestError
from imsforge.readers.imzml.ibd import read_arrays
from imsforge.readers.source import Block, Source, batches


@dataclass(frozen=True, kw_only=True)
class BinaryArrays(Artifact):
    """Where one array of each spectrum lies in the .ibd.

    Attributes
    ----------
    offset, n_bytes : (n_spectra,) int64, as stored
    kind : (n_spectra,) uint16, index into ``dtypes`` and ``compressed``
    dtypes : (n_kinds,) str, NumPy types
    compressed : (n_kinds,) bool, True for zlib
    """

    offset: np.ndarray
    n_bytes: np.ndarray
    kind: np.ndarray
    dtypes: np.ndarray
    compressed: np.ndarray

    def read(self, path, rows, count):
        """Read the first ``count`` values of the arrays at ``rows``, one array after the other.

        Raises
        ------
        IngestError
            If the file cannot be read, or an array cannot be unpacked.
        """
        try:
            return self._read_kinds(path, rows, count)
        except (OSError, EOFError, zlib.error) as error:
            others = f" or one of the {len(rows) - 1} after it" if len(rows) > 1 else ""
            raise IngestError(
                f"{path}: spectrum {rows[0] + 1}{others} cannot be read ({error}); "
                "copy the file again"
            ) from error

    def _read_kinds(self, path, rows, count):
        kinds = np.unique(self.kind[rows])
        if len(kinds) == 1:
            return self._read(path, rows, count, kinds[0])
        values = np.empty(
            count.sum(), np.result_type(*(np.dtype(str(self.dtypes[kind])) for kind in kinds))
        )
        owner = np.repeat(self.kind[rows], count)
        for kind in kinds:
            own = self.kind[rows] == kind
            values[owner == kind] = self._read(path, rows[own], count[own], kind)
        return values

    def _read(self, path, rows, count, kind):
        dtype = np.dtype(str(self.dtypes[kind]))
        if not self.compressed[kind]:
            return read_arrays(path, self.offset[rows], count, dtype)
        packed = read_arrays(path, self.offset[rows], self.n_bytes[rows], np.uint8)
        ends = np.cumsum(self.n_bytes[rows])
        values = [
            _unpacked(packed[end - size : end], n, dtype)
            for end, size, n in zip(ends, self.n_bytes[rows], count, strict=True)
        ]
        return np.concatenate(values) if values else np.empty(0, dtype)


def _unpacked(packed, count, dtype):
    # The length is bounded: a few bytes of zlib can unpack to any number of them.
    wanted = int(count) * dtype.itemsize
    unpacked = zlib.decompressobj().decompress(packed, wanted + 1) if wanted else b""
    if len(unpacked) < wanted:
        raise EOFError(f"a zlib array holds {len(unpacked)} bytes, not {wanted}")
    return np.frombuffer(unpacked, dtype, count=int(count))


@dataclass(frozen=True, kw_only=True)
class IbdSource(Source):
    """The spectra of an imzML.

    Attributes
    ----------
    imzml : str, path of the XML half; ``path`` is that of the .ibd
    intensity_arrays : BinaryArrays
    mz_arrays : BinaryArrays, None where there is a common axis
    columns : (n_axis,) int64, where the values of the common axis stand among the ``n_stored``
        of each spectrum in the file; None where all are taken, in order
    n_stored : int
    """

    imzml: str
    intensity_arrays: BinaryArrays
    mz_arrays: BinaryArrays | None = None
    columns: np.ndarray | None = None
    n_stored: int = 0

    @property
    def files(self):
        """The XML and the .ibd."""
        return [Path(self.imzml), Path(self.path)]

    def loaders(self, max_points, spectrum_cost, rows=None):
        """Yield functions that read blocks; see `Source.loaders`."""
        rows = np.arange(self.n_spectra) if rows is None else rows
        for batch in batches(self.n_points[rows] + spectrum_cost, max_points):
            yield partial(self._load, batch, rows[batch])

    def _load(self, batch, rows):
        count = self.n_points[rows]
        path = Path(self.path)
        if self.axis is None:
            intensity = self.intensity_arrays.read(path, rows, count)
            mz = self.mz_arrays.read(path, rows, count).astype(np.float64, copy=False)
        else:
            intensity, mz = self._read_on_axis(path, rows, count), None
        indptr = np.concatenate(([0], np.cumsum(count)))
        return Block(batch, intensity, indptr, self.axis, mz)

    def _read_on_axis(self, path, rows, count):
        if self.columns is None:
            return self.intensity_arrays.read(path, rows, count)
        # Of an axis that is out of order, or that holds impossible values, some columns are read.
        n_stored = np.full(len(rows), self.n_stored)
        stored = self.intensity_arrays.read(path, rows, n_stored)
        return stored.reshape(len(rows), self.n_stored)[:, self.columns].ravel()
