"""The binary half of an imzML pair: found, and held against what the XML says of it."""

import numpy as np

from imsforge.errors import IngestError
from imsforge.io.imzml.terms import MD5, SHA1, SHA256, UUID

#: Terms of checksums, with the algorithm and its name for the reader.
CHECKSUMS = {
    SHA1: ("sha1", "SHA-1"),
    MD5: ("md5", "MD5"),
    SHA256: ("sha256", "SHA-256"),
}


def find_ibd(path):
    """Return the .ibd beside an imzML file, whatever the case of its letters.

    Raises
    ------
    IngestError
        If there is none.
    """
    exact = path.with_suffix(".ibd")
    if exact.exists():
        return exact
    if path.parent.is_dir():
        for other in sorted(path.parent.iterdir()):
            if other.name.lower() == exact.name.lower():
                return other
    raise IngestError(f"{path}: no {exact.name} beside it; an imzML measurement is both files")


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
