"""A matrix of picked peaks in HDF5, the layout that `peaks.h5` has too.

``intensity`` (n_pixels, n_peaks), ``mz`` (n_peaks,), ``x`` and ``y`` (n_pixels,); other
one-dimensional datasets of n_pixels entries, at the root or in the group ``annotations``, describe
the pixels.
"""

from pathlib import Path

import h5py
import numpy as np

from imsforge.errors import IngestError
from imsforge.io.axis import check_axis
from imsforge.io.measurement import Measurement
from imsforge.io.mode import settle_mode
from imsforge.io.pixels import pixel_coordinates, sparse_grid_warnings
from imsforge.io.raw import check_raw_file, digests

_REQUIRED = {"intensity": 2, "mz": 1, "x": 1, "y": 1}


def read_hdf5(path):
    """Index a matrix in HDF5.

    Returns
    -------
    Measurement

    Raises
    ------
    IngestError
        In one line, for whatever keeps the file from being read or would falsify its spectra.
    """
    path = Path(path)
    check_raw_file(path)
    try:
        with h5py.File(path, "r") as file:
            return _index(path, file)
    # h5py lets all of these out of damaged files.
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise IngestError(f"{path}: is not HDF5 or is damaged ({reason}); copy it again") from error


def _index(path, file):
    _check_layout(path, file)
    n_pixels, _ = file["intensity"].shape
    axis = check_axis(path, file["mz"][()])
    x, y = pixel_coordinates(path, file["x"][()], file["y"][()])
    annotations, skipped = _annotations(file, n_pixels)
    # The columns are taken for peaks; the warning tells where they look like a profile.
    mode, notes = settle_mode("centroid", [axis])
    if skipped:
        notes.append(
            f"{len(skipped)} dataset(s) that are no annotations were left: {', '.join(skipped)}"
        )
    return Measurement(
        format="HDF5",
        mode=mode,
        layout="matrix",
        x=x,
        y=y,
        n_points=np.full(n_pixels, len(axis)),
        mz_dtype=file["mz"].dtype.str,
        intensity_dtype=file["intensity"].dtype.str,
        file_path=np.array([str(path)]),
        file_bytes=np.array([path.stat().st_size]),
        file_sha256=np.array([digests(path, "sha256")["sha256"]]),
        axis=axis,
        warnings=np.array([*notes, *sparse_grid_warnings(x, y)], dtype=str),
        annotations=annotations,
    )


def _check_layout(path, file):
    missing = [name for name in _REQUIRED if not isinstance(file.get(name), h5py.Dataset)]
    if missing:
        raise IngestError(
            f"{path}: has no dataset {', '.join(missing)}; found {', '.join(file) or 'nothing'}; "
            "an HDF5 measurement has intensity (pixels x peaks), mz, x and y at its root"
        )
    for name, ndim in _REQUIRED.items():
        if file[name].ndim != ndim or file[name].dtype.kind not in "iuf":
            raise IngestError(
                f"{path}: {name} has shape {file[name].shape} and type {file[name].dtype}; "
                f"it must have {ndim} dimension(s) of numbers"
            )
    shape = tuple(len(file[name]) for name in ("y", "mz"))
    if file["intensity"].shape != shape or len(file["x"]) != len(file["y"]):
        sizes = ", ".join(f"{name} {file[name].shape}" for name in _REQUIRED)
        raise IngestError(f"{path}: shapes do not fit: {sizes}; intensity must be pixels x peaks")
    if 0 in shape:
        raise IngestError(f"{path}: holds no spectrum; export the measurement again")
    try:
        file["intensity"][:1]
    except OSError as error:
        raise IngestError(
            f"{path}: intensity cannot be unpacked ({error}); pack it with gzip or lzf, which "
            "every HDF5 library has"
        ) from error


def _annotations(file, n_pixels):
    """Return the annotations, and the names of datasets that cannot be one."""
    candidates = {name: node for name, node in file.items() if name not in _REQUIRED}
    group = candidates.pop("annotations", None)
    if isinstance(group, h5py.Group):
        candidates.update(group)
    annotations, skipped = {}, []
    for name, node in candidates.items():
        if not isinstance(node, h5py.Dataset) or node.shape != (n_pixels,):
            skipped.append(name)
        elif h5py.check_string_dtype(node.dtype):
            annotations[name] = np.asarray(node.asstr(errors="replace")[()], dtype=str)
        elif node.dtype.kind in "biuf":
            annotations[name] = node[()]
        else:
            skipped.append(name)
    return annotations, skipped
