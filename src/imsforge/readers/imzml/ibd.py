"""The binary half of an imzML pair: held against what the XML says of it, and read."""

import uuid

import numpy as np

from imsforge.errors import IngestError
from imsforge.readers.imzml.terms import MD5, SHA1, SHA256, UUID

#: Terms of checksums, with the algorithm and its name for the reader.
CHECKSUMS = {
    SHA1: ("sha1", "SHA-1"),
    MD5: ("md5", "MD5"),
    SHA256: ("sha256", "SHA-256"),
}

#: An .ibd begins with the UUID.
UUID_BYTES = 16

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


def array_starts(ibd, *offsets):
    """Return where arrays begin in the .ibd.

    Parameters
    ----------
    ibd : Path
    *offsets : (n_arrays,) int64 arrays

    Returns
    -------
    (n_starts,) ascending int64 array
    """
    starts = np.unique(np.concatenate(offsets))
    return starts[(starts >= 0) & (starts < ibd.stat().st_size)]


def room_of(offset, starts):
    """Return how many bytes lie between the start of an array and that of the next.

    Parameters
    ----------
    offset : (n_arrays,) int64 array
    starts : (n_starts,) int64 array, as `array_starts` returns them

    Returns
    -------
    (n_arrays,) int64 array, 0 where none follows
    """
    after = np.searchsorted(starts, offset, side="right")
    following = np.append(starts, 0)[after]
    return np.where((after < len(starts)) & (offset >= 0), following - offset, 0)


def check_overlap(path, describe, *arrays):
    """Refuse arrays that overlap: then a declared type, length or place is wrong.

    Parameters
    ----------
    path : Path
    describe : callable, names a spectrum by its row
    *arrays : (offset, size) pairs of (n_spectra,) int64 arrays
        Offsets below zero are left. Spectra may share one array as a whole.
    """
    start, size = _joined(arrays)
    overlap = start[:-1] + size[:-1] > start[1:]
    if overlap.any():
        at = start[1:][np.argmax(overlap)]
        row = max(int(np.flatnonzero(offset == at)[-1]) for offset, _ in arrays if at in offset)
        raise IngestError(
            f"{path}: arrays overlap in the .ibd, first at byte {at} ({describe(row)}): "
            "a declared data type, length or offset is wrong, or the arrays are compressed without "
            "the XML saying so; export the measurement again"
        )


def unowned_bytes(ibd, *arrays):
    """Return how many bytes after the UUID belong to no array, of arrays that do not overlap."""
    start, size = _joined(arrays)
    end = np.minimum(start + size, ibd.stat().st_size)
    own = np.maximum(end - np.maximum(start, UUID_BYTES), 0)
    return max(ibd.stat().st_size - UUID_BYTES - int(own.sum()), 0)


def shared_rows(offset, size):
    """Tell which arrays are, as a whole, those of an earlier row.

    Parameters
    ----------
    offset, size : (n_rows,) int64 arrays

    Returns
    -------
    first : (n_rows,) int64 array, the first row with the same array
    """
    order = np.lexsort((np.arange(len(offset)), offset))
    fresh = np.diff(offset[order], prepend=-1) != 0
    first = np.empty(len(offset), dtype=np.int64)
    first[order] = order[np.maximum.accumulate(np.where(fresh, np.arange(len(order)), 0))]
    return np.where(size > 0, first, np.arange(len(offset)))


def beside_a_gap(offset, size, missing, *arrays):
    """Tell which arrays have bytes beside them that are just as many as another one takes.

    Where a spectrum's other array is said to lie elsewhere, that is where it lies.

    Parameters
    ----------
    offset, size : (n_rows,) int64 arrays
    missing : (n_rows,) int64 array, bytes of the other array
    *arrays : BinaryArrays, all of the others

    Returns
    -------
    (n_rows,) bool array
    """
    start, taken = _joined([(offset, size), *((one.offset, one.n_bytes) for one in arrays)])
    end = np.concatenate(([UUID_BYTES], start + taken))
    before = offset - end[np.searchsorted(start, offset)]
    following = np.append(start, -1)[np.searchsorted(start, offset, side="right")]
    after = following - (offset + size)
    return (missing > 0) & ((before == missing) | (after == missing))


def foreign_uuid(ibd, declared):
    """Say so if the UUID of an .ibd is another than the imzML declares.

    Parameters
    ----------
    ibd : Path
    declared : dict of the file's content terms, by accession

    Returns
    -------
    differs : str, or "" where it is the same, or where the imzML declares none
    note : str, or "" where what it declares is a UUID
    """
    text = declared.get(UUID)
    stated = _hexadecimal(text)
    if not stated:
        return "", ""
    try:
        stated = uuid.UUID(stated)
    except ValueError:
        return "", f"the imzML declares {text!r:.60} as UUID, which is none"
    with ibd.open("rb") as file:
        stored = file.read(UUID_BYTES)
    # Some writers store the first half with its bytes swapped, as Windows does.
    if stored in (stated.bytes, stated.bytes_le):
        return "", ""
    if not stated.int:
        return "", "the imzML declares a UUID of zeros, which is none"
    return f"its UUID is {stored.hex()}, the imzML declares {stated.hex}", ""


def foreign_checksums(declared, checksums):
    """Tell whether an .ibd has other checksums than the imzML declares.

    Parameters
    ----------
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
    return differ


def _joined(arrays):
    """Return starts and sizes of arrays in the order of the file, each once."""
    distinct = [_distinct(offset, size) for offset, size in arrays]
    start, size = (np.concatenate(parts) for parts in zip(*distinct, strict=True))
    order = np.argsort(start, kind="stable")
    return start[order], size[order]


def _distinct(offset, size):
    order = np.lexsort((size, offset))
    offset, size = offset[order], size[order]
    repeated = (np.diff(offset, prepend=-1) == 0) & (np.diff(size, prepend=-1) == 0)
    keep = ~repeated & (size > 0) & (offset >= 0)
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
