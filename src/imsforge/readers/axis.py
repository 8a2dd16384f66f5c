"""m/z values: which are possible, and the axis that all spectra of a measurement share."""

import numpy as np

from imsforge.errors import IngestError

# The lightest ion is a proton; above lies more than mass spectrometry reaches, but not more than
# damaged files hold.
_LEAST, _MOST = 0.5, 1e6


def possible_mz(mz):
    """Tell which values an ion can have; NaN is none."""
    return (mz >= _LEAST) & (mz <= _MOST)


def ascending_columns(mz):
    """Return where the possible values of an axis stand, in ascending order.

    Returns
    -------
    (n_possible,) int64 array, or None where all are possible and ascend already
    """
    columns = np.flatnonzero(possible_mz(mz))
    columns = columns[np.argsort(mz[columns], kind="stable")]
    in_order = len(columns) == len(mz) and np.all(np.diff(columns) > 0)
    return None if in_order else columns


def check_axis(path, mz):
    """Return a common m/z axis as float64 if its values are possible and ascend.

    Raises
    ------
    IngestError
        Naming the first point that is not.
    """
    mz = np.asarray(mz, dtype=np.float64)
    if mz.size == 0:
        raise IngestError(f"{path}: the m/z axis is empty; export the spectra again")
    good = possible_mz(mz)
    if not good.all():
        first = int(np.argmin(good))
        raise IngestError(
            f"{path}: m/z is {mz[first]} at point {first + 1} of the m/z axis; export it again"
        )
    # Values may repeat: a fine axis in 32 bits has such.
    descends = np.diff(mz) < 0
    if descends.any():
        first = int(np.argmax(descends))
        raise IngestError(
            f"{path}: the m/z axis does not ascend from point {first + 1} ({mz[first]}) to "
            f"{first + 2} ({mz[first + 1]}); sort the axis and its intensities"
        )
    return mz
