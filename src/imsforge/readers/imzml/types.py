"""How arrays are stored: what their terms say, held against their bytes and their values."""

import zlib
from dataclasses import dataclass

import numpy as np

from imsforge.errors import IngestError
from imsforge.readers.axis import possible_mz
from imsforge.readers.imzml.ibd import read_arrays, room_of
from imsforge.readers.imzml.spectra import BinaryArrays

# Types of each size, in the order in which they are thought of.
_OF_SIZE = {
    1: ("<i1",),
    2: ("<f2", "<i2", ">f2", ">i2"),
    4: ("<f4", "<i4", ">f4", ">i4"),
    8: ("<f8", "<i8", ">f8", ">i8"),
}
_PROBED_ARRAYS = 16
_PROBED_VALUES = 4096
_MANY_VALUES = 5
_MOST_UNPACKED = 2**24
# Intensities as instruments and normalisations give them; and what half an array never exceeds:
# floats taken for integers lie above, small integers taken for floats are denormal numbers below.
_USUAL = (1e-6, 1e12)
_LEAST_FLOAT, _MOST_FLOAT = {2: 6.2e-5, 4: 1e-20, 8: 1e-20}, 1e25
_MOST_INTEGER = {1: 2.0**7, 2: 2.0**15, 4: 2.0**29, 8: 2.0**52}
# 16-bit floats from 1 on, taken for integers, lie above this: all of them, as integers may by half.
_LEAST_FLOAT16 = 15360


@dataclass(frozen=True)
class SettledArrays:
    """Arrays whose types are settled.

    Attributes
    ----------
    arrays : BinaryArrays
    left_out : (n_spectra,) bool
    unlike : (n_spectra,) bool
        Single plain arrays whose encoded length is not what type and length mean, nor wrong in the
        way of most, which is judged as the type.
    notes : list of str
    findings : list of Finding
    """

    arrays: BinaryArrays
    left_out: np.ndarray
    unlike: np.ndarray
    notes: list
    findings: list


def settle_arrays(path, ibd, columns, what, starts, policies, describe):
    """Settle the types of the m/z or the intensity arrays.

    A type is declared; the encoded lengths, the places of the arrays in the .ibd, what zlib arrays
    unpack to, and the values tell it again. Where they do not agree, a policy decides.

    Parameters
    ----------
    path, ibd : Path
    columns : ArrayColumns
    what : {"m/z", "intensity"}
    starts : (n_starts,) ascending int64 array, where any array begins; None where not all are known
    policies : Policies
    describe : callable, names a spectrum by its row

    Returns
    -------
    SettledArrays

    Raises
    ------
    IngestError
    """
    dtypes, notes, findings, usual = [], [], [], []
    left_out = np.zeros(len(columns.offset), dtype=bool)
    for kind, stored in enumerate(columns.kinds):
        own = np.flatnonzero(columns.kind == kind)
        probe = _Probe(ibd, columns, own, what, stored.compressed)
        told = probe.unpacked if stored.compressed else _share(columns.encoded[own], probe.length)
        room = None
        if starts is not None and not stored.compressed:
            room = _share(room_of(columns.offset[own], starts), probe.length)
        declared, reason = _declared(path, stored, what, told or room, probe, notes)
        size = np.dtype(declared).itemsize
        real = size if told != size and room == size else (room or told or size)
        if told not in (None, size) and real == size:
            notes.append(
                f"the encoded lengths of the {what} arrays mean {told} bytes a value, but they lie "
                f"{size} bytes a value apart: read as declared, {np.dtype(declared).name}"
            )
        name = np.dtype(declared).name
        if not reason and real != size:
            n = probe.first
            reason = f"{n} values declared as {name} lie in {n * real} bytes"
        if not reason and (oddity := probe.oddity(declared)):
            reason = f"declared as {name} they are {oddity}"
        candidates = probe.fitting(real) if reason or probe.doubtful(declared) else []
        if not reason and candidates:
            reason = f"declared as {name} they are scattered: wrong type or byte order"
        fitting = candidates[0] if len(candidates) == 1 else None
        if reason:
            affected = np.zeros(len(left_out), dtype=bool)
            affected[own[probe.length > 0]] = True
            detail = f"{what} array: {reason}; {_told_by(candidates)}"
            finding = policies.settle(
                "stored_type", affected, path, describe, detail, mendable=fitting is not None
            )
            findings.append(finding)
            left_out |= affected & (policies["stored_type"] == "skip")
        dtypes.append(fitting or declared)
        usual.append(told or 0)
    arrays = _binary_arrays(path, columns, what, dtypes)
    as_most = columns.encoded == columns.length * np.array(usual)[columns.kind]
    unlike = (columns.encoded > 0) & (columns.length > 0) & ~arrays.compressed[columns.kind]
    unlike &= (columns.encoded != arrays.n_bytes) & ~as_most
    return SettledArrays(arrays, left_out, unlike, notes, findings)


def _declared(path, stored, what, size, probe, notes):
    """Return the type that is declared, and why it cannot be believed, or "".

    Of several or none, it is the one that bytes and values tell.
    """
    if len(stored.types) == 1:
        return stored.types[0], ""
    fitting = [t for t in stored.types or ("<f4", "<f8") if np.dtype(t).itemsize == size]
    if len(fitting) > 1 or (stored.types and size is None):
        fitting = [t for t in fitting or stored.types if not probe.oddity(t)]
    if stored.unknown:
        reason = f"declared as {stored.unknown!r}, which imsforge does not know"
        return fitting[0] if fitting else "<f4", reason
    names = " and ".join(np.dtype(t).name for t in stored.types)
    if len(fitting) == 1:
        said = f"declared as {names}" if names else "of no declared type"
        chosen = np.dtype(fitting[0]).name
        notes.append(f"the {what} arrays are {said}: read as {chosen} by their number of bytes")
        return fitting[0], ""
    if not names:
        raise IngestError(
            f"{path}: the data type of the {what} arrays is not declared, and their numbers of "
            "bytes do not tell it; export the measurement again"
        )
    return stored.types[-1], f"declared as {names}, and their numbers of bytes do not tell which"


class _Probe:
    """A look at some arrays of one kind.

    Attributes
    ----------
    length : (n_own,) int64
    first : int, length of the first array with values
    unpacked : int or None, bytes a value that zlib arrays unpack to
    """

    def __init__(self, ibd, columns, own, what, compressed):
        self.what = what
        self.length = np.maximum(columns.length[own], 0)
        filled = np.flatnonzero(self.length > 0)
        self.first = int(self.length[filled[0]]) if len(filled) else 0
        self.unpacked = None
        self.data = []
        errors = []
        sizes = set()
        n_bytes = ibd.stat().st_size
        for at in filled[:: max(1, len(filled) // _PROBED_ARRAYS)].tolist():
            row = own[at]
            start, count = int(columns.offset[row]), int(self.length[at])
            if not 0 <= start < n_bytes:
                continue
            left = n_bytes - start
            if not compressed:
                size = min(8 * min(count, _PROBED_VALUES), left)
                self.data.append((count, read_arrays(ibd, *_one(start, size), np.uint8).tobytes()))
                continue
            packed = int(columns.encoded[row])
            if not 0 < packed <= left:
                continue
            try:
                unpacked = zlib.decompressobj().decompress(
                    read_arrays(ibd, *_one(start, packed), np.uint8),
                    min(8 * count + 1, _MOST_UNPACKED),
                )
            except zlib.error as error:
                errors.append(error)
                continue
            self.data.append((count, unpacked[: 8 * _PROBED_VALUES]))
            sizes.add(len(unpacked) / count)
        if errors and not self.data:
            raise IngestError(
                f"{ibd}: the {what} arrays are declared as compressed by zlib and cannot be read "
                f"({errors[0]}): compression, offsets or lengths are wrong; export the "
                "measurement again"
            )
        if len(sizes) == 1 and (size := sizes.pop()) in _OF_SIZE:
            self.unpacked = int(size)

    def values(self, dtype):
        """Return the values that were looked at, as if they were of a type, without zeros."""
        dtype = np.dtype(dtype)
        parts = []
        for count, data in self.data:
            n = min(count, len(data) // dtype.itemsize, _PROBED_VALUES)
            with np.errstate(invalid="ignore"):  # the bytes of another type may be any NaN
                parts.append(np.frombuffer(data, dtype, count=n).astype(np.float64))
        values = np.concatenate(parts) if parts else np.empty(0)
        return values[values != 0]

    def oddity(self, dtype):
        """Say what is odd about the values if they are of a type, or nothing."""
        values = self.values(dtype)
        if len(values) == 0:
            return ""
        if self.what == "m/z":
            odd = ~possible_mz(values)
            why = "no m/z of any ion"
        elif np.dtype(dtype).kind == "f":
            tiny = np.abs(values) < _LEAST_FLOAT[np.dtype(dtype).itemsize]
            odd = tiny | ~(np.abs(values) < _MOST_FLOAT)
            why = "denormal numbers" if np.count_nonzero(tiny) * 2 > len(values) else "no numbers"
        else:
            odd = np.abs(values) > _MOST_INTEGER[np.dtype(dtype).itemsize]
            if np.dtype(dtype).itemsize == 2 and np.unique(values).size >= _MANY_VALUES:
                odd |= values.min() >= _LEAST_FLOAT16
            why = "impossibly large"
        if np.count_nonzero(odd) * 2 <= len(values):
            return ""
        return f"{why} ({values[np.argmax(odd)]:.3g}): wrong type or byte order"

    def usual(self, dtype):
        """Return the share of the values that are as large as one expects of a type."""
        values = self.values(dtype)
        if len(values) == 0:
            return 1.0
        if self.what == "m/z":
            return np.mean(possible_mz(values))
        least, most = _USUAL
        if np.dtype(dtype).kind == "i":
            least, most = 1, _MOST_INTEGER[np.dtype(dtype).itemsize]
        return np.mean((np.abs(values) >= least) & (np.abs(values) <= most))

    def fits(self, dtype):
        """Tell whether all values but a few are as one expects if they are of a type."""
        values = self.values(dtype)
        return len(values) > 0 and self.usual(dtype) > 0.99 and np.mean(values > 0) > 0.99

    def doubtful(self, dtype):
        """Tell whether values that were declared to be of a type look much like those of another.

        A few integers, small ones or such of 16 bits may by chance; the last bytes of many are
        anything.
        """
        values = np.unique(self.values(dtype))
        turned = _turned_float(dtype)
        if len(values) < _MANY_VALUES:
            return False
        if np.median(values) > 255 and turned in _OF_SIZE[4] + _OF_SIZE[8] and self.fits(turned):
            return True
        return self.usual(dtype) < 0.8

    def fitting(self, size):
        """Return the types of a size of which the values can be.

        Round floating-point numbers look like integers of the other byte order, not the reverse.
        """
        able = [dtype for dtype in _OF_SIZE[size] if self.fits(dtype)]
        return [dtype for dtype in able if _turned_float(dtype) not in able]


def _turned_float(dtype):
    """Return the floating-point type of the other byte order as an integer type, or None."""
    return {"<": ">", ">": "<"}[dtype[0]] + "f" + dtype[2] if dtype[1] == "i" else None


def _one(start, size):
    return np.array([start]), np.array([size])


def _share(n_bytes, length):
    """Return the bytes a value that most arrays have, or None where there is no such number."""
    known = (n_bytes > 0) & (length > 0)
    n_bytes, length = n_bytes[known], length[known]
    if len(length) == 0:
        return None
    size = np.where(n_bytes % length == 0, n_bytes // length, 0)
    size = np.where(np.isin(size, list(_OF_SIZE)), size, 0)
    most = int(np.bincount(size).argmax())
    return most if most and np.count_nonzero(size == most) * 2 > len(size) else None


def _told_by(candidates):
    names = [
        np.dtype(dtype).name + (" of the other byte order" if dtype[0] == ">" else "")
        for dtype in candidates
    ]
    return f"{' and '.join(names) or 'no type'} {'fit' if len(names) > 1 else 'fits'}"


def _binary_arrays(path, columns, what, dtypes):
    dtypes = np.array(dtypes, dtype=str)
    compressed = np.array([stored.compressed for stored in columns.kinds], dtype=bool)
    itemsize = np.array([np.dtype(dtype).itemsize for dtype in dtypes])
    sizeless = compressed[columns.kind] & (columns.encoded < 0)
    if sizeless.any():
        row = int(np.argmax(sizeless))
        raise IngestError(
            f"{path}: spectrum {row + 1} has a compressed {what} array without an encoded length; "
            "export the measurement again"
        )
    # Lengths that no file can have would overflow; what reaches beyond the .ibd is refused.
    length = np.clip(columns.length, -1, 2**58)
    plain_bytes = length * itemsize[columns.kind]
    n_bytes = np.where(compressed[columns.kind], columns.encoded, plain_bytes)
    return BinaryArrays(
        offset=columns.offset,
        n_bytes=n_bytes,
        kind=columns.kind,
        dtypes=dtypes,
        compressed=compressed,
    )
