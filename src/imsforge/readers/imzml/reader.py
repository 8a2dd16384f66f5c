"""imzML: what the XML says, held against the .ibd; the spectra stay where they are."""

import numpy as np

from imsforge.errors import IngestError
from imsforge.readers.axis import ascending_columns, possible_mz
from imsforge.readers.files import check_raw_file, find_ibd
from imsforge.readers.imzml.ibd import check_overlap, outside
from imsforge.readers.imzml.parser import parse_imzml
from imsforge.readers.imzml.spectra import BinaryArrays, IbdSource
from imsforge.readers.imzml.terms import CONTINUOUS, PROCESSED
from imsforge.readers.pixels import whole_numbers
from imsforge.readers.source import Indexed

# zlib packs no better than this.
_MOST_PACKED = 1100


def index_imzml(path, policies):
    """Index an imzML file and its .ibd.

    Parameters
    ----------
    path : Path
    policies : Policies

    Returns
    -------
    Indexed

    Raises
    ------
    IngestError
        In one line, for whatever keeps the file from being read.
    """
    check_raw_file(path)
    ibd = find_ibd(path)
    check_raw_file(ibd)
    index = parse_imzml(path)
    x, y, z = (
        whole_numbers(path, name, values)
        for name, values in (("x", index.x), ("y", index.y), ("z", index.z))
    )

    def describe(row):
        return f"spectrum {row + 1} (x {x[row]}, y {y[row]})"

    notes, findings = list(index.notes), []
    mz_arrays = _binary_arrays(path, index.mz, "m/z", notes)
    intensity_arrays = _binary_arrays(path, index.intensity, "intensity", notes)

    cut_off = _cut_off(ibd, index.mz, mz_arrays) | _cut_off(ibd, index.intensity, intensity_arrays)
    detail = f"the file has {ibd.stat().st_size} bytes"
    findings.append(policies.settle("cut_off", cut_off, ibd, describe, detail))
    unlike = ~cut_off & (index.mz.length != index.intensity.length)
    first = int(np.argmax(unlike))
    detail = f"{index.mz.length[first]} m/z values and {index.intensity.length[first]} intensities"
    findings.append(policies.settle("length_mismatch", unlike, path, describe, detail))
    left_out = cut_off | (unlike & (policies["length_mismatch"] == "skip"))
    if left_out.all():
        raise IngestError(f"{path}: no spectrum is left; copy both files again")

    n_points = np.minimum(index.mz.length, index.intensity.length)
    n_points[left_out] = 0
    used = np.flatnonzero(~left_out)
    check_overlap(
        path,
        *((arrays.offset[used], arrays.n_bytes[used]) for arrays in (mz_arrays, intensity_arrays)),
    )
    common = not unlike[used].any() and all(
        np.ptp(values[used]) == 0 for values in (mz_arrays.offset, n_points, mz_arrays.kind)
    )
    axis = columns = None
    n_stored = 0
    if common and n_points[used[0]] > 0:
        n_stored = int(n_points[used[0]])
        axis, columns = _common_axis(path, ibd, mz_arrays, used, n_stored, policies, findings)
        n_points[used] = len(axis)
    notes += _layout_notes(index, axis is not None)
    source = IbdSource(
        format="imzML",
        mode="centroid",  # settled by the caller, who may know better than the file
        layout="processed" if axis is None else "continuous",
        path=str(ibd),
        imzml=str(path),
        x=x,
        y=y,
        z=z if np.ptp(z) else None,
        n_points=n_points,
        mz_dtype=_type_names(mz_arrays),
        intensity_dtype=_type_names(intensity_arrays),
        axis=axis,
        columns=columns,
        n_stored=n_stored,
        intensity_arrays=intensity_arrays,
        mz_arrays=mz_arrays if axis is None else None,
        notes=np.array(notes, dtype=str),
    )
    declared = next(iter(index.modes)) if len(index.modes) == 1 else None
    found = [finding for finding in findings if finding]
    return Indexed(source, left_out, found, declared, index.terms)


def _binary_arrays(path, columns, what, notes):
    """Settle the types of arrays, by the numbers of bytes where the terms leave it open."""
    dtypes = []
    filled = (columns.length > 0) & (columns.encoded > 0)
    for kind, (types, compressed) in enumerate(columns.kinds):
        own = filled & (columns.kind == kind)
        sizes = np.unique(columns.encoded[own] / columns.length[own])
        size = sizes[0] if len(sizes) == 1 and not compressed else None
        if len(types) == 1:
            dtypes.append(types[0])
            continue
        fitting = [t for t in types or ("<f4", "<f8") if np.dtype(t).itemsize == size]
        if not fitting and not types:
            raise IngestError(
                f"{path}: the data type of the {what} arrays is not declared, and their numbers of "
                "bytes do not tell it; export the measurement again"
            )
        dtypes.append(fitting[0] if fitting else types[-1])
        names = " and ".join(np.dtype(t).name for t in types)
        said = f"declared as {names}" if types else "of no declared type"
        why = " by their number of bytes" if fitting else ""
        notes.append(f"the {what} arrays are {said}: read as {np.dtype(dtypes[-1]).name}{why}")
    dtypes = np.array(dtypes, dtype=str)
    compressed = np.array([zipped for _, zipped in columns.kinds], dtype=bool)
    itemsize = np.array([np.dtype(dtype).itemsize for dtype in dtypes])
    if (compressed[columns.kind] & (columns.encoded < 0)).any():
        row = int(np.argmax(compressed[columns.kind] & (columns.encoded < 0)))
        raise IngestError(
            f"{path}: spectrum {row + 1} has a compressed {what} array without an encoded length; "
            "export the measurement again"
        )
    # Lengths that no file can have would overflow; `_cut_off` refuses them.
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


def _cut_off(ibd, columns, arrays):
    impossible = arrays.compressed[arrays.kind] & (
        (columns.length < 0) | (columns.length // _MOST_PACKED > arrays.n_bytes)
    )
    return outside(ibd, arrays.offset, arrays.n_bytes) | impossible


def _common_axis(path, ibd, arrays, used, n_stored, policies, findings):
    """Read the axis that all spectra share; return it and where its values stand."""
    stored = arrays.read(ibd, used[:1], np.array([n_stored])).astype(np.float64, copy=False)
    columns = ascending_columns(stored)
    if columns is None:
        return stored, None
    affected = np.isin(np.arange(len(arrays.offset)), used)
    impossible = ~possible_mz(stored)
    for problem, point in (
        ("impossible_mz", int(np.argmax(impossible)) if impossible.any() else None),
        ("unsorted_mz", None if np.all(np.diff(columns) > 0) else 0),
    ):
        if point is None:
            continue
        if policies[problem] == "skip":
            raise IngestError(
                f"{path}: the m/z axis of all spectra is concerned, none would be left; set "
                f"ingest.{problem} to fix"
            )
        detail = f"m/z {stored[point]} at point {point + 1} of the common axis"
        describe = "the common axis".format
        findings.append(policies.settle(problem, affected, path, describe, detail))
    if len(columns) == 0:
        raise IngestError(f"{path}: the m/z axis holds no possible value; export it again")
    return stored[columns], columns


def _layout_notes(index, common):
    notes = []
    found = "continuous" if common else "processed"
    reason = "one m/z axis for all" if common else "an m/z axis each"
    if CONTINUOUS in index.terms and not common:
        notes.append(f"declared continuous, but the spectra have {reason}: read as {found}")
    if CONTINUOUS not in index.terms and PROCESSED not in index.terms:
        notes.append(
            f"neither continuous nor processed is declared: the spectra have {reason}, "
            f"read as {found}"
        )
    if index.n_declared is not None and index.n_declared != len(index.x):
        notes.append(f"{index.n_declared} spectra are announced, {len(index.x)} are there")
    if index.n_other_arrays:
        notes.append(f"{index.n_other_arrays} arrays that are neither m/z nor intensity were left")
    return notes


def _type_names(arrays):
    used = np.unique(arrays.kind)
    names = {
        np.dtype(str(arrays.dtypes[kind])).name + (", zlib" if arrays.compressed[kind] else "")
        for kind in used
    }
    return " and ".join(sorted(names))
