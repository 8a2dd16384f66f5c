"""``spectra.h5``: the index of a measurement of one or several files, and its stream of spectra."""

from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

# The kinds of sources that an index can hold.
import imsforge.readers.hdf5.spectra
import imsforge.readers.imzml.spectra
import imsforge.readers.tabular.parquet
import imsforge.readers.tabular.text  # noqa: F401
from imsforge.artifacts.checksums import sha256
from imsforge.artifacts.hdf5 import Artifact
from imsforge.errors import IngestError
from imsforge.ingest.values import repaired
from imsforge.readers.pixels import size_of_pixels, span

# A block of this many points takes 6 MB; larger ones leave the processor's cache.
_BLOCK_POINTS = 2**19
# What a spectrum costs beside its points, in points: bounds the pixels of a block of empty spectra.
_SPECTRUM_COST = 32


@dataclass(frozen=True)
class Measurement(Artifact):
    """Where each spectrum of the raw files lies; an index, not a copy.

    Attributes
    ----------
    sources : dict of Source, by a running number
    rows : dict of (n_kept,) int64 arrays, by the same: the spectra of each file that are pixels
    mode : "profile" or "centroid"
    x, y : (n_pixels,) int32, pixel coordinates as given, within a sample
    sample : (n_pixels,) int16, index into ``samples``
    samples : (n_samples,) str, sections or patients
    total_ion_current : (n_pixels,) float64, sum of each spectrum
    defects : (n_pixels,) uint8, what has to be mended when a spectrum is read
    mz_range : (2,) float64, the smallest and largest m/z of a point; NaN where there is none
    file_path, file_bytes, file_sha256 : (n_files,) the raw files
    findings : dict of (n_findings,) arrays problem, count, total, policy, text
    notes : (n_notes,) str, what else is odd, a sentence each
    annotations : dict of (n_pixels,) arrays of numbers or strings, by name
    pixel_size : (n_samples, 2) float64, micrometres along x and y, NaN where one is not known;
        None where none is
    """

    sources: dict
    rows: dict
    mode: str
    x: np.ndarray
    y: np.ndarray
    sample: np.ndarray
    samples: np.ndarray
    total_ion_current: np.ndarray
    defects: np.ndarray
    mz_range: np.ndarray
    file_path: np.ndarray
    file_bytes: np.ndarray
    file_sha256: np.ndarray
    findings: dict = field(default_factory=dict)
    notes: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=str))
    annotations: dict = field(default_factory=dict)
    pixel_size: np.ndarray | None = None

    @property
    def n_pixels(self):
        """Number of spectra."""
        return len(self.x)

    @property
    def source(self):
        """The raw files by name, for messages."""
        return " and ".join(source.path for source in self.sources.values())

    @property
    def axis(self):
        """The m/z axis that all spectra share, (n_axis,) float64, or None."""
        first, *others = (source.axis for source in self.sources.values())
        shared = first is not None and all(np.array_equal(first, other) for other in others)
        return first if shared else None

    def summary(self):
        """Return what was read as plain values, for ``ingest.json``; no time stamps."""
        sources = self.sources.values()
        low, high = self.mz_range
        return {
            "format": _several(source.format for source in sources),
            "mode": self.mode,
            "layout": _several(source.layout for source in sources),
            "pixels": self.n_pixels,
            "width": span(self.x),
            "height": span(self.y),
            "samples": [self._sample_summary(k) for k in range(len(self.samples))],
            "points": sum(
                int(source.n_points[rows].sum())
                for source, rows in zip(sources, self.rows.values(), strict=True)
            ),
            "mz_range": None if np.isnan(low) else [float(low), float(high)],
            "mz_dtype": _several(source.mz_dtype for source in sources),
            "intensity_dtype": _several(source.intensity_dtype for source in sources),
            "annotations": sorted(self.annotations),
            "files": [
                {"path": str(path), "bytes": int(size), "sha256": str(sha256)}
                for path, size, sha256 in zip(
                    self.file_path, self.file_bytes, self.file_sha256, strict=True
                )
            ],
            "findings": [
                {name: value.item() for name, value in zip(self.findings, row, strict=True)}
                for row in zip(*self.findings.values(), strict=True)
            ],
            "warnings": self.warnings,
        }

    @property
    def warnings(self):
        """What was odd and read all the same: sentences, with counts."""
        return [str(text) for text in (*self.findings.get("text", ()), *self.notes)]

    def _sample_summary(self, k):
        own = self.sample == k
        return {
            "name": str(self.samples[k]),
            "pixels": int(own.sum()),
            "width": span(self.x[own]),
            "height": span(self.y[own]),
            "pixel_size": size_of_pixels(self.pixel_size, k),
        }

    def blocks(self, max_points=_BLOCK_POINTS, spectrum_cost=_SPECTRUM_COST, rows=None):
        """Yield all spectra in order, as `Block` objects; parameters as for `loaders`."""
        for load in self.loaders(max_points, spectrum_cost, rows):
            yield load()

    def loaders(self, max_points=_BLOCK_POINTS, spectrum_cost=_SPECTRUM_COST, rows=None):
        """Yield functions without arguments that read the spectra, in order, as `Block` objects.

        The raw files are read straight through. Memory is bounded by the size of a block, or by
        the longest spectrum. The functions may be called in threads.

        Parameters
        ----------
        max_points : int
            Points of a block, about.
        spectrum_cost : int
            What the caller stores for each spectrum, in points: spectra with few points fill a
            block by their number.
        rows : (n_rows,) ascending int array, optional
            Only these pixels; ``block.rows`` then counts along them.

        Raises
        ------
        IngestError
            If a raw file is gone, or has another size than when it was indexed.
        """
        self._check_sizes()
        starts = np.cumsum([0, *(len(kept) for kept in self.rows.values())])
        done = 0
        for source, kept, (start, stop) in zip(
            self.sources.values(), self.rows.values(), pairwise(starts), strict=True
        ):
            wanted = np.arange(start, stop) if rows is None else _between(rows, start, stop)
            if len(wanted) == 0:
                continue
            defects = self.defects[wanted]
            for load in source.loaders(max_points, spectrum_cost, kept[wanted - start]):
                yield partial(_load, load, defects, done)
            done += len(wanted)

    def some_axes(self, n_spectra=16):
        """Return the m/z values of a few spectra that hold points, spread over the pixels."""
        starts = np.cumsum([0, *(len(kept) for kept in self.rows.values())])
        axes = []
        for source, kept, start in zip(
            self.sources.values(), self.rows.values(), starts, strict=False
        ):
            signal = self.total_ion_current[start : start + len(kept)] > 0
            axes += source.some_axes(kept[signal], max(1, n_spectra // len(self.sources)))
        return axes

    def check_unchanged(self, checksum=sha256):
        """Refuse raw files that are no longer those that were indexed.

        Parameters
        ----------
        checksum : callable
            Returns the SHA-256 of a path; reads the whole file where nothing better is given.

        Raises
        ------
        IngestError
        """
        self._check_sizes()
        for path, indexed in zip(self.file_path, self.file_sha256, strict=True):
            if checksum(path) != indexed:
                raise IngestError(f"{path}: changed since it was indexed; run `ingest` again")

    def _check_sizes(self):
        for path, size in zip(self.file_path, self.file_bytes, strict=True):
            if not Path(path).is_file():
                raise IngestError(f"{path}: gone since it was indexed; restore it")
            if Path(path).stat().st_size != size:
                raise IngestError(
                    f"{path}: has {Path(path).stat().st_size} bytes, had {size} when it was "
                    "indexed; run `ingest` again"
                )


def _load(load, defects, offset):
    block = load()
    block = repaired(block, defects[block.rows])
    return replace(block, rows=slice(block.rows.start + offset, block.rows.stop + offset))


def _between(rows, start, stop):
    return rows[np.searchsorted(rows, start) : np.searchsorted(rows, stop)]


def _several(values):
    return ", ".join(dict.fromkeys(values))
