"""AnnData files: spectra in ``X``, pixels in ``obs`` and ``obsm/spatial``, peaks in ``var``."""

import h5py
import numpy as np

from imsforge.errors import IngestError
from imsforge.readers.annotations import Annotations
from imsforge.readers.axis import check_axis
from imsforge.readers.columns import find_coordinates, mz_of, ordered_axis
from imsforge.readers.hdf5.nodes import (
    decoded,
    find,
    named,
    numbers,
    read_any,
    read_pixel_size,
    text_attribute,
    vector,
)
from imsforge.readers.hdf5.spectra import DenseSource, SparseSource
from imsforge.readers.mode import settle_mode
from imsforge.readers.pixels import pixel_coordinates


def read_anndata(file):
    """Index an AnnData file."""
    mz = _mz(file)
    x, y, annotations = _pixels(file)
    index = _sparse if isinstance(find(file, "X"), h5py.Group) else _dense
    mode, notes = settle_mode("centroid", [(np.sort(mz), None)])
    return index(
        file,
        mz,
        [*notes, *annotations.notes()],
        format="AnnData",
        mode=mode,
        path=file.filename,
        x=x,
        y=y,
        mz_dtype=mz.dtype.name,
        annotations=annotations.values,
        pixel_size=read_pixel_size(file, "uns/pixel_size"),
    )


def _dense(file, mz, notes, **known):
    values = numbers(file, "X")
    _check_shape(file, values.shape, known["x"], mz)
    axis, order, axis_notes = ordered_axis(file.filename, mz)
    return DenseSource(
        **known,
        layout="matrix",
        n_points=np.full(len(known["x"]), len(axis)),
        intensity_dtype=values.dtype.name,
        axis=axis,
        notes=np.array([*axis_notes, *notes], dtype=str),
        datasets=np.array(["X"]),
        order=order,
    )


def _sparse(file, mz, notes, **known):
    group = find(file, "X")
    encoding = text_attribute(group, "encoding-type") or text_attribute(group, "h5sparse_format")
    if not encoding.startswith("csr"):
        raise IngestError(
            f"{file.filename}: X is stored by peaks ({encoding or 'no known encoding'}), not by "
            "pixels; save it after adata.X = adata.X.tocsr()"
        )
    start = vector(file, "X/indptr").astype(np.int64)
    values, indices = numbers(file, "X/data"), numbers(file, "X/indices")
    _check_shape(file, (len(start) - 1, len(mz)), known["x"], mz)
    if start[0] != 0 or (np.diff(start) < 0).any() or start[-1] != values.size:
        raise IngestError(f"{file.filename}: X/indptr does not fit X/data; export it again")
    if indices.shape != values.shape or values.ndim != 1 or indices.dtype.kind not in "iu":
        raise IngestError(f"{file.filename}: X/indices does not fit X/data; export it again")
    check_axis(file.filename, np.sort(mz))
    return SparseSource(
        **known,
        layout="sparse",
        n_points=np.diff(start),
        intensity_dtype=values.dtype.name,
        notes=np.array(notes, dtype=str),
        values="X/data",
        indices="X/indices",
        start=start,
        peak_mz=mz,
    )


def _check_shape(file, shape, x, mz):
    if shape != (len(x), len(mz)) or len(x) == 0:
        raise IngestError(
            f"{file.filename}: shapes do not fit: X {shape}, {len(x)} pixels in obs, {len(mz)} "
            "peaks in var; export it again"
        )


def _mz(file):
    """Return the m/z values of the peaks, as float64."""
    if isinstance(find(file, "var/mz"), h5py.Dataset):
        return vector(file, "var/mz").astype(np.float64)
    names = _column(file, "var", _index(file, "var"))
    mz = [mz_of(str(name)) for name in (() if names is None else names)]
    if None in mz or not mz:
        raise IngestError(
            f"{file.filename}: var has no column mz, and its names are no m/z values; set "
            "adata.var['mz']"
        )
    return np.array(mz)


def _pixels(file):
    """Return the coordinates, and what else is known of the pixels."""
    path = file.filename
    obs = find(file, "obs")
    if not isinstance(obs, h5py.Group):
        raise IngestError(
            f"{path}: obs is not a group, as anndata has it since 0.7; read and write it again "
            "with a newer one"
        )
    own = (_index(file, "obs"), "__categories")
    names = [name for name in obs if name not in own]
    found = find_coordinates(names)
    if found is not None:
        coordinates = [names[column] for column in found]
        x, y = (vector(file, name, obs) for name in coordinates)
    elif isinstance(find(file, "obsm/spatial"), h5py.Dataset):
        coordinates, places = [], numbers(file, "obsm/spatial")
        if places.ndim != 2 or places.shape[1] < 2:
            raise IngestError(f"{path}: obsm/spatial has shape {places.shape}, not pixels x 2")
        x, y = places[:, 0], places[:, 1]
    else:
        raise IngestError(
            f"{path}: neither obs has columns x and y nor obsm has spatial; found {named(obs)} "
            "in obs"
        )
    if len(x) != len(y):
        raise IngestError(f"{path}: has {len(x)} x and {len(y)} y coordinates; export it again")
    x, y = pixel_coordinates(path, x, y)
    annotations = Annotations(len(x))
    for name in names:
        if name not in coordinates:
            annotations.add(name, _column(file, "obs", name))
    return x, y, annotations


def _index(file, table):
    node = find(file, table)
    return (text_attribute(node, "_index") if node is not None else "") or "_index"


def _column(file, table, name):
    """Read a column of numbers, text or categories; None for any other."""
    node = find(file, f"{table}/{name}")
    if isinstance(node, h5py.Dataset):
        return read_any(file, f"{table}/{name}")
    if node is None or text_attribute(node, "encoding-type") != "categorical":
        return None
    categories = read_any(file, f"{table}/{name}/categories")
    codes = vector(file, f"{table}/{name}/codes")
    return decoded(file, categories, codes)
