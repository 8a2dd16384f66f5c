"""imzML: what the XML says, held against the .ibd; the spectra stay where they are."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imsforge.errors import IngestError
from imsforge.readers.axis import ascending_columns, possible_mz
from imsforge.readers.files import check_raw_file, find_ibd
from imsforge.readers.imzml.ibd import (
    array_starts,
    beside_a_gap,
    check_overlap,
    foreign_uuid,
    outside,
    shared_rows,
    unowned_bytes,
)
from imsforge.readers.imzml.parser import parse_imzml
from imsforge.readers.imzml.spectra import IbdSource
from imsforge.readers.imzml.terms import CONTINUOUS, PROCESSED
from imsforge.readers.imzml.types import settle_arrays
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

    notes = list(index.notes)
    foreign, note = foreign_uuid(ibd, index.terms)
    findings = [policies.settle_file("uuid", ibd, foreign)] if foreign else []
    notes += [note] if note else []
    others = (index.other_offset, index.other_bytes)
    # Where some array may lie anywhere, the places of the others say nothing.
    places_known = all((told >= 0).all() for told in others)
    starts = None
    if places_known:
        starts = array_starts(ibd, *(one.offset[one.length > 0] for one in columns), others[0])
    settled = [
        settle_arrays(path, ibd, one, what, starts, policies, describe)
        for one, what in zip(columns, ("m/z", "intensity"), strict=True)
    ]
    notes += [note for one in settled for note in one.notes]
    findings += [finding for one in settled for finding in one.findings]
    mz_arrays, intensity_arrays = arrays = [one.arrays for one in settled]
    verdict = _Verdict(
        path, policies, describe, settled[0].left_out | settled[1].left_out, findings
    )
    _judge_places(verdict, ibd, columns, arrays)
    unlike = _judge_lengths(verdict, columns, settled)
    _judge_sharing(verdict, ibd, index, arrays, ~repeated(x, y, z))
    left_out = verdict.left_out
    if left_out.all():
        raise IngestError(f"{path}: no spectrum is left; export the measurement again")

    n_points = np.minimum(index.mz.length, index.intensity.length)
    n_points[left_out] = 0
    used = np.flatnonzero(~left_out)
    check_overlap(path, describe, *((np.where(left_out, -1, a.offset), a.n_bytes) for a in arrays))
    if places_known:
        unowned = unowned_bytes(ibd, *((a.offset[used], a.n_bytes[used]) for a in arrays), others)
        if unowned:
            size = ibd.stat().st_size
            notes.append(f"{unowned} of the {size} bytes of {ibd.name} belong to no spectrum")
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
        pixel_size=index.pixel_size,
    )
    found = [finding for finding in findings if finding]
    return Indexed(
        source,
        left_out,
        found,
        index.terms,
        mode=np.where(index.mz.length > 0, index.mode, 0),
        polarity=index.polarity,
        level=index.level,
        instrument=index.instrument,
    )


@dataclass
class _Verdict:
    """What becomes of the spectra of a file."""

    path: Path
    policies: object
    describe: Callable
    left_out: np.ndarray
    findings: list

    def settle(self, problem, affected, detail, path=None):
        """Judge spectra that are not left out yet; ``detail`` tells of the one at a row."""
        affected = affected & ~self.left_out
        text = detail(int(np.argmax(affected)))
        path = path or self.path
        finding = self.policies.settle(problem, affected, path, self.describe, text)
        self.findings.append(finding)
        if self.policies[problem] == "skip":
            self.left_out = self.left_out | affected


def _judge_places(verdict, ibd, columns, arrays):
    """Judge arrays that lie before the beginning of the .ibd, or beyond its end."""

    def places(row):
        return " and ".join(f"{one.length[row]} values at {one.offset[row]}" for one in columns)

    below = [(one.offset < 0) | (one.length < 0) for one in columns]
    verdict.settle("negative_offset", below[0] | below[1], places)
    cut_off = [_cut_off(ibd, one, stored) for one, stored in zip(columns, arrays, strict=True)]
    size = f"the file has {ibd.stat().st_size} bytes"
    verdict.settle("cut_off", cut_off[0] | cut_off[1], lambda _: size, ibd)


def _judge_lengths(verdict, columns, settled):
    """Judge lengths that differ, or that differ from bytes; tell which spectra have the former."""
    mz, intensity = (one.length for one in columns)
    unlike = ~verdict.left_out & (mz != intensity)
    verdict.settle(
        "length_mismatch",
        unlike,
        lambda row: f"{mz[row]} m/z values and {intensity[row]} intensities",
    )
    for what, one, stored in zip(("m/z values", "intensities"), columns, settled, strict=True):

        def bytes_of(row, what=what, one=one, arrays=stored.arrays):
            dtype = np.dtype(str(arrays.dtypes[one.kind[row]]))
            return f"{one.length[row]} {what} of {dtype.name} in {one.encoded[row]} bytes"

        verdict.settle("stored_bytes", stored.unlike & ~unlike, bytes_of)
    return unlike


def _judge_sharing(verdict, ibd, index, arrays, once):
    """Judge spectra with an array of another, ``once`` being those at places of their own.

    Spectra may share their m/z values, and nothing where there is no signal; a spectrum that is
    listed twice is a pixel that is measured twice.
    """
    mz, intensity = arrays
    in_use = ~verdict.left_out
    filled = in_use & (index.intensity.length > 0)
    first = shared_rows(intensity.offset, np.where(filled, intensity.n_bytes, 0))
    again = np.flatnonzero(first != np.arange(len(first)))
    rows = np.unique(first[again])
    shared = np.zeros(len(first), dtype=bool)
    shared[again] = _hold_signal(ibd, intensity, rows, index.intensity.length[rows])[
        np.searchsorted(rows, first[again])
    ]
    first_mz = shared_rows(mz.offset, np.where(in_use, mz.n_bytes, 0))
    missed = (first_mz != np.arange(len(first))) & beside_a_gap(
        intensity.offset, intensity.n_bytes, mz.n_bytes, mz
    )
    first = np.where(shared, first, first_mz)
    verdict.settle(
        "shared_array",
        (shared | missed) & once,
        lambda row: f"{'intensities' if shared[row] else 'm/z'} of {verdict.describe(first[row])}",
    )


def _hold_signal(ibd, arrays, rows, count):
    """Tell which arrays hold anything but zeros, (n_rows,) bool."""
    signal = np.zeros(len(rows), dtype=bool)
    for batch in batches(count, _BATCH_POINTS) if len(rows) else ():
        values = arrays.read(ibd, rows[batch], count[batch])
        starts = np.cumsum(count[batch]) - count[batch]
        signal[batch] = np.logical_or.reduceat(values != 0, starts)
    return signal


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
