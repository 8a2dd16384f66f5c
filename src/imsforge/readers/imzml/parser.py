"""The XML half of imzML, in one pass and in memory that follows the number of spectra alone.

Only the terms that say where a spectrum lies and what it is are looked at; the order of elements
and whether terms stand in a group or in place does not matter.

Format: Schramm et al. (2012), "imzML - a common data format for the flexible exchange and
processing of mass spectrometry imaging data", Journal of Proteomics 75, 5106-5110.
"""

from array import array
from dataclasses import dataclass
from xml.parsers import expat

import numpy as np
from tqdm import tqdm

from imsforge.errors import IngestError
from imsforge.readers.imzml.terms import (
    CENTROID,
    ENCODED,
    INTENSITY,
    LENGTH,
    MZ,
    OFFSET,
    OTHER_COMPRESSIONS,
    PROFILE,
    TYPES,
    WANTED,
    ZLIB,
    X,
    Y,
    Z,
)

_CHUNK = 2**20
# No tag of an imzML is longer; expat keeps an unfinished one in memory.
_LONGEST_TAG = 2**24

_OF_ENCODING = [
    expat.errors.codes[text]
    for text in (expat.errors.XML_ERROR_INVALID_TOKEN, expat.errors.XML_ERROR_UNKNOWN_ENCODING)
]
# Stands among the terms of an element for the groups that it refers to.
_GROUPS = "groups"


@dataclass(frozen=True)
class ArrayColumns:
    """What the XML says of the m/z or of the intensity array of each spectrum.

    Attributes
    ----------
    offset, length, encoded : (n_spectra,) int64
        First byte in the .ibd, number of values, number of bytes; -1 where it is not said.
    kind : (n_spectra,) uint16, index into ``kinds``
    kinds : list of (types, compressed): the NumPy types that are declared, and whether zlib is
    """

    offset: np.ndarray
    length: np.ndarray
    encoded: np.ndarray
    kind: np.ndarray
    kinds: list


@dataclass(frozen=True)
class ImzmlIndex:
    """What the XML of an imzML says.

    Attributes
    ----------
    x, y, z : (n_spectra,) int64
    mz, intensity : ArrayColumns
    modes : set of "profile" and "centroid", as declared anywhere
    terms : dict of accession to value, of the file's content
    n_declared : int or None, the number of spectra that the file announces
    n_other_arrays : int, arrays that are neither m/z nor intensity
    notes : list of str
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    mz: ArrayColumns
    intensity: ArrayColumns
    modes: set
    terms: dict
    n_declared: int | None
    n_other_arrays: int
    notes: list


def parse_imzml(path):
    """Read the XML half of an imzML.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ImzmlIndex

    Raises
    ------
    IngestError
        In one line, if it is not XML or not imzML, breaks off, has a document type declaration
        (with which alone XML can be made to expand or to fetch), or leaves out what a spectrum
        needs.
    """
    try:
        return _parse(path, None)
    except expat.ExpatError as error:
        if error.code not in _OF_ENCODING:
            raise _broken(path, error) from error
    except (LookupError, ValueError):  # Python's word for an encoding that it does not know
        pass
    # Writers put names of people and places in Latin-1 into files that claim to be UTF-8.
    try:
        index = _parse(path, "iso-8859-1")
    except expat.ExpatError as error:
        raise _broken(path, error) from error
    index.notes.append("the XML is not in the encoding that it declares: read as Latin-1")
    return index


def _broken(path, error):
    return IngestError(
        f"{path}: its XML is broken or breaks off ({error}); copy the file again, or export it anew"
    )


def _parse(path, encoding):
    handler = _Handler(path)
    parser = expat.ParserCreate(encoding)
    parser.StartElementHandler = handler.start
    parser.StartDoctypeDeclHandler = handler.refuse_doctype
    progress = tqdm(
        desc=f"parsing {path.name}",
        total=path.stat().st_size,
        unit="B",
        unit_scale=True,
        disable=None,
    )
    n_fed = 0
    with path.open("rb") as file, progress:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk)
            n_fed += len(chunk)
            if n_fed - parser.CurrentByteIndex > _LONGEST_TAG:
                raise IngestError(
                    f"{path}: a tag at byte {parser.CurrentByteIndex} has no end within "
                    f"{_LONGEST_TAG} bytes; copy the file again"
                )
            progress.update(len(chunk))
        parser.Parse(b"", True)
    return handler.finish()


class _Handler:
    """Gathers terms while the parser walks through the elements.

    Ends of elements are not needed: terms belong to the last container that began.
    """

    def __init__(self, path):
        self.path = path
        self.file_terms = {}
        self.groups = {}
        self.modes = set()
        self.n_declared = None
        self.n_other_arrays = 0
        self.n_spectra = 0
        self.positions = array("q")
        self.columns = {MZ: _Columns(), INTENSITY: _Columns()}
        self.kinds_of_groups = {}
        self.terms = None  # of the container that began last; None where nobody asks
        self.spectrum = None
        self.arrays = []
        self.root = None
        self.containers = {
            "mzML": self.start_root,
            "fileContent": self.start_file_content,
            "referenceableParamGroup": self.start_group,
            "spectrumList": self.start_list,
            "chromatogramList": self.leave_spectrum,
            "spectrum": self.start_spectrum,
            "scan": self.start_scan,
            "binaryDataArray": self.start_array,
        }

    def start(self, tag, attributes):
        """Take an element that begins."""
        if tag == "cvParam":
            if self.terms is not None:
                accession = attributes.get("accession")
                if accession in WANTED:
                    self.terms[accession] = attributes.get("value", "")
            return
        if tag == "referenceableParamGroupRef":
            if self.terms is not None:
                self.terms.setdefault(_GROUPS, []).append(attributes.get("ref"))
            return
        if self.root is None:
            self.check_root(tag)
        begin = self.containers.get(tag.rpartition(":")[2])
        if begin is not None:
            begin(attributes)
        elif self.spectrum is None:
            self.terms = None

    def refuse_doctype(self, *_):
        """Refuse a DTD: entities can be bombs or point elsewhere, and only a DTD declares them."""
        raise IngestError(
            f"{self.path}: has a document type declaration, which imzML has no use for; remove it"
        )

    def check_root(self, tag):
        self.root = tag.rpartition(":")[2]
        if self.root not in ("mzML", "indexedmzML"):
            raise IngestError(
                f"{self.path}: its root element is {tag[:50]}, not mzML as imzML has it; "
                "give the .imzML file"
            )

    def start_root(self, _):
        self.root = "mzML"

    def start_file_content(self, _):
        self.terms = self.file_terms

    def start_group(self, attributes):
        self.terms = self.groups.setdefault(attributes.get("id"), {})

    def start_list(self, attributes):
        self.leave_spectrum()
        count = attributes.get("count", "")
        self.n_declared = int(count) if count.isdecimal() and len(count) < 19 else None

    def start_spectrum(self, _):
        self.leave_spectrum()
        self.terms = self.spectrum = {}

    def start_scan(self, _):
        if self.spectrum is not None:
            self.terms = self.spectrum

    def start_array(self, _):
        if self.spectrum is not None:
            self.terms = {}
            self.arrays.append(self.terms)

    def leave_spectrum(self, _=None):
        """Enter the spectrum that ends here into the columns."""
        if self.spectrum is None:
            return
        self.n_spectra += 1
        terms, arrays = self.spectrum, self.arrays
        self.terms, self.spectrum, self.arrays = None, None, []
        for group in terms.get(_GROUPS, ()):
            terms = {**self.groups.get(group, {}), **terms}
        if PROFILE in terms:
            self.modes.add("profile")
        if CENTROID in terms:
            self.modes.add("centroid")
        self.positions.extend(
            (
                self.number(terms, X, "position x"),
                self.number(terms, Y, "position y"),
                self.number(terms, Z, "position z", 1),
            )
        )
        n_before = {kind: len(columns.kind) for kind, columns in self.columns.items()}
        for own in arrays:
            self.enter_array(own)
        for kind, name in ((MZ, "m/z"), (INTENSITY, "intensity")):
            n_arrays = len(self.columns[kind].kind) - n_before[kind]
            if n_arrays != 1:
                raise self.incomplete(f"{n_arrays or 'no'} {name} arrays")

    def enter_array(self, own):
        groups = tuple(own.pop(_GROUPS, ()))
        offset, length = own.pop(OFFSET, None), own.pop(LENGTH, None)
        encoded = own.pop(ENCODED, None)
        # Nearly always the type stands in one group, the same for all spectra.
        key = (groups, *own) if own else groups
        if key not in self.kinds_of_groups:
            self.kinds_of_groups[key] = self.array_kind(groups, own)
        which, kind = self.kinds_of_groups[key]
        if which is None:
            self.n_other_arrays += 1
            return
        columns = self.columns[which]
        if offset is None or length is None:
            raise self.incomplete("an array without external offset or length")
        try:
            columns.offset.append(int(offset))
            columns.length.append(int(length))
            columns.encoded.append(int(encoded or -1))
        except (ValueError, OverflowError) as error:
            raise self.incomplete(
                f"an array at {offset!r:.40} of length {length!r:.40}, {encoded!r:.40} bytes"
            ) from error
        columns.kind.append(columns.kind_of(kind))

    def array_kind(self, groups, own):
        """Return whether terms mean an m/z or an intensity array, and how it is stored."""
        terms = dict(own)
        for group in groups:
            terms = {**self.groups.get(group, {}), **terms}
        which = next((kind for kind in (MZ, INTENSITY) if kind in terms), None)
        if which is None:
            return None, None
        for accession, name in OTHER_COMPRESSIONS.items():
            if accession in terms:
                raise IngestError(
                    f"{self.path}: arrays are compressed by {name}, which imsforge does not read; "
                    "export without compression or with zlib"
                )
        types = tuple(dict.fromkeys(TYPES[term] for term in terms if term in TYPES))
        return which, (types, not ZLIB.isdisjoint(terms))

    def number(self, terms, accession, name, default=None):
        text = terms.get(accession)
        if text is None and default is not None:
            return default
        try:
            number = float(text)
            if not number.is_integer() or abs(number) > 2**53:
                raise ValueError(text)
        except (TypeError, ValueError, OverflowError) as error:
            what = "no" if text is None else f"{text!r:.40} for its"
            raise self.incomplete(f"{what} {name}") from error
        return int(number)

    def incomplete(self, what):
        return IngestError(
            f"{self.path}: spectrum {self.n_spectra} has {what}; check the file with "
            "an imzML validator or export it again"
        )

    def finish(self):
        self.leave_spectrum()
        if self.root != "mzML":
            raise IngestError(f"{self.path}: holds no mzML element; give the .imzML file")
        if not self.positions:
            raise IngestError(f"{self.path}: holds no spectrum; export the measurement again")
        x, y, z = np.frombuffer(self.positions, dtype=np.int64).reshape(-1, 3).T
        for terms in (self.file_terms, *self.groups.values()):
            self.modes |= {
                mode
                for term, mode in ((PROFILE, "profile"), (CENTROID, "centroid"))
                if term in terms and not self.modes
            }
        return ImzmlIndex(
            x=x,
            y=y,
            z=z,
            mz=self.columns[MZ].finish(),
            intensity=self.columns[INTENSITY].finish(),
            modes=self.modes,
            terms=self.file_terms,
            n_declared=self.n_declared,
            n_other_arrays=self.n_other_arrays,
            notes=[],
        )


class _Columns:
    """`ArrayColumns` that grow."""

    def __init__(self):
        self.offset, self.length, self.encoded = array("q"), array("q"), array("q")
        self.kind = array("H")
        self.kinds = []

    def kind_of(self, kind):
        if kind not in self.kinds:
            self.kinds.append(kind)
        return self.kinds.index(kind)

    def finish(self):
        return ArrayColumns(
            *(np.frombuffer(c, dtype=np.int64) for c in (self.offset, self.length, self.encoded)),
            np.frombuffer(self.kind, dtype=np.uint16),
            self.kinds,
        )
