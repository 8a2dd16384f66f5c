"""imzML: what the XML says, held against the .ibd; the spectra stay where they are."""

import numpy as np

from imsforge.errors import IngestError
from imsforge.readers.axis import ascending_columns, possible_mz
from imsforge.readers.files import check_raw_file, find_ibd
from imsforge.readers.imzml.ibd import (
    array_starts,
    check_overlap,
    foreign_uuid,
    outside,
    shared_rows,
    unowned_bytes,
)
from imsforge.readers.imzml.parser import parse_imzml
from imsforge.readers.imzml.spectra import IbdSource
from imsforge.readers.imzml.terms import CONTINUOUS, PROCESSED
from imsforge.readers.imzml.types import settle_arrays, unlike_bytes
from imsforge.readers.pixels import repeated, whole_numbers
from imsforge.readers.source import Indexed, batches

# zlib packs no better than this.
_MOST_PACKED = 1100
# Shared arrays are looked at in batches of this many values.
_BATCH_POINTS = 2**20


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
    columns = (index.mz, index.intensity)
    x, y, z = (
        whole_numbers(path, name, values)
        for name, values in (("x", index.x), ("y", index.y), ("z", index.z))
    )

    def describe(row):
        return f"spectrum {row + 1} (x {x[row]}, y {y[row]})"

    notes, findings = list(index.notes), []
    foreign, note = foreign_uuid(ibd, index.terms)
    notes += [note] if note else []
    findings += [policies.settle_file("uuid", ibd, foreign)] if foreign else []

    places_known = (index.other_offset >= 0).all() and (index.other_bytes >= 0).all()
    starts = None
    if places_known:
        starts = array_starts(ibd, *(c.offset[c.length > 0] for c in columns), index.other_offset)
    settled = [
        settle_arrays(path, ibd, one, what, starts, policies, describe)
        for one, what in zip(columns, ("m/z", "intensity"), strict=True)
    ]
    notes += [note for one in settled for note in one.notes]
    findings += [finding for one in settled for finding in one.findings]
    mz_arrays, intensity_arrays = arrays = [one.arrays for one in settled]
    left_out = settled[0].left_out | settled[1].left_out

    def settle(problem, affected, detail, file=path):
        """Judge spectra that are not left out yet; leave them out if the policy says so."""
        affected = affected & ~left_out
        findings.append(
            policies.settle(problem, affected, file, describe, detail(np.argmax(affected)))
        )
        return affected & (policies[problem] == "skip")

    below = np.zeros(len(x), dtype=bool)
    for one in columns:
        below |= (one.offset < 0) | (one.length < 0)
    left_out |= settle("negative_offset", below, lambda row: _places(columns, row))
    cut_off = np.zeros(len(x), dtype=bool)
    for one, stored in zip(columns, arrays, strict=True):
        cut_off |= _cut_off(ibd, one, stored)
    size = ibd.stat().st_size
    left_out |= settle("cut_off", cut_off, lambda _: f"the file has {size} bytes", ibd)
    unlike = ~left_out & (index.mz.length != index.intensity.length)
    left_out |= settle(
        "length_mismatch",
        unlike,
        lambda row: (
            f"{index.mz.length[row]} m/z values and {index.intensity.length[row]} intensities"
        ),
    )
    for what, one, stored in zip(("m/z values", "intensities"), columns, arrays, strict=True):
        left_out |= settle(
            "stored_bytes",
            unlike_bytes(one, stored) & ~unlike,
            lambda row, one=one, stored=stored, what=what: (
                f"{one.length[row]} {what} of {np.dtype(str(stored.dtypes[one.kind[row]])).name} "
                f"in {one.encoded[row]} bytes"
            ),
        )
    first, shared = _shared_intensities(ibd, index.intensity, intensity_arrays, left_out)
    shared &= ~repeated(x, y, z)  # a spectrum that is listed twice is a pixel measured twice
    left_out |= settle("shared_intensity", shared, lambda row: f"that of {describe(first[row])}")
    if left_out.all():
        raise IngestError(f"{path}: no spectrum is left; export the measurement again")

    n_points = np.minimum(index.mz.length, index.intensity.length)
    n_points[left_out] = 0
    used = np.flatnonzero(~left_out)
    check_overlap(path, *((stored.offset[used], stored.n_bytes[used]) for stored in arrays))
    if places_known:
        everything = [(stored.offset, stored.n_bytes) for stored in arrays]
        unowned = unowned_bytes(ibd, *everything, (index.other_offset, index.other_bytes))
        if unowned:
            notes.append(f"{unowned} of the {size} bytes of {ibd.name} belong to no array")
    common = not unlike[used].any() and all(
        np.ptp(values[used]) == 0 for values in (mz_arrays.offset, n_points, mz_arrays.kind)
    )
    axis = kept = None
    n_stored = 0
    if common and n_points[used[0]] > 0:
        n_stored = int(n_points[used[0]])
        axis, kept = _common_axis(path, ibd, mz_arrays, used, n_stored, policies, findings)
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
        columns=kept,
        n_stored=n_stored,
        intensity_arrays=intensity_arrays,
        mz_arrays=mz_arrays if axis is None else None,
        notes=np.array(notes, dtype=str),
    )
    declared = next(iter(index.modes)) if len(index.modes) == 1 else None
    found = [finding for finding in findings if finding]
    return Indexed(
        source,
        left_out,
        found,
        declared,
        index.terms,
        polarity=index.polarity,
        level=index.level,
        pixel_size=index.pixel_size,
        instrument=index.instrument,
    )


def _places(columns, row):
    places = (f"at {one.offset[row]} of length {one.length[row]}" for one in columns)
    return "arrays " + " and ".join(places)


def _shared_intensities(ibd, columns, arrays, left_out):
    """Tell which spectra have the intensities of an earlier one, and these are not all zero.

    Returns
    -------
    first : (n_spectra,) int64, the first spectrum with the same array
    shared : (n_spectra,) bool
    """
    size = np.where(left_out, 0, arrays.n_bytes)
    first = shared_rows(arrays.offset, size)
    again = first != np.arange(len(first))
    if not again.any():
        return first, again
    rows = np.unique(first[again])
    count = columns.length[rows]
    holds_signal = np.zeros(len(first), dtype=bool)
    for batch in batches(count, _BATCH_POINTS):
        values = arrays.read(ibd, rows[batch], count[batch])
        starts = np.cumsum(count[batch]) - count[batch]
        holds_signal[rows[batch]] = np.logical_or.reduceat(values != 0, starts)
    return first, again & holds_signal[first]


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
    if len(index.other_offset):
        notes.append(
            f"{len(index.other_offset)} arrays that are neither m/z nor intensity were left"
        )
    return notes


def _type_names(arrays):
    used = np.unique(arrays.kind)
    names = {
        np.dtype(str(arrays.dtypes[kind])).name + (", zlib" if arrays.compressed[kind] else "")
        for kind in used
    }
    return " and ".join(sorted(names))
