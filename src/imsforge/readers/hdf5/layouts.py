"""Layouts of dense arrays: each says at which paths of an HDF5 file things lie."""

from dataclasses import replace
from math import prod

import h5py
import numpy as np
from tqdm import tqdm

from imsforge.errors import IngestError
from imsforge.readers.annotations import Annotations
from imsforge.readers.columns import ordered_axis
from imsforge.readers.hdf5.nodes import (
    find,
    find_dataset,
    named,
    numbers,
    read_any,
    read_pixel_size,
    vector,
)
from imsforge.readers.hdf5.spectra import DenseSource, pixel_shape
from imsforge.readers.mode import settle_mode
from imsforge.readers.pixels import pixel_coordinates

_BLOCK_POINTS = 2**19
# What each kind of array is read with; whatever else lies beside it may describe the pixels.
_MATRIX = ("intensity", "mz", "x", "y")
_CUBE = ("intensity", "mz", "mask")
# What a ``peaks.h5`` says of its samples, and of its pixels.
_SAMPLES = ("sample", "samples")
_PIXEL_SIZE = "pixel_size"


def plain_layout(names):
    """Return the layout that datasets at the root make up, by their names; None if none."""
    if "intensity" in names:
        return {role: role for role in {*_MATRIX, *_CUBE} if role in names}
    if {"peaks", "mz"} <= names:
        return {"intensity": "peaks", **{role: role for role in _CUBE[1:] if role in names}}
    return None


def read_layout(file, layout):
    """Index dense arrays at given paths; see `imsforge.readers.hdf5.read_hdf5`."""
    path = file.filename
    _check_there(file, layout, ("intensity", "mz"))
    intensity, stored_mz = numbers(file, layout["intensity"]), vector(file, layout["mz"])
    axis, order, notes = ordered_axis(path, stored_mz)
    # The columns are taken for peaks; a note tells where they look like a profile.
    mode, mode_notes = settle_mode("centroid", [(axis, None)])
    is_cube = intensity.ndim == 3
    x, y, mz_first = (_cube if is_cube else _matrix)(file, layout, intensity.shape, len(axis))
    if len(x) == 0:
        raise IngestError(f"{path}: holds no spectrum; export the measurement again")
    own = {layout.get(role) for role in (_CUBE if is_cube else _MATRIX)}
    sample, samples = (None, None) if is_cube else _samples(file, len(x))
    own |= {_PIXEL_SIZE} if samples is None else {_PIXEL_SIZE, *_SAMPLES}
    annotations = _annotations(file, layout, own, pixel_shape(intensity.shape, mz_first))
    source = DenseSource(
        format="HDF5",
        mode=mode,
        layout="cube" if is_cube else "matrix",
        path=path,
        x=x,
        y=y,
        z=sample,
        samples=samples,
        n_points=np.full(len(x), len(axis)),
        mz_dtype=stored_mz.dtype.name,
        intensity_dtype=intensity.dtype.name,
        axis=axis,
        annotations=annotations.values,
        notes=np.array([*notes, *mode_notes, *annotations.notes()], dtype=str),
        datasets=np.array([layout["intensity"]]),
        mz_first=mz_first,
        order=order,
        pixel_size=read_pixel_size(file, _PIXEL_SIZE, 1 if samples is None else len(samples)),
    )
    return _measured_part(file, layout, source) if is_cube else source


def _check_there(file, layout, roles):
    absent = [
        layout.get(role, role)
        for role in roles
        if role not in layout or not isinstance(find(file, layout[role]), h5py.Dataset)
    ]
    if absent:
        raise IngestError(
            f"{file.filename}: has no dataset {', '.join(absent)}; found {named(file)}; an HDF5 "
            "measurement has intensity (pixels x peaks), mz, x and y at its root, or is described "
            "in the configuration, under hdf5"
        )


def _matrix(file, layout, shape, n_peaks):
    """Return the coordinates, and whether peaks are the first dimension."""
    path = file.filename
    _check_there(file, layout, ("x", "y"))
    if layout["x"] == layout["y"]:
        pairs = numbers(file, layout["x"])
        if pairs.ndim != 2 or pairs.shape[1] < 2:
            raise IngestError(
                f"{path}: {layout['x']} has shape {pairs.shape}; to hold both x and y it must have "
                "a row for each pixel"
            )
        x, y = pairs[:, 0], pairs[:, 1]
    else:
        x, y = vector(file, layout["x"]), vector(file, layout["y"])
    if len(x) != len(y) or shape not in ((len(x), n_peaks), (n_peaks, len(x))):
        raise IngestError(
            f"{path}: shapes do not fit: intensity {shape}, mz {n_peaks}, x {len(x)}, y {len(y)}; "
            "intensity must be pixels x peaks, or peaks x pixels"
        )
    return *pixel_coordinates(path, x, y), shape != (len(x), n_peaks)


def _samples(file, n_pixels):
    """Return the sample of each pixel and the names of several samples, as ``peaks.h5`` has them.

    Datasets of these names that say something else are left: None, twice.
    """
    if not all(isinstance(file.get(name, getlink=True), h5py.HardLink) for name in _SAMPLES):
        return None, None
    if not all(isinstance(find(file, name), h5py.Dataset) for name in _SAMPLES):
        return None, None
    sample, names = (read_any(file, name) for name in _SAMPLES)
    if sample is None or sample.shape != (n_pixels,) or sample.dtype.kind not in "iu":
        return None, None
    if names is None or names.dtype.kind not in "OUT" or len(set(names)) != len(names):
        return None, None
    if len(names) < 2 or sample.min() < 0 or sample.max() >= len(names):
        return None, None
    return sample.astype(np.int32), np.array(names, dtype=str)


def _cube(file, layout, shape, n_peaks):
    """Return the coordinates of all places, and whether peaks are the first dimension."""
    if n_peaks not in (shape[0], shape[-1]):
        raise IngestError(
            f"{file.filename}: shapes do not fit: {layout['intensity']} {shape}, mz {n_peaks}; "
            "a cube must be rows x columns x peaks, or peaks x rows x columns"
        )
    mz_first = shape[-1] != n_peaks
    n_rows, n_columns = pixel_shape(shape, mz_first)
    y, x = np.divmod(np.arange(n_rows * n_columns), max(1, n_columns))
    return x.astype(np.int32), y.astype(np.int32), mz_first


def _measured_part(file, layout, source):
    """Leave the places of a cube out that were not measured."""
    mask = _mask(file, layout, source.n_spectra)
    if mask is not None:
        measured, reason = mask, "lie outside the mask"
    elif np.dtype(source.intensity_dtype).kind == "f":
        measured, reason = _not_nan(file, layout, source), "hold nothing but NaN"
    else:
        return source
    if measured.all():
        return source
    if not measured.any():
        raise IngestError(f"{source.path}: all places {reason}; no spectrum is left")
    n_left = np.count_nonzero(~measured)
    note = f"{n_left} of {len(measured)} places {reason}: not measured, left out"
    return replace(
        source,
        x=source.x[measured],
        y=source.y[measured],
        n_points=source.n_points[measured],
        place=np.flatnonzero(measured),
        annotations={name: values[measured] for name, values in source.annotations.items()},
        notes=np.array([*source.notes, note], dtype=str),
    )


def _mask(file, layout, n_places):
    if "mask" not in layout:
        return None
    name = layout["mask"]
    mask = read_any(file, name)
    if mask is None or mask.size != n_places or mask.dtype.kind not in "biuf":
        raise IngestError(
            f"{file.filename}: {name} is no mask of the cube's {n_places} places; "
            "it must hold a number for each, above zero where a spectrum was measured"
        )
    return mask.ravel() > 0


def _not_nan(file, layout, source):
    """Tell which places of a cube hold a number."""
    cube = numbers(file, layout["intensity"])
    # One ion image tells where a closer look is due; mostly, that spares a pass over the file.
    measured = ~np.isnan(cube[0] if source.mz_first else cube[..., 0]).ravel()
    doubtful = np.flatnonzero(~measured)
    with tqdm(desc="looking for pixels", total=len(doubtful), unit="px", disable=None) as progress:
        for load in source.loaders(_BLOCK_POINTS, 0, doubtful):
            block = load()
            spectra = block.intensity.reshape(block.n_rows, -1)
            measured[doubtful[block.rows]] = ~np.isnan(spectra).all(axis=1)
            progress.update(block.n_rows)
    return measured


def _annotations(file, layout, own, pixels):
    annotations = Annotations(prod(pixels))
    wanted = layout.get("annotations")
    places = _other_datasets(file, own) if wanted is None else wanted
    for name, place in places.items():
        annotations.add(name, _flat(file, place, pixels, must_be_there=wanted is not None))
    if wanted is not None and annotations.left:
        name = annotations.left[0]
        raise IngestError(
            f"{file.filename}: {wanted[name]} cannot be the annotation {name}: it must hold a "
            f"number or a short text for each of the {prod(pixels)} pixels"
        )
    return annotations


def _other_datasets(file, own):
    """Return the paths of whatever lies beside the layout's own datasets, by name."""
    places = {name: name for name in file if name not in own}
    if isinstance(file.get("annotations", getlink=True), h5py.HardLink) and isinstance(
        file["annotations"], h5py.Group
    ):
        del places["annotations"]
        places |= {name: f"annotations/{name}" for name in file["annotations"]}
    return places


def _flat(file, place, pixels, must_be_there):
    """Read a value for each pixel, or nothing where there is none."""
    try:
        dataset = find_dataset(file, place)
    except IngestError:
        if must_be_there:
            raise
        return None
    shape = dataset.shape or ()
    if shape != pixels and (max(shape, default=0), prod(shape)) != (prod(pixels),) * 2:
        return None
    values = read_any(file, place)
    return None if values is None else values.ravel()
