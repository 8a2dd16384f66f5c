"""The HDF5 artifacts that stages hand to each other: their arrays, shapes and units.

Each artifact is a frozen dataclass with ``write`` and ``read``. Files are written whole or not at
all, hold no time stamps (same content, same bytes) and nothing executable.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from imsforge.artifacts.hdf5 import Artifact
from imsforge.artifacts.scales import unscaled


@dataclass(frozen=True)
class PeakMatrix(Artifact):
    """``peaks.h5``: the peak-integrated spectra of a measurement.

    Attributes
    ----------
    intensity : (n_pixels, n_peaks) float32, in the units of the measurement, or normalised
    mz : (n_peaks,) float64, ascending
    x, y : (n_pixels,) int32, pixel coordinates as measured
    total_ion_current : (n_pixels,) float32, sum of the whole spectrum, before any normalisation
    annotations : dict of (n_pixels,) arrays that came with the measurement, by name
    sample : (n_pixels,) int16, index into ``samples``: the section or patient of each pixel
    samples : (n_samples,) str; one where nothing else is known
    pixel_size : (n_samples, 2) float64, micrometres along x and y, NaN where one is not known;
        None where none is

    Coordinates count within a sample.
    """

    axes: ClassVar[dict] = {
        "intensity": ("pixels", "peaks"),
        "mz": ("peaks",),
        "x": ("pixels",),
        "y": ("pixels",),
        "total_ion_current": ("pixels",),
        "sample": ("pixels",),
        "pixel_size": ("samples", "directions"),
    }

    intensity: np.ndarray
    mz: np.ndarray
    x: np.ndarray
    y: np.ndarray
    total_ion_current: np.ndarray
    annotations: dict = field(default_factory=dict)
    sample: np.ndarray | None = None
    samples: np.ndarray | None = None
    pixel_size: np.ndarray | None = None

    def __post_init__(self):
        if self.sample is None:
            object.__setattr__(self, "sample", np.zeros(len(self.x), dtype=np.int16))
            object.__setattr__(self, "samples", np.array(["1"]))


@dataclass(frozen=True)
class Labels(Artifact):
    """``labels.h5``: the class of each pixel.

    Attributes
    ----------
    label : (n_pixels,) int16, 1 to n_classes; 0 for a pixel without a class
    names : (n_classes,) str, the name of class k at k - 1
    components : (n_classes, n_peaks) float32, the spectrum that stands for a class; None where
        labels were given
    weight : (n_pixels,) float32, with semi-orthogonal NMF the one non-zero of a pixel's row of W,
        which stands in the column of its class: spectrum = weight * components[label - 1]
    """

    axes: ClassVar[dict] = {
        "label": ("pixels",),
        "names": ("classes",),
        "components": ("classes", "peaks"),
        "weight": ("pixels",),
    }

    label: np.ndarray
    names: np.ndarray
    components: np.ndarray | None = None
    weight: np.ndarray | None = None


@dataclass(frozen=True)
class Split(Artifact):
    """``split.h5``: which pixels train and which test; ascending row numbers of ``peaks.h5``.

    Attributes
    ----------
    train, test, reserve : (n,) int64, disjoint; nothing is fitted on the reserve or tested with it
    """

    train: np.ndarray
    test: np.ndarray
    reserve: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Features(Artifact):
    """``features.h5`` and ``scaled.h5``: what classifiers and generators see.

    Attributes
    ----------
    values : (n_rows, n_features) float32
    label : (n_rows,) int16
    pixel : (n_rows,) int64, rows of ``peaks.h5``
    train : (n_rows,) bool, True for training rows
    names : (n_classes,) str, the name of class k at k - 1
    components : (n_features, n_peaks) float32, spectra = weights @ components; None where the
        features are the spectra
    offset, scale : (n_features,) float64, values = (features ** power - offset) / scale; None
        before scaling
    power : float64, or None for 1
    sample : (n_rows,) int16, index into ``samples``; None where nothing is known of samples
    samples : (n_samples,) str
    reserve : (n_rows,) bool, True for rows that neither train nor test; None where there are none
    """

    axes: ClassVar[dict] = {
        "values": ("rows", "features"),
        "label": ("rows",),
        "pixel": ("rows",),
        "train": ("rows",),
        "components": ("features", "peaks"),
        "offset": ("features",),
        "scale": ("features",),
        "sample": ("rows",),
        "reserve": ("rows",),
    }

    values: np.ndarray
    label: np.ndarray
    pixel: np.ndarray
    train: np.ndarray
    names: np.ndarray
    components: np.ndarray | None = None
    offset: np.ndarray | None = None
    scale: np.ndarray | None = None
    power: np.ndarray | None = None
    sample: np.ndarray | None = None
    samples: np.ndarray | None = None
    reserve: np.ndarray | None = None

    @property
    def test(self):
        """(n_rows,) bool, True for test rows."""
        return ~self.train if self.reserve is None else ~(self.train | self.reserve)

    @property
    def training_set(self):
        """The pair (X, y) of the training rows."""
        return self.values[self.train], self.label[self.train]

    @property
    def test_set(self):
        """The pair (X, y) of the test rows."""
        return self.values[self.test], self.label[self.test]

    @property
    def reserve_set(self):
        """The pair (X, y) of the rows that are held back; empty where there are none."""
        rows = slice(0) if self.reserve is None else self.reserve
        return self.values[rows], self.label[rows]

    def unscale(self, values):
        """Bring scaled rows back to the features' own units."""
        if self.scale is None:
            return values
        return unscaled(values, self.offset, self.scale, 1.0 if self.power is None else self.power)

    def to_spectra(self, values):
        """Bring scaled rows back to spectra, (n, n_peaks), in the units of ``peaks.h5``."""
        features = self.unscale(values)
        return features if self.components is None else features @ self.components


@dataclass(frozen=True)
class Resampled(Artifact):
    """``resampled.h5``: the training sets that a method makes, by task.

    Attributes
    ----------
    tasks : dict of task name to a dict of ``values`` (n, n_features) float32 in the units of
        ``scaled.h5``, ``label`` (n,) int16 and ``synthetic`` (n,) bool
    """

    tasks: dict
