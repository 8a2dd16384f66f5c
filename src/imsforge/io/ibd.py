"""The binary half of an imzML pair: found, and held against what the XML says of it."""

import numpy as np

from imsforge.errors import IngestError

_CHECKSUMS = {"sha1": ("IMS:1000091", "SHA-1"), "md5": ("IMS:1000090", "MD5")}
_UUID = "IMS:1000080"


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
    for other in sorted(path.parent.iterdir()):
        if other.name.lower() == exact.name.lower():
            return other
    raise IngestError(f"{path}: no {exact.name} beside it; an imzML measurement is both files")


def check_lengths(path, n_mz, n_intensity):
    """Refuse spectra whose m/z and intensity arrays differ in length."""
    differ = n_mz != n_intensity
    if differ.any():
        first = int(np.argmax(differ))
        raise IngestError(
            f"{path}: spectrum {first + 1} has {n_mz[first]} m/z values and {n_intensity[first]} "
            f"intensities, as have {np.count_nonzero(differ)} of {len(differ)} spectra such a "
            "mismatch; export the measurement again"
        )


def check_spans(ibd, offset, size, what):
    """Refuse arrays that lie outside the .ibd.

    Parameters
    ----------
    ibd : Path
    offset, size : (n_spectra,) int64 arrays, in bytes
    what : str
        The arrays' name for the message.
    """
    n_bytes = ibd.stat().st_size
    beyond = (offset < 0) | (size < 0) | (size > n_bytes) | (offset > n_bytes - size)
    if beyond.any():
        first = int(np.argmax(beyond))
        raise IngestError(
            f"{ibd}: is cut off: it has {n_bytes} bytes, but the {what} of spectrum {first + 1} is "
            f"{size[first]} bytes at {offset[first]}, and {np.count_nonzero(beyond)} of "
            f"{len(beyond)} spectra lie outside; copy the file again"
        )


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
            "a declared data type or length is wrong, or the arrays are compressed; "
            "export without compression"
        )


def foreign_ibd_warnings(ibd, declared, checksums):
    """Tell whether an .ibd is another than the one that the imzML declares.

    Parameters
    ----------
    ibd : Path
    declared : dict of the file's content terms, by accession
    checksums : dict of hexadecimal checksums of the .ibd, by algorithm
    """
    warnings = []
    for algorithm, (accession, name) in _CHECKSUMS.items():
        stated = _hexadecimal(declared.get(accession))
        if stated and stated != checksums[algorithm]:
            warnings.append(
                f"{ibd.name}: its {name} is {checksums[algorithm]}, the imzML declares {stated}"
            )
    with ibd.open("rb") as file:
        uuid = file.read(16).hex()
    stated = _hexadecimal(declared.get(_UUID))
    if stated and stated != uuid:
        warnings.append(f"{ibd.name}: its UUID is {uuid}, the imzML declares {stated}")
    return warnings


def _distinct(offset, size):
    order = np.lexsort((size, offset))
    offset, size = offset[order], size[order]
    repeated = (np.diff(offset, prepend=-1) == 0) & (np.diff(size, prepend=-1) == 0)
    keep = ~repeated & (size > 0)
    return offset[keep], size[keep]


def _hexadecimal(text):
    return "".join(character for character in str(text or "").lower() if character.isalnum())
