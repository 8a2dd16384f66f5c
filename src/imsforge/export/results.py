"""What exports take from the folder of a dataset: a table of its pixels, spectra in blocks."""

import json
from dataclasses import dataclass, field, fields
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from imsforge import __version__
from imsforge.anomaly.scores import AnomalyScores
from imsforge.artifacts.contract import Features, Labels, PeakMatrix
from imsforge.artifacts.hdf5 import open_hdf5
from imsforge.artifacts.tables import read_csv
from imsforge.artifacts.text import file_names
from imsforge.readers.pixels import size_of_pixels

# Intensities that are in memory at once.
_BLOCK_BYTES = 2**26


@dataclass(frozen=True)
class Results:
    """The artifacts of a dataset.

    Attributes
    ----------
    folder : Path, of the dataset
    files : list of Path, those that the export may look at
    settings : dict, how the dataset was read, its peaks found and its pixels labelled
    """

    folder: Path
    files: list
    settings: dict = field(default_factory=dict)

    @property
    def name(self):
        """The name of the dataset."""
        return self.folder.name

    @cached_property
    def peaks(self):
        """The `PeakMatrix` without its intensities."""
        names = [entry.name for entry in fields(PeakMatrix) if entry.name != "intensity"]
        values = PeakMatrix.read(self.folder / "peaks.h5", *names)
        return PeakMatrix(intensity=None, **dict(zip(names, values, strict=True)))

    @cached_property
    def labels(self):
        """The `Labels` of all pixels."""
        return Labels.read(self.folder / "labels.h5")

    @cached_property
    def maps(self):
        """The `AnomalyScores` of each anomaly map and the pixels that they are of, by its name."""
        folders = [path.parent for path in self.files if path.name == "scores.h5"]
        return {
            folder.name: (
                *Features.read(folder / "features.h5", "pixel"),
                AnomalyScores.read(folder / "scores.h5"),
            )
            for folder in folders
        }

    @property
    def about(self):
        """What made the export, as text by name."""
        return {
            "software": f"imsforge {__version__}",
            "packages": ", ".join(f"{name} {version(name)}" for name in ("numpy", "h5py")),
            "settings": json.dumps(self.settings, sort_keys=True),
        }

    def relative(self, path):
        """Return the parts of a path below the folder of the dataset."""
        return path.relative_to(self.folder).parts

    def blocks(self, rows=None):
        """Yield the spectra, or those of ascending rows, as (slice along them, intensity)."""
        with open_hdf5(self.folder / "peaks.h5") as file:
            stored = file["intensity"]
            rows = np.arange(len(stored)) if rows is None else rows
            step = max(1, _BLOCK_BYTES // (4 * max(1, stored.shape[1])))
            for start in range(0, len(rows), step):
                own = rows[start : start + step]
                span = stored[own[0] : own[-1] + 1]
                yield slice(start, start + len(own)), span[own - own[0]]

    def ion_images(self, rows):
        """Yield the intensities of each peak at ascending rows, (n_rows,) float32."""
        with open_hdf5(self.folder / "peaks.h5") as file:
            stored = file["intensity"]
            first, last = rows[0], rows[-1] + 1
            step = max(1, _BLOCK_BYTES // (4 * (last - first)))
            for start in range(0, stored.shape[1], step):
                yield from stored[first:last, start : start + step][rows - first].T

    def peak_table(self):
        """Return ``peaks.csv``, its rows named by m/z with as many digits as it takes."""
        table = read_csv(self.folder / "peaks.csv")
        return table.set_axis(pd.Index(mz_names(table["mz"]), name=None), axis=0)

    def pixels(self):
        """Return what is known of each pixel, in the order of ``peaks.h5``.

        Returns
        -------
        DataFrame
            sample, x, y, class (missing where there is none), total_ion_current, annotations of the
            measurement; then for each anomaly map ``{map}_healthy``, ``{map}_tissue`` and
            ``{map}_cluster``, and for each of its detectors ``{map}_{detector}_score``,
            ``.._false_alarm_rate`` and ``.._abnormal``. Pixels without signal have no scores.
        """
        peaks, labels = self.peaks, self.labels
        columns = {
            "sample": pd.Categorical.from_codes(peaks.sample, peaks.samples),
            "x": peaks.x,
            "y": peaks.y,
            "class": pd.Categorical.from_codes(labels.label - 1, labels.names),
            "total_ion_current": peaks.total_ion_current,
        }
        for name, (pixel, scores) in self.maps.items():
            for told, values, missing in _scores(scores):
                columns[f"{name}_{told}"] = np.full(len(peaks.x), missing, dtype=values.dtype)
                columns[f"{name}_{told}"][pixel] = values
        for name, values in peaks.annotations.items():
            free = f"annotation_{name}" if name in columns else name
            columns[free] = values.astype(object) if values.dtype.kind == "U" else values
        return pd.DataFrame(columns, index=np.arange(len(peaks.x)).astype(str))

    def samples(self):
        """Yield a `Sample` for each sample that has pixels."""
        stems = file_names(self.peaks.samples)
        for k, stem in enumerate(stems):
            rows = np.flatnonzero(self.peaks.sample == k)
            if len(rows):
                size = size_of_pixels(self.peaks.pixel_size, k)
                name = str(self.peaks.samples[k])
                yield Sample(k, name, stem, rows, self.peaks.x[rows], self.peaks.y[rows], size)


def _scores(scores):
    """Yield names, values and what stands for no value."""
    yield "healthy", scores.healthy, False
    yield "tissue", scores.tissue, False
    yield "cluster", scores.kmeans, 0
    for k, detector in enumerate(scores.detectors):
        yield f"{detector}_score", scores.score[:, k], np.nan
        yield f"{detector}_false_alarm_rate", scores.false_alarm_rate[:, k], np.nan
        yield f"{detector}_abnormal", scores.abnormal(k), False


@dataclass(frozen=True)
class Sample:
    """The pixels of a sample, on a grid that begins at its smallest coordinates.

    Attributes
    ----------
    index : int, among all samples
    name, stem : str; ``stem`` may be a file's
    rows : (n,) int64, of ``peaks.h5``
    x, y : (n,) int32, as measured
    pixel_size : [x, y] in micrometres, or None
    """

    index: int
    name: str
    stem: str
    rows: np.ndarray
    x: np.ndarray
    y: np.ndarray
    pixel_size: list | None

    @property
    def place(self):
        """The pair of columns and rows of the grid, from 0."""
        return self.x - self.x.min(), self.y - self.y.min()

    @property
    def shape(self):
        """The pair of height and width of the grid."""
        return int(np.ptp(self.y)) + 1, int(np.ptp(self.x)) + 1

    def image(self, values, fill=0):
        """Lay the values of its pixels on its grid, (height, width)."""
        column, row = self.place
        image = np.full(self.shape, fill, dtype=values.dtype)
        image[row, column] = values
        return image


def mz_names(mz):
    """Return m/z values as text, all different, of four digits behind the point or more."""
    for digits in range(4, 17):
        names = [f"{value:.{digits}f}" for value in mz]
        if len(set(names)) == len(names):
            return names
    return [f"{value!r} ({k})" for k, value in enumerate(mz, start=1)]
