"""The index of a measurement, and its spectra as a stream of blocks."""

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from imsforge.errors import IngestError
from imsforge.io.artifacts import Artifact
from imsforge.io.axis import possible_mz
from imsforge.io.spans import read_arrays

# A block of this many points takes 6 MB; larger ones leave the processor's cache.
_BLOCK_POINTS = 2**19
# What a spectrum costs beside its points, in points: bounds the pixels of a block of empty spectra.
_SPECTRUM_COST = 32
# More than a detector gives, less than what damaged files hold.
_INTENSITY_MAX = 1e30


@dataclass(frozen=True)
class Block:
    """Spectra of neighbouring rows, one after the other.

    Attributes
    ----------
    rows : slice of the measurement's pixels
    mz : (n_points,) float64, or (n_axis,) where the measurement has a common axis
    intensity : (n_points,) in the measurement's own type, finite and not negative
    indptr : (n_rows + 1,) int64; spectrum ``i`` is ``intensity[indptr[i] : indptr[i + 1]]``
    n_negative : int, how many negative intensities were set to zero
    """

    rows: slice
    mz: np.ndarray
    intensity: np.ndarray
    indptr: np.ndarray
    n_negative: int = 0


@dataclass(frozen=True)
class Measurement(Artifact):
    """``spectra.h5``: where each spectrum of a raw file lies; an index, not a copy.

    Attributes
    ----------
    format : "imzML" or "HDF5"
    mode : "profile" or "centroid"
    layout : "continuous" (one m/z axis), "processed" (one a spectrum) or "matrix" (HDF5)
    x, y : (n_pixels,) int32, pixel coordinates as given
    axis : (n_axis,) float64 ascending, the common m/z axis; None for layout "processed"
    mz_offset, intensity_offset : (n_pixels,) int64, first byte of each array in the .ibd; None
        where an array is not there
    n_points : (n_pixels,) int64, points of each spectrum
    mz_dtype, intensity_dtype : NumPy type strings as stored in the raw file
    file_path, file_bytes, file_sha256 : (n_files,) the raw files; the last holds the spectra
    warnings : (n_warnings,) str, sentences with their counts
    annotations : dict of (n_pixels,) arrays of numbers or strings, by name
    """

    format: str
    mode: str
    layout: str
    x: np.ndarray
    y: np.ndarray
    n_points: np.ndarray
    mz_dtype: str
    intensity_dtype: str
    file_path: np.ndarray
    file_bytes: np.ndarray
    file_sha256: np.ndarray
    axis: np.ndarray | None = None
    mz_offset: np.ndarray | None = None
    intensity_offset: np.ndarray | None = None
    warnings: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=str))
    annotations: dict = field(default_factory=dict)

    def __post_init__(self):
        # HDF5 hands strings back as arrays without dimensions.
        for name in ("format", "mode", "layout", "mz_dtype", "intensity_dtype"):
            object.__setattr__(self, name, str(getattr(self, name)))

    @property
    def n_pixels(self):
        """Number of spectra."""
        return len(self.x)

    @property
    def source(self):
        """The raw file that holds the spectra."""
        return Path(str(self.file_path[-1]))

    def describe(self, row):
        """Name a spectrum for a message, counted from 1 as imzML does."""
        return f"spectrum {row + 1} (x {self.x[row]}, y {self.y[row]})"

    def summary(self):
        """Return what was read as plain values, for ``ingest.json``; no time stamps."""
        return {
            "format": self.format,
            "mode": self.mode,
            "layout": self.layout,
            "pixels": self.n_pixels,
            "width": int(np.ptp(self.x)) + 1,
            "height": int(np.ptp(self.y)) + 1,
            "points": int(self.n_points.sum()),
            "mz_range": None if self.axis is None else [float(self.axis[0]), float(self.axis[-1])],
            "mz_dtype": np.dtype(self.mz_dtype).name,
            "intensity_dtype": np.dtype(self.intensity_dtype).name,
            "annotations": sorted(self.annotations),
            "files": [
                {"path": str(path), "bytes": int(size), "sha256": str(sha256)}
                for path, size, sha256 in zip(
                    self.file_path, self.file_bytes, self.file_sha256, strict=True
                )
            ],
            "warnings": [str(warning) for warning in self.warnings],
        }

    def blocks(self, max_points=_BLOCK_POINTS, spectrum_cost=_SPECTRUM_COST):
        """Yield all spectra in order, as `Block` objects.

        The raw file is read straight through. Memory is bounded by the size of a block, or by the
        longest spectrum.

        Parameters
        ----------
        max_points : int
            Points of a block, about.
        spectrum_cost : int
            What the caller stores for each spectrum, in points: spectra with few points fill a
            block by their number.

        Raises
        ------
        IngestError
            If the raw file changed since it was indexed, or holds NaN or infinite intensities,
            impossible m/z values or a spectrum whose m/z values do not ascend.
        """
        self._check_unchanged()
        read = self._matrix_blocks if self.layout == "matrix" else self._ibd_blocks
        for block in read(max_points, spectrum_cost):
            yield self._checked(block)

    def some_axes(self, n_spectra=16):
        """Return the possible m/z values of a few spectra that hold points, spread over pixels."""
        if self.axis is not None:
            return [self.axis]
        filled = np.flatnonzero(self.n_points)
        rows = filled[:: max(1, len(filled) // n_spectra)]
        if len(rows) == 0:
            return []
        mz, _, indptr = self.read_rows(rows)
        return [axis[possible_mz(axis)] for axis in np.split(mz, indptr[1:-1])]

    def read_rows(self, rows):
        """Read the spectra of an .ibd at a slice or array of rows: (mz, intensity, indptr)."""
        count = self.n_points[rows]
        indptr = np.concatenate(([0], np.cumsum(count)))
        try:
            intensity = read_arrays(
                self.source, self.intensity_offset[rows], count, self.intensity_dtype
            )
            if self.axis is not None:
                return self.axis, intensity, indptr
            mz = read_arrays(self.source, self.mz_offset[rows], count, self.mz_dtype)
        except (OSError, EOFError) as error:
            raise IngestError(f"{self.source}: cannot be read ({error})") from error
        return mz.astype(np.float64, copy=False), intensity, indptr

    def _ibd_blocks(self, max_points, spectrum_cost):
        for rows in _slices(self.n_points + spectrum_cost, max_points):
            mz, intensity, indptr = self.read_rows(rows)
            yield Block(rows, mz, intensity, indptr)

    def _matrix_blocks(self, max_points, spectrum_cost):
        with h5py.File(self.source, "r") as file:
            dataset = file["intensity"]
            n_rows = max(1, max_points // (len(self.axis) + spectrum_cost))
            if dataset.chunks and n_rows > dataset.chunks[0]:
                n_rows -= n_rows % dataset.chunks[0]  # no chunk is unpacked twice
            for start in range(0, self.n_pixels, n_rows):
                rows = slice(start, min(start + n_rows, self.n_pixels))
                try:
                    values = dataset[rows]
                except OSError as error:
                    raise IngestError(
                        f"{self.source}: intensity cannot be read in rows {rows.start} to "
                        f"{rows.stop - 1} ({error}); copy the file again"
                    ) from error
                indptr = np.arange(len(values) + 1, dtype=np.int64) * len(self.axis)
                yield Block(rows, self.axis, values.ravel(), indptr)

    def _check_unchanged(self):
        try:
            size = self.source.stat().st_size
        except OSError as error:
            raise IngestError(f"{self.source}: gone since it was indexed; restore it") from error
        if size != self.file_bytes[-1]:
            raise IngestError(
                f"{self.source}: has {size} bytes, had {self.file_bytes[-1]} when it was indexed; "
                "run `ingest` again"
            )

    def _checked(self, block):
        intensity, mz = block.intensity, block.mz
        if intensity.size == 0:
            return block
        # NaN fails both comparisons.
        if not (intensity.min() >= -_INTENSITY_MAX and intensity.max() <= _INTENSITY_MAX):
            possible = (intensity >= -_INTENSITY_MAX) & (intensity <= _INTENSITY_MAX)
            self._refuse(block, ~possible, intensity, "intensity")
        if self.axis is None:
            self._check_mz(block)
        if intensity.dtype.kind == "u" or intensity.min() >= 0:
            return block
        n_negative = int(np.count_nonzero(intensity < 0))
        return Block(block.rows, mz, np.maximum(intensity, 0), block.indptr, n_negative)

    def _check_mz(self, block):
        mz = block.mz
        if not (possible_mz(mz.min()) and possible_mz(mz.max())):
            # Writers mark an empty spectrum by a point without m/z and intensity.
            placeholder = (mz == 0) & (block.intensity == 0)
            impossible = ~(possible_mz(mz) | placeholder)
            if impossible.any():
                self._refuse(block, impossible, mz, "m/z")
        descending = mz[1:] < mz[:-1]
        boundaries = block.indptr[1:-1]
        boundaries = boundaries[(boundaries > 0) & (boundaries < len(mz))]
        descending[boundaries - 1] = False
        if descending.any():
            row = self._row_of(block, np.argmax(descending))
            raise IngestError(
                f"{self.source}: {self.describe(row)}: m/z values do not ascend; "
                "sort each spectrum by m/z when exporting"
            )

    def _refuse(self, block, bad, values, quantity):
        first = int(np.argmax(bad))
        row = self._row_of(block, first)
        point = first - block.indptr[row - block.rows.start] + 1
        raise IngestError(
            f"{self.source}: {self.describe(row)}, point {point}: {quantity} is {values[first]} "
            f"({np.count_nonzero(bad)} such among {len(values)} points read here); "
            "export the measurement again without them"
        )

    def _row_of(self, block, point):
        return block.rows.start + int(np.searchsorted(block.indptr, point, side="right")) - 1


def _slices(cost, limit):
    """Split rows into neighbouring slices whose cost is about ``limit``."""
    group = np.cumsum(cost) // limit
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    stops = np.append(starts[1:], len(cost))
    return [slice(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]
