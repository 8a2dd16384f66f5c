"""One raw file: indexed, looked through, and judged by the policies."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from imsforge.errors import IngestError
from imsforge.ingest.survey import Survey, survey
from imsforge.ingest.values import DEFECTS, explain
from imsforge.readers.files import HDF5, IMZML, check_format, checksums_meanwhile
from imsforge.readers.imzml.ibd import CHECKSUMS, foreign_checksums
from imsforge.readers.imzml.reader import index_imzml
from imsforge.readers.mode import settled_mode
from imsforge.readers.pixels import grid_notes, repeated
from imsforge.readers.source import Indexed, Source

#: What all spectra of a measurement should have in common, as problems where they do not.
MODE, POLARITY, LEVEL = "mixed_mode", "mixed_polarity", "mixed_level"
_MODES = {1: "profile", -1: "centroid"}


@dataclass(frozen=True)
class Examined:
    """A raw file of which it is known what it holds.

    Attributes
    ----------
    source : Source
    rows : (n_rows,) int64, its spectra that are pixels
    looked : Survey, of these spectra
    findings : list of Finding
    notes : list of str
    declared_mode : int, as most spectra say: 1 for profile, -1 for centroid, 0 where none does
    polarity : int, 1 or -1, in the same way
    level : int, MS level, in the same way
    """

    source: Source
    rows: np.ndarray
    looked: Survey
    findings: list
    notes: list
    declared_mode: int = 0
    polarity: int = 0
    level: int = 0

    @property
    def mode(self):
        """The mode that spectra are read in, 1 for profile, -1 for centroid."""
        return next(value for value, name in _MODES.items() if name == self.source.mode)

    def samples(self, name):
        """Return the samples of the file, one for each plane of a volume, and that of each row.

        Where the file names its samples, these names are kept.

        Returns
        -------
        names : list of str
        sample : (n_rows,) int64 array, index into ``names``
        """
        z = None if self.source.z is None else self.source.z[self.rows]
        planes = np.zeros(1) if z is None else np.unique(z)
        if self.source.samples is not None:
            return self.source.samples[planes].tolist(), np.searchsorted(planes, z)
        if len(planes) == 1:
            return [name], np.zeros(len(self.rows), dtype=np.int64)
        return [f"{name}, z {plane}" for plane in planes], np.searchsorted(planes, z)

    def pixel_sizes(self, n_samples):
        """Return the sizes of the pixels of its samples, (n_samples, 2); NaN where not known."""
        sizes = np.nan if self.source.pixel_size is None else self.source.pixel_size
        if np.ndim(sizes) == 2 and self.source.samples is not None:
            sizes = sizes[np.unique(self.source.z[self.rows])]
        return np.broadcast_to(sizes, (n_samples, 2))


def index_file(path, policies, hdf5=None):
    """Index one raw file without looking at its values.

    Parameters
    ----------
    path : Path
    policies : Policies
    hdf5 : dict, optional
        As for `imsforge.readers.hdf5.read_hdf5`.

    Returns
    -------
    Indexed
    """
    check_format(path)
    suffix = path.suffix.lower()
    if suffix in IMZML:
        return index_imzml(path, policies)
    if suffix in HDF5:
        from imsforge.readers.hdf5 import read_hdf5

        source = read_hdf5(path, hdf5)
    else:
        from imsforge.readers.tabular import read_table

        source = read_table(path)
    return Indexed(source, np.zeros(source.n_spectra, dtype=bool), [])


def examine(indexed, policies, *, mode="auto", most=None):
    """Look through the spectra of a raw file and judge them.

    Parameters
    ----------
    indexed : Indexed
    policies : Policies
    mode : {"auto", "profile", "centroid"}
        Overrules what the file says of its spectra; "auto" believes it, or finds out.
    most : int, optional
        Look at no more spectra than this, spread over all.

    Returns
    -------
    Examined

    Raises
    ------
    IngestError
        If a policy says so, or no spectrum is left.
    """
    source, findings = indexed.source, list(indexed.findings)

    def stay(problem, rows, affected, detail="", path=source.path):
        """Judge the spectra at some rows; return which of them stay."""
        spectra = np.zeros(source.n_spectra, dtype=bool)
        spectra[rows[affected]] = True
        finding = policies.settle(problem, spectra, path, source.describe, detail)
        findings.extend([finding] if finding else [])
        return ~affected if policies[problem] == "skip" else np.ones(len(rows), dtype=bool)

    rows = np.flatnonzero(~indexed.left_out)
    usual, notes = {}, []
    traits = {MODE: indexed.mode, POLARITY: indexed.polarity, LEVEL: indexed.level}
    for problem, told in traits.items():
        own = np.zeros(len(rows), dtype=np.int64) if told is None else told[rows]
        usual[problem] = most_told(own)
        minority = (own != usual[problem]) & (own != 0)
        other = name_trait(problem, own[np.argmax(minority)])
        detail = f"{other}, most are {name_trait(problem, usual[problem])}"
        if problem == MODE and mode != "auto" and minority.any():
            count = f"{np.count_nonzero(minority)} of {len(rows)} spectra are declared as {detail}"
            notes.append(f"{count}: all read as {mode}, as the configuration says")
            continue
        rows = rows[stay(problem, rows, minority, detail, source.files[0])]
    place = [axis[rows] for axis in (source.x, source.y, source.z) if axis is not None]
    rows = rows[stay("duplicate_pixel", rows, repeated(*place))]
    source, settled = settled_mode(source, _MODES.get(usual[MODE]), rows, mode)
    notes += settled
    if most is not None:
        rows = rows[:: -(-len(rows) // most)]
    looked = survey(source, rows)
    for problem, bit in DEFECTS.items():
        affected = looked.defects & bit > 0
        detail = _explain(source, problem, rows[affected]) if affected.any() else ""
        stays = stay(problem, rows, affected, detail)
        rows, looked = rows[stays], looked.of(stays)
    stays = stay("empty_spectrum", rows, looked.total_ion_current == 0)
    rows, looked = rows[stays], looked.of(stays)
    if len(rows) == 0:
        raise IngestError(f"{source.path}: no spectrum is left; see the policies of ingest")
    notes = [*source.notes, *notes, *grid_notes(source.path, source.x[rows], source.y[rows])]
    notes += looked.columns.notes() if most is None else []
    own = (usual[trait] for trait in (MODE, POLARITY, LEVEL))
    return Examined(source, rows, looked, findings, notes, *own)


def most_told(values):
    """Return the commonest of the values that are said, the first of equals; 0 where none is."""
    values = values[values != 0]
    if len(values) == 0:
        return 0
    distinct, first, count = np.unique(values, return_index=True, return_counts=True)
    return int(distinct[np.lexsort((first, -count))[0]])


def name_trait(problem, value):
    """Name a mode, a polarity or an MS level."""
    if problem == MODE:
        return _MODES.get(int(value), "not said")
    if problem == POLARITY:
        return {1: "positive", -1: "negative"}.get(int(value), "not said")
    return f"MS{value}"


def examine_whole(indexed, policies, *, mode="auto"):
    """Look through all spectra of a raw file, and hold it against the checksum it declares.

    Parameters
    ----------
    indexed, policies, mode
        As for `examine`.

    Returns
    -------
    examined : Examined
    checksums : dict of Path to dict of str to str
        For each file its checksums by algorithm, "sha256" always among them.

    Raises
    ------
    IngestError
        If a policy says so, or no spectrum is left.
    """
    algorithms = ["sha256", *(CHECKSUMS[term][0] for term in indexed.terms if term in CHECKSUMS)]
    with checksums_meanwhile(indexed.source.files, algorithms) as checksums:
        examined = examine(indexed, policies, mode=mode)
        checksums = checksums()
    findings = examined.findings + _foreign(indexed, policies, checksums)
    return replace(examined, findings=findings), checksums


def _foreign(indexed, policies, checksums):
    """Hold the .ibd against the checksum that the imzML declares."""
    if not indexed.terms:
        return []
    ibd = Path(indexed.source.path)
    differ = foreign_checksums(indexed.terms, checksums[ibd])
    if not differ:
        return []
    return [policies.settle_file("checksum", ibd, " and ".join(differ))]


def _explain(source, problem, rows):
    (load,) = source.loaders(1, 0, rows[:1])
    return explain(load(), problem)
