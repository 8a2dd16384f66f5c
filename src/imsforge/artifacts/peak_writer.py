"""Writing ``peaks.h5`` while the spectra stream by."""

from contextlib import contextmanager

import numpy as np

from imsforge.artifacts.contract import PeakMatrix
from imsforge.artifacts.hdf5 import new_hdf5

# Rows are gathered to so much before they are written: HDF5 takes its time for each call.
_BUFFER_BYTES = 2**22


@contextmanager
def peak_matrix_file(path, measurement, mz):
    """Yield a function that writes the rows of a `PeakMatrix` file, one block after the other.

    Intensities are stored as they are: packing them takes longer than integrating them. The file
    appears when the block ends without an error.

    Parameters
    ----------
    path : path
    measurement : Measurement
        Whose pixels the rows are.
    mz : (n_peaks,) float64

    Yields
    ------
    callable, of (n_rows, n_peaks) float32 arrays
    """
    pixels = PeakMatrix(
        intensity=None,
        mz=mz,
        x=measurement.x,
        y=measurement.y,
        total_ion_current=measurement.total_ion_current.astype(np.float32),
        annotations=measurement.annotations,
        sample=measurement.sample,
        samples=measurement.samples,
        pixel_size=measurement.pixel_size,
    )
    with new_hdf5(path) as (file, check):
        pixels.write_to(file)
        shape = (measurement.n_pixels, len(mz))
        dataset = file.create_dataset("intensity", shape=shape, dtype=np.float32)
        rows = _Rows(dataset, check)
        yield rows.append
        rows.flush()


class _Rows:
    def __init__(self, dataset, check):
        self.dataset, self.check = dataset, check
        self.waiting, self.n_bytes, self.n_written = [], 0, 0

    def append(self, values):
        self.waiting.append(values)
        self.n_bytes += values.nbytes
        if self.n_bytes >= _BUFFER_BYTES:
            self.flush()

    def flush(self):
        if self.waiting:
            values = np.concatenate(self.waiting)
            self.dataset[self.n_written : self.n_written + len(values)] = values
            self.n_written += len(values)
            self.waiting, self.n_bytes = [], 0
            self.check()
