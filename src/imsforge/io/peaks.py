"""Writing ``peaks.h5`` and ``peaks.csv`` while the spectra stream by."""

from contextlib import contextmanager

import h5py
import numpy as np

from imsforge.io.artifacts import PeakMatrix
from imsforge.io.atomic import atomic

_CHUNK_BYTES = 2**20


@contextmanager
def peak_matrix_file(path, mz, x, y, annotations):
    """Yield the intensities and the total ion current of a `PeakMatrix` file, to fill by rows.

    The file appears when the block ends without an error.

    Parameters
    ----------
    path : path
    mz : (n_peaks,) float64
    x, y : (n_pixels,) int32
    annotations : dict of (n_pixels,) arrays

    Yields
    ------
    intensity : h5py.Dataset, (n_pixels, n_peaks) float32
    total_ion_current : (n_pixels,) float32 array, stored when the block ends
    """
    with atomic(path) as temporary:
        PeakMatrix(None, mz, x, y, None, annotations).write(temporary)
        n_rows = min(len(x), max(1, _CHUNK_BYTES // (4 * len(mz))))
        total_ion_current = np.zeros(len(x), dtype=np.float32)
        with h5py.File(temporary, "a") as file:
            intensity = file.create_dataset(
                "intensity",
                shape=(len(x), len(mz)),
                dtype=np.float32,
                chunks=(n_rows, len(mz)),
                compression="lzf",
            )
            yield intensity, total_ion_current
            file.create_dataset("total_ion_current", data=total_ion_current)
