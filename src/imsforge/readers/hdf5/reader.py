"""Which layout an HDF5 file has."""

from pathlib import Path

from imsforge.errors import IngestError
from imsforge.readers.files import check_raw_file
from imsforge.readers.hdf5.anndata import read_anndata
from imsforge.readers.hdf5.frames import find_frames, read_frames
from imsforge.readers.hdf5.layouts import plain_layout, read_layout
from imsforge.readers.hdf5.nodes import named, opened


def read_hdf5(path, layout=None):
    """Index a measurement in HDF5.

    Parameters
    ----------
    path : path
    layout : dict, optional
        Paths inside the file: ``intensity`` (pixels x peaks, peaks x pixels, or a cube of rows x
        columns x peaks), ``mz``, ``x`` and ``y`` (not with a cube), ``mask`` (with a cube), and
        ``annotations``, a dictionary of paths by name. When left out, the layout is found out.

    Returns
    -------
    Source

    Raises
    ------
    IngestError
        In one line, for whatever keeps the file from being read.
    """
    path = Path(path)
    check_raw_file(path)
    with opened(path) as file:
        if layout:
            return read_layout(file, {"annotations": {}, **layout})
        names = set(file)
        if plain := plain_layout(names):
            return read_layout(file, plain)
        if {"X", "obs", "var"} <= names:
            return read_anndata(file)
        if frames := find_frames(file):
            return read_frames(file, frames)
        raise IngestError(
            f"{path}: has none of the layouts that imsforge knows; found {named(file)}; "
            "name its datasets in the configuration, under hdf5"
        )
