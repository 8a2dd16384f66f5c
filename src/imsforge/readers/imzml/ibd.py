"""The binary half of an imzML pair: held against what the XML says of it, and read."""

import numpy as np

from imsforge.errors import IngestError
from imsforge.readers.imzml.terms import MD5, SHA1, SHA256, UUID

#: Terms of checksums, with the algorithm and its name for the reader.
CHECKSUMS = {
    SHA1: ("sha1", "SHA-1"),
    MD5: ("md5", "MD5"),
    SHA256: ("sha256", "SHA-256"),
}

# Short arrays are served from here, long ones go straight to where they belong.
_BUFFER_BYTES = 2**17


def outside(ibd, offset, size):
    """Tell which arrays reach out of the .ibd.

    Parameters
    ----------
    ibd : Path
    offset, size : (n_spectra,) int64 arrays, in bytes

    Returns
    -------
    (n_spectra,) bool array
    """
    n_bytes = ibd.stat().st_size
    beyond = (offset < 0) | (size < 0) | (size > n_bytes) | (offset > n_bytes - size)
    return beyond & (size != 0)  # an empty array lies nowhere


def check_overlap(path, *arrays):
    """Refuse arrays that overlap: then a declared type or length is wrong.

    Parameters
    ----------
    path : Path
    *arrays : (offset, size) pairs of (n_spectra,) int64 arrays
        Spectra may share one array as a whole.
    """
    distinct = [_distinct(offset, size) for offset, size in arrays]
    start, size = (np.concatenate(parts) for parts in zip(*distinct, strict=True))
    order = np.argsort(start, kind="stable")
    start, size = start[order], size[order]
    overlap = start[:-1] + size[:-1] > start[1:]
    if overlap.any():
        raise IngestError(
            f"{path}: arrays overlap in the .ibd, first at byte {start[1:][np.argmax(overlap)]}: "
            "a declared data type or length is wrong, or the arrays are compressed without the "
            "XML saying so; export the measurement again"
        )


def foreign_terms(ibd, declared, checksums):
    """Tell whether an .ibd is another than the one that the imzML declares.

    Parameters
    ----------
    ibd : Path
    declared : dict of the file's content terms, by accession
    checksums : dict of hexadecimal checksums of the .ibd, by algorithm

    Returns
    -------
    list of str, one for each term that does not agree
    """
    differ = []
    for accession, (algorithm, name) in CHECKSUMS.items():
        stated = _hexadecimal(declared.get(accession))
        if stated and stated != checksums[algorithm]:
            differ.append(f"its {name} is {checksums[algorithm]}, the imzML declares {stated}")
    with ibd.open("rb") as file:
        uuid = file.read(16).hex()
    stated = _hexadecimal(declared.get(UUID))
    if stated and stated != uuid:
        differ.append(f"its UUID is {uuid}, the imzML declares {stated}")
    return differ


def _distinct(offset, size):
    order = np.lexsort((size, offset))
    offset, size = offset[order], size[order]
    repeated = (np.diff(offset, prepend=-1) == 0) & (np.diff(size, prepend=-1) == 0)
    keep = ~repeated & (size > 0)
    return offset[keep], size[keep]


def _hexadecimal(text):
    return "".join(character for character in str(text or "").lower() if character.isalnum())


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
