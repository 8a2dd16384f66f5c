"""Measurements in HDF5: a matrix or a cube of peaks, pandas frames, AnnData, or a map of paths."""

from imsforge.io.hdf5.dense import DenseSource
from imsforge.io.hdf5.door import read_hdf5
from imsforge.io.hdf5.sparse import SparseSource

__all__ = ["DenseSource", "SparseSource", "read_hdf5"]
