"""A dataclass of arrays as an HDF5 file that appears whole or not at all, on a full disk too."""

from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import ClassVar

import h5py
import numpy as np

from imsforge.artifacts.atomic import atomic
from imsforge.artifacts.version import FORMAT_VERSION, check_version
from imsforge.errors import DamagedError, DataError, damaged


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
            If there is no such file, or it is of a newer version.
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
        check_version(path, file.attrs.get("format_version"))
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


@contextmanager
def new_hdf5(path):
    """Open a new HDF5 file, which takes its place when the block succeeds.

    Yields
    ------
    file : h5py.File
    check : callable
        Raises what kept earlier data from being written; for writers that take long.

    Raises
    ------
    OutputError
        If there is no room.
    """
    with atomic(path) as temporary, temporary.open("w+b", buffering=0) as raw:
        sink = _Sink(raw)
        with h5py.File(sink, "w") as file:
            file.attrs["format_version"] = FORMAT_VERSION
            yield file, sink.check
        sink.check()


class _Sink:
    """A file that keeps its first failure to itself: HDF5 crashes where a write fails."""

    def __init__(self, raw):
        self.raw = raw
        self.error = None
        self.read, self.readinto = raw.read, raw.readinto
        self.seek, self.tell, self.flush = raw.seek, raw.tell, raw.flush

    def write(self, data):
        rest = memoryview(data)
        while self.error is None and len(rest):
            try:
                rest = rest[self.raw.write(rest) :]
            except OSError as error:
                self.error = error
        return len(data)

    def truncate(self, size=None):
        try:
            return self.raw.truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size

    def check(self):
        if self.error is not None:
            raise self.error
