"""How much memory the arrays of files take: from their shapes, as files are compressed."""

import os
from functools import lru_cache

import h5py


def megabytes(paths):
    """Return what the arrays of files take in memory together, in MB.

    Of an HDF5 file, the shapes and types in its header tell; any other file counts by its size.

    Parameters
    ----------
    paths : iterable of paths

    Raises
    ------
    FileNotFoundError
        If there is no such file yet.
    """
    return sum(_bytes(str(path), *_state(path)) for path in paths) / 1e6


def _state(path):
    # Unlike pathlib, it names a missing file as text, by which Snakemake knows its inputs.
    state = os.stat(str(path))  # noqa: PTH116
    return state.st_size, state.st_mtime_ns


@lru_cache(maxsize=100_000)
def _bytes(path, size, _modified):
    try:
        with h5py.File(path, "r") as file:
            arrays = []
            file.visititems(lambda _, node: arrays.append(getattr(node, "nbytes", 0)))
    except OSError:  # no HDF5, or damaged, which the stage will tell
        return size
    return max(size, sum(arrays))
