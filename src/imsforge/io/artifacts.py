"""The HDF5 artifacts that stages hand to each other: their arrays, shapes and units.

Each artifact is a frozen dataclass with ``write`` and ``read``. Files are written whole or not at
all, hold no time stamps (same content, same bytes) and nothing executable.
"""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import ClassVar

import h5py
import numpy as np

from imsforge.errors import DamagedError, DataError
from imsforge.io.hdf5_writing import new_hdf5
from imsforge.scales import unscaled


class Artifact:
    """Reading and writing of a dataclass of arrays; ``None`` fields are left out of the file.

    A field may hold another artifact, or a dictionary of such.

    Attributes
    ----------
    axes : dict of field name to the names of its axes; axes of one name are equally long
    """

    kinds: ClassVar[dict] = {}
    axes: ClassVar[dict] = {}

    def __init_subclass__(cls):
        Artifact.kinds[cls.__name__] = cls

    def write(self, path):
        """Write every field to ``path``."""
        with new_hdf5(path) as (file, _):
            self.write_to(file)

    def write_to(self, group):
        """Write every field into an open HDF5 group."""
        group.attrs["artifact"] = type(self).__name__
        for entry in fields(self):
            _write(group, entry.name, getattr(self, entry.name))

    @classmethod
    def read(cls, path, *names):
        """Read the artifact from ``path``; with ``names``, only these fields, as a tuple.

        Raises
        ------
        DataError
            If there is no such file.
        DamagedError
            If the file is damaged, holds another artifact, or arrays that do not fit each other.
        """
        with open_hdf5(path) as file:
            try:
                cls._check(path, file)
                wanted = names or [entry.name for entry in fields(cls)]
                values = {name: _read(file, name) for name in wanted}
            except (KeyError, OSError, RuntimeError) as error:
                raise damaged(path, error) from error
        return tuple(values.values()) if names else cls(**values)

    @classmethod
    def _check(cls, path, file):
        if file.attrs.get("artifact") != cls.__name__:
            raise DamagedError(path, f"not a {cls.__name__} file of imsforge")
        lengths = {}
        for name, axes in cls.axes.items():
            if name not in file:
                continue
            shape = file[name].shape
            if len(shape) != len(axes):
                raise DamagedError(path, f"{name} has {len(shape)} axes, not {len(axes)}")
            for axis, length in zip(axes, shape, strict=True):
                if lengths.setdefault(axis, length) != length:
                    raise DamagedError(
                        path, f"{name} has {length} {axis}, other arrays {lengths[axis]}"
                    )


def open_hdf5(path):
    """Open an HDF5 file for reading, or say in one line why it cannot be."""
    if not Path(path).is_file():
        raise DataError(f"{path}: no such file; run the stage that makes it")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise damaged(path, error) from error


def damaged(path, error):
    """Return the error for an artifact that cannot be read."""
    return DamagedError(path, " ".join(str(error).split()))


def _write(group, name, value):
    if value is None:
        return
    if isinstance(value, Artifact):
        value.write_to(group.create_group(name))
        return
    if isinstance(value, dict):
        subgroup = group.create_group(name)
        for key in sorted(value):
            _write(subgroup, key, value[key])
        return
    array = np.asarray(value)
    if array.dtype.kind == "U":
        group.create_dataset(name, data=array.astype(object), dtype=h5py.string_dtype())
    elif array.ndim == 0:
        group.create_dataset(name, data=array)
    else:
        group.create_dataset(name, data=array, chunks=_chunks(array), compression="lzf")


def _chunks(array):
    """Blocks of whole rows of about 1 MiB, so that rows are read without waste."""
    if array.size == 0:
        return None
    row_bytes = max(1, array.nbytes // len(array))
    return (min(len(array), max(1, 2**20 // row_bytes)), *array.shape[1:])


def _read(group, name):
    if name not in group:
        return None
    node = group[name]
    if isinstance(node, h5py.Group):
        values = {key: _read(node, key) for key in node}
        kind = node.attrs.get("artifact")
        return values if kind is None else Artifact.kinds[kind](**values)
    if h5py.check_string_dtype(node.dtype):
        text = node.asstr()[()]
        return text if node.shape == () else np.asarray(text, dtype=str)
    return node[()]


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

    Coordinates count within a sample.
    """

    axes: ClassVar[dict] = {
        "intensity": ("pixels", "peaks"),
        "mz": ("peaks",),
        "x": ("pixels",),
        "y": ("pixels",),
        "total_ion_current": ("pixels",),
        "sample": ("pixels",),
    }

    intensity: np.ndarray
    mz: np.ndarray
    x: np.ndarray
    y: np.ndarray
    total_ion_current: np.ndarray
    annotations: dict = field(default_factory=dict)
    sample: np.ndarray | None = None
    samples: np.ndarray | None = None

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
