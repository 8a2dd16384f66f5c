"""Groups and datasets of an HDF5 file that others wrote: opened without leaving the file.

HDF5 files can point to other files in four ways, and can declare arrays of any size in a few bytes;
h5py follows and believes all of it.
"""

import importlib
from contextlib import contextmanager, suppress
from math import prod

import h5py
import numpy as np

from imsforge.errors import IngestError
from imsforge.readers.annotations import LONGEST_TEXT
from imsforge.readers.pixels import pixel_size

# Ends circles of links, and is more than anybody nests.
_MOST_STEPS = 1000
# An array beyond the first size must be backed by the file; deflate packs 1032 to 1 at best.
_SMALL_BYTES = 2**26
_MOST_PACKED = 5000
# A chunk is unpacked whole.
_MOST_CHUNK_BYTES = 2**30
_TEXT_ENTRIES = 1000


@contextmanager
def opened(path):
    """Open a file for reading; whatever h5py says of it becomes one line.

    Raises
    ------
    IngestError
    """
    try:
        with h5py.File(path, "r") as file:
            yield file
    # h5py lets all of these out of damaged files.
    except (
        OSError,
        KeyError,
        RuntimeError,
        ValueError,
        TypeError,
        OverflowError,
        AttributeError,
        MemoryError,
    ) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise IngestError(f"{path}: is not HDF5 or is damaged ({reason}); copy it again") from error


def find(file, name, start=None):
    """Open what lies at a path inside a file.

    Parameters
    ----------
    file : h5py.File
    name : str
    start : h5py.Group, optional
        Where a relative path starts; the root when left out.

    Returns
    -------
    h5py.Group, h5py.Dataset, or None where there is nothing

    Raises
    ------
    IngestError
        If the path leads out of the file, or round in circles.
    """
    node = file["/"] if start is None or name.startswith("/") else start
    parts, steps = _parts(name), 0
    while parts:
        steps += 1
        if steps > _MOST_STEPS:
            raise IngestError(
                f"{file.filename}: {name} is a link that goes round in circles; link to the data"
            )
        if not isinstance(node, h5py.Group):
            return None
        part = parts.pop()
        link = node.get(part, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise IngestError(
                f"{file.filename}: {name} is a link to another file ({link.filename}); "
                "copy its data into this file"
            )
        if isinstance(link, h5py.SoftLink):
            parts += _parts(link.path)
            node = file["/"] if link.path.startswith("/") else node
        elif link is None:
            return None
        else:
            node = node[part]
    return node


def find_dataset(file, name, start=None):
    """Open the dataset at a path inside a file, fit for reading.

    Raises
    ------
    IngestError
        If there is none, its data lie in another file, or it declares more than the file holds.
    """
    dataset = find(file, name, start)
    if not isinstance(dataset, h5py.Dataset):
        raise IngestError(f"{file.filename}: has no dataset {name}; found {named(file)}")
    _check_storage(file.filename, name, dataset)
    _check_filters(file.filename, name, dataset)
    return dataset


def numbers(file, name, start=None):
    """Open a dataset of numbers.

    Raises
    ------
    IngestError
        As `find_dataset` does, or if it holds something else.
    """
    dataset = find_dataset(file, name, start)
    if dataset.dtype.kind not in "iuf" or dataset.shape is None:
        raise IngestError(f"{file.filename}: {name} holds {dataset.dtype}, not numbers")
    return dataset


def vector(file, name, start=None):
    """Read an array of numbers with one dimension, or others of length one beside it.

    Raises
    ------
    IngestError
        As `numbers` does, or if it has more dimensions.
    """
    dataset = numbers(file, name, start)
    if dataset.ndim < 1 or max(dataset.shape, default=0) != prod(dataset.shape):
        raise IngestError(
            f"{file.filename}: {name} has shape {dataset.shape}; it must have one dimension"
        )
    return dataset[()].ravel()


def read_any(file, name, start=None):
    """Read a dataset of numbers, truth values or text; None for any other."""
    dataset = find_dataset(file, name, start)
    if dataset.dtype.kind in "biuf" and dataset.shape is not None:
        return dataset[()]
    if not h5py.check_string_dtype(dataset.dtype) or dataset.ndim < 1:
        return None
    # In pieces: many entries may refer to one long text.
    pieces, step = [], max(1, _TEXT_ENTRIES * len(dataset) // max(1, dataset.size))
    for first in range(0, len(dataset), step):
        pieces.append(dataset.asstr(errors="replace")[first : first + step].ravel())
        if max(map(len, pieces[-1]), default=0) > LONGEST_TEXT:
            return None
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=str)


def read_pixel_size(file, name, n_samples=1):
    """Read the size of pixels in micrometres, where a file tells it.

    Parameters
    ----------
    file : h5py.File
    name : str, of a number, a pair of x and y, or a pair for each sample
    n_samples : int

    Returns
    -------
    (2,) float64 array, or (n_samples, 2) with NaN where a sample's is not known; None where there
    is none
    """
    with suppress(IngestError):
        sizes = numbers(file, name)[()].astype(np.float64)
        if n_samples > 1 and sizes.shape == (n_samples, 2):
            known = [pixel_size(*pair) for pair in sizes]
            own = np.array([[np.nan] * 2 if one is None else one for one in known])
            return None if np.isnan(own).all() else own
        if sizes.size in (1, 2):
            return pixel_size(*sizes.ravel())
    return None


def decoded(file, values, codes):
    """Return the values that codes stand for: categories, or a level of an index.

    Parameters
    ----------
    file : h5py.File, for the message
    values : (n_values,) array, or None
    codes : (n,) int array, -1 for a missing value

    Returns
    -------
    (n,) array, with NaN or the empty string for missing values; None where there are no values

    Raises
    ------
    IngestError
        If there is no value for a code.
    """
    if values is None:
        return None
    if codes.dtype.kind not in "iu" or codes.min(initial=-1) < -1 or (codes >= len(values)).any():
        raise IngestError(f"{file.filename}: has codes that stand for no value; save it again")
    missing = codes < 0
    if not missing.any():
        return values[codes]
    values = np.append(values, "" if values.dtype.kind == "O" else np.nan)
    return values[np.where(missing, len(values) - 1, codes)]


def text_attribute(node, name):
    """Return an attribute that is text, empty where there is none such."""
    value = node.attrs.get(name) if name in node.attrs else None
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value if isinstance(value, str) else ""


def named(group):
    """Name what a group holds, for a message."""
    names = []
    for name in group:
        if len(names) == 8:
            return ", ".join([*names, "..."])
        names.append(name[:60])
    return ", ".join(names) or "nothing"


def _parts(name):
    """Return the parts of a path, the last first."""
    return [part for part in reversed(name.split("/")) if part not in ("", ".")]


def _check_storage(path, name, dataset):
    elsewhere = "are other datasets'" if dataset.is_virtual else "lie in another file"
    if dataset.is_virtual or dataset.external:
        raise IngestError(f"{path}: the data of {name} {elsewhere}; copy them into a plain dataset")
    size = prod(dataset.shape or ()) * dataset.dtype.itemsize
    stored = dataset.id.get_storage_size()
    if size > max(_SMALL_BYTES, _MOST_PACKED * stored):
        raise IngestError(
            f"{path}: {name} has shape {dataset.shape}, {size} bytes, of which the file holds "
            f"{stored}; it was not written to its end, export it again"
        )
    chunk = prod(dataset.chunks or (0,)) * dataset.dtype.itemsize
    if chunk > _MOST_CHUNK_BYTES:
        raise IngestError(
            f"{path}: {name} is packed in chunks of {chunk} bytes; write it again in chunks of "
            "some megabytes"
        )


def _check_filters(path, name, dataset):
    properties = dataset.id.get_create_plist()
    for index in range(properties.get_nfilters()):
        code, _, _, label = properties.get_filter(index)
        if not _can_unpack(code):
            label = label.decode(errors="replace") or f"filter {code}"
            raise IngestError(
                f"{path}: {name} is packed with {label}, which is not installed; pip install "
                "hdf5plugin, or pack it with gzip or lzf, which every HDF5 library has"
            )


def _can_unpack(code):
    if not h5py.h5z.filter_avail(code):
        # Imported for what it registers, where it is installed and needed: it is slow to load.
        with suppress(ImportError):
            importlib.import_module("hdf5plugin")
    return h5py.h5z.filter_avail(code)
