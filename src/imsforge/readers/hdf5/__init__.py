"""Measurements in HDF5: a matrix or a cube of peaks, pandas frames, AnnData, or a map of paths."""

from imsforge.readers.hdf5.reader import read_hdf5
from imsforge.readers.hdf5.spectra import DenseSource, SparseSource

__all__ = ["DenseSource", "SparseSource", "read_hdf5"]
