"""The m/z axis that all spectra of a measurement share."""

import numpy as np

from imsforge.errors import IngestError


def check_axis(path, mz):
    """Return a common m/z axis as float64 if it is finite, positive and ascending.

    Raises
    ------
    IngestError
        Naming the first point that is not.
    """
    mz = np.asarray(mz, dtype=np.float64)
    if mz.size == 0:
        raise IngestError(f"{path}: the m/z axis is empty; export the spectra again")
    good = np.isfinite(mz) & (mz > 0)
    if not good.all():
        first = int(np.argmin(good))
        raise IngestError(f"{path}: m/z is {mz[first]} at point {first + 1} of the m/z axis")
    descends = np.diff(mz) <= 0
    if descends.any():
        first = int(np.argmax(descends))
        raise IngestError(
            f"{path}: the m/z axis does not ascend from point {first + 1} ({mz[first]}) to "
            f"{first + 2} ({mz[first + 1]}); sort the axis and its intensities"
        )
    return mz
