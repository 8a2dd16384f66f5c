"""Many arrays out of one binary file."""

import numpy as np

# Short arrays are served from here, long ones go straight to where they belong.
_BUFFER_BYTES = 2**17


def read_arrays(path, offset, count, dtype):
    """Read arrays that lie anywhere in a file, one after the other.

    Parameters
    ----------
    path : Path
    offset : (n_arrays,) int64 array
        First byte of each array.
    count : (n_arrays,) int64 array
        Its number of values.
    dtype : NumPy type

    Returns
    -------
    (count.sum(),) array of ``dtype``

    Raises
    ------
    EOFError
        If the file ends before an array does.
    """
    values = np.empty(count.sum(), dtype)
    begin = np.concatenate(([0], np.cumsum(count * values.itemsize)))
    # Arrays that follow each other in the file are read as one.
    first = np.flatnonzero(np.diff(offset - begin[:-1], prepend=-1))
    stop = np.append(begin[first[1:]], begin[-1])
    target = values.view(np.uint8)
    with path.open("rb", buffering=_BUFFER_BYTES) as file:
        for at, start, end in zip(
            offset[first].tolist(), begin[first].tolist(), stop.tolist(), strict=True
        ):
            file.seek(at)
            if file.readinto(target[start:end]) != end - start:
                raise EOFError(f"ends before byte {at + end - start}")
    return values
