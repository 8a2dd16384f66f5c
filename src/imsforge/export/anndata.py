"""AnnData (.h5ad), as anndata's own specification of its files has it, for version 0.8 and later.

Written with h5py: spectra go through in blocks, the same content has the same bytes, and anndata
itself need not be installed. https://anndata.readthedocs.io/en/latest/fileformat-prose.html
"""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from imsforge.artifacts.hdf5 import new_hdf5
from imsforge.readers.pixels import size_of_pixels

_TEXT = h5py.string_dtype()
# Every HDF5 library unpacks it.
_PACKED = {"compression": "gzip", "compression_opts": 4}
_CHUNK_BYTES = 2**20


def write_anndata(results, folder):
    """Write ``{dataset}.h5ad``: spectra in ``X``, peaks in ``var``, pixels in ``obs``.

    ``obsm/spatial`` holds the places of pixels, in micrometres where the sizes of all are known,
    otherwise in pixels; ``uns/spatial_unit`` says which. ``uns/imsforge`` holds settings and
    versions, ``uns/pixel_size`` the sizes of pixels of each sample.

    Parameters
    ----------
    results : Results
    folder : path
    """
    with new_hdf5(Path(folder) / f"{results.name}.h5ad") as (file, check):
        del file.attrs["format_version"]  # of artifacts, which this is none of
        _mark(file, "anndata", "0.1.0")
        _write_spectra(file, results, check)
        _write_frame(file, "obs", results.pixels())
        _write_frame(file, "var", results.peak_table())
        unit, places = spatial(results.peaks)
        _write_dict(file, "obsm", {"spatial": places})
        _write_dict(file, "uns", unstructured(results, unit))
        for name in ("layers", "varm", "obsp", "varp"):
            _write_dict(file, name, {})


def spatial(peaks):
    """Return the unit of places, and the place of each pixel, (n_pixels, 2) float64, x and y."""
    places = np.column_stack([peaks.x, peaks.y]).astype(np.float64)
    sizes = peaks.pixel_size
    if sizes is None or np.isnan(sizes).any():
        return "pixel", places
    return "micrometer", places * sizes[peaks.sample]


def unstructured(results, unit):
    """Return what is said of the measurement as a whole, for ``uns``."""
    sizes = results.peaks.pixel_size
    known = [size_of_pixels(sizes, k) for k in range(len(results.peaks.samples))]
    told = {"spatial_unit": unit, "imsforge": {"dataset": results.name, **results.about}}
    return told | ({"pixel_size": sizes} if any(known) else {})


def _mark(node, kind, version):
    node.attrs["encoding-type"] = kind
    node.attrs["encoding-version"] = version


def _write_spectra(file, results, check):
    shape = (len(results.peaks.x), len(results.peaks.mz))
    rows = max(1, min(shape[0], _CHUNK_BYTES // (4 * shape[1])))
    dataset = file.create_dataset(
        "X", shape=shape, dtype=np.float32, chunks=(rows, shape[1]), shuffle=True, **_PACKED
    )
    _mark(dataset, "array", "0.2.0")
    for own, intensity in results.blocks():
        dataset[own] = intensity
        check()


def _write_frame(parent, name, frame):
    group = parent.create_group(name)
    _mark(group, "dataframe", "0.2.0")
    # A slash would be a group of a group.
    group.attrs["_index"] = "_index"
    group.attrs.create("column-order", np.array(frame.columns, dtype=object), dtype=_TEXT)
    _write_array(group, "_index", np.asarray(frame.index, dtype=object))
    for key, values in frame.items():
        if isinstance(values.dtype, pd.CategoricalDtype):
            _write_categories(group, key, values.cat)
        else:
            _write_array(group, key, values.to_numpy())


def _write_categories(parent, name, values):
    group = parent.create_group(name)
    _mark(group, "categorical", "0.2.0")
    group.attrs["ordered"] = bool(values.ordered)
    _write_array(group, "codes", values.codes.to_numpy())
    _write_array(group, "categories", np.asarray(values.categories, dtype=object))


def _write_array(parent, name, values):
    is_text = values.dtype.kind in "OU"
    packed = {} if len(values) == 0 else _PACKED
    kind = {"dtype": _TEXT} if is_text else {}
    dataset = parent.create_dataset(
        name, data=values.astype(object) if is_text else values, **kind, **packed
    )
    _mark(dataset, "string-array" if is_text else "array", "0.2.0")


def _write_dict(parent, name, content):
    group = parent.create_group(name)
    _mark(group, "dict", "0.1.0")
    for key, value in content.items():
        if isinstance(value, dict):
            _write_dict(group, key, value)
        elif isinstance(value, str):
            _mark(group.create_dataset(key, data=value, dtype=_TEXT), "string", "0.2.0")
        else:
            _write_array(group, key, value)
