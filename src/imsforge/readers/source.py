"""The contract of all readers: where the spectra of a raw file lie, and blocks of them."""

from abc import abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from imsforge.artifacts.hdf5 import Artifact
from imsforge.readers.axis import possible_mz

_SAMPLE_POINTS = 2**19


@dataclass(frozen=True)
class Block:
    """Spectra of neighbouring rows, one after the other.

    Attributes
    ----------
    rows : slice of the measurement's pixels
    intensity : (n_points,) in the measurement's own type, but for numbers of 8 and 16 bits and of
        a foreign byte order: sums of those would overflow, so they come as float32 at least, which
        holds them exactly
    indptr : (n_rows + 1,) int64; spectrum ``i`` is ``intensity[indptr[i] : indptr[i + 1]]``
    axis : (n_axis,) float64, the m/z axis that all spectra share; None where each has its own
    own_mz : (n_points,) float64, the m/z values where each spectrum has its own
    """

    rows: slice
    intensity: np.ndarray
    indptr: np.ndarray
    axis: np.ndarray | None = None
    own_mz: np.ndarray | None = None

    def __post_init__(self):
        """Widen the intensities."""
        object.__setattr__(self, "intensity", _widened(self.intensity))

    @property
    def n_rows(self):
        """Number of spectra."""
        return len(self.indptr) - 1

    @cached_property
    def mz(self):
        """The m/z value of every point, (n_points,) float64."""
        return self.own_mz if self.axis is None else np.tile(self.axis, self.n_rows)

    def sums(self):
        """Return the total ion current: the sum of each spectrum, (n_rows,) float64."""
        totals = np.zeros(self.n_rows)
        filled = np.flatnonzero(np.diff(self.indptr))
        if len(filled):
            # Floats add up pairwise in their own type, which is fast and exact enough; integers
            # could overflow.
            dtype = None if self.intensity.dtype in (np.float32, np.float64) else np.float64
            totals[filled] = np.add.reduceat(self.intensity, self.indptr[filled], dtype=dtype)
        return totals


def _widened(values):
    wide = np.float32 if values.dtype.itemsize < 4 else values.dtype.newbyteorder("=")
    return values.astype(wide, copy=False)


@dataclass(frozen=True, kw_only=True)
class Source(Artifact):
    """An index of one raw file; each way of storing spectra is a subclass.

    Nothing is judged here but what the file says of itself: the values of the spectra are looked
    at, and repaired, by `imsforge.ingest.measurement`.

    Attributes
    ----------
    format : str, for the reader of a report: "imzML", "HDF5", "CSV", ...
    mode : "profile" or "centroid"
    layout : str, how spectra are stored: "continuous", "processed", "matrix", "cube", ...
    path : str, the file that holds the spectra
    x, y : (n_spectra,) int32, pixel coordinates as given
    z : (n_spectra,) int32, planes of a volume; None where there is one
    samples : (n_samples,) str, where planes are samples with names, that of plane z; otherwise None
    n_points : (n_spectra,) int64, points of each spectrum
    mz_dtype, intensity_dtype : str, as stored, for the reader of a report: "float32"
    axis : (n_axis,) float64 ascending, the common m/z axis; None where each spectrum has its own
    annotations : dict of (n_spectra,) arrays of numbers or strings, by name
    notes : (n_notes,) str, what is odd about the file as a whole, one sentence each
    pixel_size : (2,) float64, micrometres along x and y, or (n_samples, 2), NaN where a sample's is
        not known; None where none is
    """

    format: str
    mode: str
    layout: str
    path: str
    x: np.ndarray
    y: np.ndarray
    n_points: np.ndarray
    mz_dtype: str
    intensity_dtype: str
    z: np.ndarray | None = None
    samples: np.ndarray | None = None
    axis: np.ndarray | None = None
    annotations: dict = field(default_factory=dict)
    notes: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=str))
    pixel_size: np.ndarray | None = None

    @property
    def n_spectra(self):
        """Number of spectra."""
        return len(self.x)

    @property
    def files(self):
        """The raw files behind the spectra, as paths."""
        return [Path(self.path)]

    def describe(self, row):
        """Name a spectrum for a message, counted from 1 as imzML does."""
        return f"spectrum {row + 1} (x {self.x[row]}, y {self.y[row]})"

    @property
    def listed_mz(self):
        """The m/z values that the file lists for all spectra, (n_listed,) float64, or None."""
        return self.axis

    @abstractmethod
    def loaders(self, max_points, spectrum_cost, rows=None):
        """Yield functions without arguments that read the spectra as `Block` objects, in order.

        Together the blocks hold every wanted spectrum once; ``block.rows`` counts along the wanted
        ones. The functions may be called in threads, at the same time, and in any order.

        Parameters
        ----------
        max_points : int
            Points of a block, about; one spectrum may have more.
        spectrum_cost : int
            What the caller stores for each spectrum, in points: spectra with few points fill a
            block by their number.
        rows : (n_rows,) ascending int array, optional
            The wanted spectra, counted from 0 within this file; all when left out.
        """

    def some_axes(self, rows, n_spectra=16):
        """Return the possible m/z values of a few spectra with points, spread over ``rows``."""
        if self.axis is not None:
            return [self.axis]
        return [mz for mz, _ in self.some_spectra(rows, n_spectra)]

    def some_spectra(self, rows, n_spectra=16):
        """Return a few spectra with points, spread over ``rows``.

        Returns
        -------
        list of (mz, intensity), each (n_points,) arrays; points of impossible m/z are left out
        """
        filled = rows[self.n_points[rows] > 0]
        chosen = filled[:: max(1, len(filled) // n_spectra)]
        spectra = []
        for load in self.loaders(_SAMPLE_POINTS, 0, chosen) if len(chosen) else ():
            block = load()
            for start, stop in zip(block.indptr[:-1], block.indptr[1:], strict=True):
                mz = block.mz[start:stop]
                possible = possible_mz(mz)
                spectra.append((mz[possible], block.intensity[start:stop][possible]))
        return spectra


@dataclass(frozen=True)
class Indexed:
    """A raw file whose index is read and whose values are not.

    Attributes
    ----------
    source : Source
    left_out : (n_spectra,) bool, spectra that must not be read
    findings : list of Finding
    terms : dict of what an imzML says of its .ibd, by accession
    mode : (n_spectra,) int8, as spectra with points are declared: 1 for profile, -1 for centroid, 0
        where it is not said; None where no spectrum says it
    polarity : (n_spectra,) int8, 1 or -1, in the same way
    level : (n_spectra,) int16, MS level, in the same way
    instrument : str, as declared, or ""
    """

    source: Source
    left_out: np.ndarray
    findings: list
    terms: dict = field(default_factory=dict)
    mode: np.ndarray | None = None
    polarity: np.ndarray | None = None
    level: np.ndarray | None = None
    instrument: str = ""


def batches(cost, limit):
    """Split rows into neighbouring slices whose cost is about ``limit``.

    Parameters
    ----------
    cost : (n_rows,) int array
    limit : int

    Returns
    -------
    list of slice
    """
    group = np.cumsum(cost) // limit
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    stops = np.append(starts[1:], len(cost))
    return [slice(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]
