"""The one door for raw measurements of any format."""

import logging
from contextlib import suppress
from dataclasses import dataclass, fields, replace

import numpy as np

from imsforge.artifacts.checksums import state_of
from imsforge.errors import IngestError
from imsforge.ingest.examine import (
    LEVEL,
    MODE,
    POLARITY,
    Examined,
    examine_whole,
    index_file,
    most_told,
    name_trait,
)
from imsforge.ingest.measurement import Measurement
from imsforge.ingest.policies import Finding, Policies
from imsforge.readers.files import name_samples, raw_files

logger = logging.getLogger(__name__)


def read_measurement(
    inputs, *, mode="auto", hdf5=None, pixel_size=None, checksums=None, **policies
):
    """Index a raw measurement and look through all its values, once.

    Parameters
    ----------
    inputs : path, list of paths, or dict of name to path
        Files of one measurement, each a sample (a section, a patient), named after the file where
        no name is given. An .imzML has its .ibd beside it; .h5, .hdf5, .csv, .tsv, .parquet hold
        picked peaks. A volume's planes are samples of their own.
    mode : {"auto", "profile", "centroid"}
        Overrules what files say of their spectra; "auto" believes them, or finds out.
    hdf5 : dict, optional
        Where an HDF5 file of any other layout holds what; see `imsforge.readers.hdf5`.
    pixel_size : float or pair of float, optional
        Micrometres, along x and y where they differ; in place of what files say.
    checksums : ChecksumBook, optional
        Where the checksums of the files are kept, since they are taken here anyway.
    **policies : {"fail", "skip", "fix"}
        What to do with spectra that are not as they should be; see `imsforge.ingest.policies`.

    Returns
    -------
    Measurement

    Raises
    ------
    IngestError
        In one line: the file, the place in it, and the way out.
    """
    policies = Policies(**policies)
    parts = [
        _read_file(name, path, mode, hdf5, policies) for name, path in name_samples(inputs).items()
    ]
    for trait in (MODE, POLARITY, LEVEL):
        parts = _alike(parts, trait, policies)
    measurement = _with_pixel_size(_combined(parts), pixel_size)
    for part in parts if checksums is not None else ():
        for path, state in part.states.items():
            checksums.keep(path, state, part.checksums[path]["sha256"])
    logger.info(
        "%s: %d pixels, %s %s spectra, %d points",
        measurement.source,
        measurement.n_pixels,
        measurement.summary()["layout"],
        measurement.mode,
        measurement.summary()["points"],
    )
    for warning in measurement.warnings:
        logger.warning("%s", warning)
    return measurement


@dataclass(frozen=True)
class _Part:
    """One raw file as a part of a measurement."""

    name: str
    examined: Examined
    checksums: dict
    states: dict


def _read_file(name, path, mode, hdf5, policies):
    states = _states(path)
    examined, checksums = examine_whole(index_file(path, policies, hdf5), policies, mode=mode)
    changed = [file for file, state in states.items() if state_of(file) != state]
    if changed:
        raise IngestError(f"{changed[0]}: changed while it was read; run again when it is whole")
    return _Part(name, examined, checksums, states)


def _alike(parts, problem, policies):
    """Hold a trait of the spectra of files against each other; return the files that stay."""
    field = problem.removeprefix("mixed_")
    values = [getattr(part.examined, field) for part in parts]
    usual = most_told(np.repeat(values, [len(part.examined.rows) for part in parts]))
    other = [k for k, value in enumerate(values) if value not in (0, usual)]
    if not other:
        return parts
    odd = parts[other[0]].examined.source.files[0]
    beside = f", and {len(other) - 1} more files" if len(other) > 1 else ""
    told = [name_trait(problem, value) for value in (values[other[0]], usual)]
    finding = policies.settle_file(problem, odd, "{}, most are {}{}".format(*told, beside))
    first = min(k for k, value in enumerate(values) if value == usual)
    parts = list(parts)
    examined = parts[first].examined
    parts[first] = replace(
        parts[first], examined=replace(examined, findings=[*examined.findings, finding])
    )
    if policies[problem] == "skip":
        parts = [part for k, part in enumerate(parts) if k not in other]
    return parts


def _states(path):
    """Return the states of the files that are about to be read; what is missing is told later."""
    with suppress(IngestError, OSError):
        return {file: state_of(file) for file in raw_files(path)}
    return {}


def _combined(parts):
    keys = [f"{k:04d}" for k in range(len(parts))]
    seen = [part.examined for part in parts]
    names, samples, sizes = [], [], []
    for part in parts:
        planes, own = part.examined.samples(part.name)
        samples.append(own + len(names))
        sizes.append(part.examined.pixel_sizes(len(planes)))
        # Two files may name their samples alike.
        names += [f"{part.name}, {plane}" if plane in names else plane for plane in planes]
    findings = [
        replace(finding, text=_named(part, finding.text, parts))
        for part in parts
        for finding in part.examined.findings
    ]
    notes = [_named(part, note, parts) for part in parts for note in part.examined.notes]
    files = [(path, sums) for part in parts for path, sums in part.checksums.items()]
    return Measurement(
        sources={key: one.source for key, one in zip(keys, seen, strict=True)},
        rows={key: one.rows for key, one in zip(keys, seen, strict=True)},
        mode=seen[0].source.mode,
        x=np.concatenate([one.source.x[one.rows] for one in seen]),
        y=np.concatenate([one.source.y[one.rows] for one in seen]),
        sample=np.concatenate(samples).astype(np.int16),
        samples=np.array(names),
        total_ion_current=np.concatenate([one.looked.total_ion_current for one in seen]),
        defects=np.concatenate([one.looked.defects for one in seen]),
        mz_range=_overall(np.array([one.looked.mz_range for one in seen])),
        file_path=np.array([str(path) for path, _ in files]),
        file_bytes=np.array([path.stat().st_size for path, _ in files]),
        file_sha256=np.array([sums["sha256"] for _, sums in files]),
        findings=_findings_table(findings),
        notes=np.array(notes, dtype=str),
        annotations=_annotations(seen),
        pixel_size=_if_any(np.concatenate(sizes)),
    )


def _if_any(sizes):
    return None if np.isnan(sizes).all() else sizes


def _with_pixel_size(measurement, given):
    """Put the size of pixels that the configuration gives in the place of what files say."""
    if given is None:
        return measurement
    sizes = np.tile(np.resize(np.array(given, dtype=np.float64), 2), (len(measurement.samples), 1))
    told, notes = measurement.pixel_size, list(measurement.notes)
    if told is not None:
        other = ~np.isnan(told).any(axis=1) & ~np.isclose(told, sizes).all(axis=1)
        notes += [
            "the pixel size of {} is declared as {:g} x {:g} µm: taken as {:g} x {:g}, as the "
            "configuration says".format(name, *said, *sizes[0])
            for name, said in zip(measurement.samples[other], told[other], strict=True)
        ]
    return replace(measurement, pixel_size=sizes, notes=np.array(notes, dtype=str))


def _named(part, text, parts):
    """Name the file that a sentence is about, where there are several."""
    return f"{part.examined.source.files[0].name}: {text}" if len(parts) > 1 else text


def _overall(ranges):
    known = ranges[~np.isnan(ranges[:, 0])]
    return np.array([known[:, 0].min(), known[:, 1].max()] if len(known) else [np.nan, np.nan])


def _findings_table(findings):
    if not findings:
        return {}
    return {
        entry.name: np.array([getattr(finding, entry.name) for finding in findings])
        for entry in fields(Finding)
    }


def _annotations(seen):
    """Join the annotations of all files; what a file does not have is empty there."""
    names = sorted({name for one in seen for name in one.source.annotations})
    return {name: np.concatenate(list(_columns(name, seen))) for name in names}


def _columns(name, seen):
    columns = [one.source.annotations.get(name) for one in seen]
    text = any(column is not None and column.dtype.kind == "U" for column in columns)
    gaps = any(column is None for column in columns)
    for column, one in zip(columns, seen, strict=True):
        if column is None:
            yield np.full(len(one.rows), "" if text else np.nan)
        else:
            values = column[one.rows]
            yield values.astype(str) if text else values.astype(float) if gaps else values
