"""The XML half of imzML, in one pass and in memory that follows the number of spectra alone.

Only the terms that say where a spectrum lies and what it is are looked at; the order of elements
and whether terms stand in a group or in place does not matter.

Format: Schramm et al. (2012), "imzML - a common data format for the flexible exchange and
processing of mass spectrometry imaging data", Journal of Proteomics 75, 5106-5110.
"""

from array import array
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from xml.parsers import expat

import numpy as np
from tqdm import tqdm

from imsforge.errors import IngestError
from imsforge.readers.imzml.terms import (
    BESIDE_THE_MODEL,
    CENTROID,
    ENCODED,
    INSTRUMENT_MODEL,
    INTENSITY,
    LENGTH,
    MICROMETRES,
    MS1,
    MS_LEVEL,
    MSN,
    MZ,
    NAMED,
    NEGATIVE,
    OFFSET,
    OTHER_COMPRESSIONS,
    PIXEL_SIZES,
    POSITIVE,
    PROFILE,
    TYPES,
    WANTED,
    ZLIB,
    X,
    Y,
    Z,
)
from imsforge.readers.pixels import pixel_size

_CHUNK = 2**20
# No tag of an imzML is longer; expat keeps an unfinished one in memory.
_LONGEST_TAG = 2**24

_OF_ENCODING = [
    expat.errors.codes[text]
    for text in (expat.errors.XML_ERROR_INVALID_TOKEN, expat.errors.XML_ERROR_UNKNOWN_ENCODING)
]
# Stand among the terms of an element for the groups that it refers to, for a data type that no
# vocabulary has, and for the accession that a term's name belongs to where it is another's.
_GROUPS, _UNKNOWN_TYPE, _OTHERWISE = "groups", "unknown type", "otherwise"
_INT64 = 2**63
_MOST_CONTRADICTIONS = 5
_MOST_UNWANTED = 10_000


@dataclass(frozen=True)
class StoredKind:
    """How arrays are stored, as their terms say.

    Attributes
    ----------
    types : tuple of NumPy types, each that is declared
    compressed : bool, whether by zlib
    unknown : str, a declared type that imsforge does not know, or ""
    """

    types: tuple
    compressed: bool
    unknown: str = ""


@dataclass(frozen=True)
class ArrayColumns:
    """What the XML says of the m/z or of the intensity array of each spectrum.

    Attributes
    ----------
    offset, length, encoded : (n_spectra,) int64
        First byte in the .ibd, number of values, number of bytes; -1 where it is not said.
    kind : (n_spectra,) uint16, index into ``kinds``
    kinds : list of StoredKind
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
    mode : (n_spectra,) int8, 1 for profile, -1 for centroid, or 0 where it is not said
    polarity : (n_spectra,) int8, 1 or -1, or 0 where it is not said
    level : (n_spectra,) int16, MS level, or 0 where it is not said
    terms : dict of accession to value, of the file's content
    n_declared : int or None, the number of spectra that the file announces
    other_offset, other_bytes : (n_other_arrays,) int64
        Arrays that are neither m/z nor intensity; -1 where it is not said.
    pixel_size : (2,) float64, micrometres along x and y, or None
    instrument : str, the models that are named, or ""
    notes : list of str
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    mz: ArrayColumns
    intensity: ArrayColumns
    mode: np.ndarray
    polarity: np.ndarray
    level: np.ndarray
    terms: dict
    n_declared: int | None
    other_offset: np.ndarray
    other_bytes: np.ndarray
    pixel_size: np.ndarray | None
    instrument: str
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


def whole_number(text):
    """Return the whole number that a text says exactly: "20000", "2e+04" as R writes it, "5.0".

    Raises
    ------
    ValueError
        If it says none, or one beyond 64 bits.
    """
    try:
        number = int(text)
    except ValueError:
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise ValueError(text) from None
        # A number of few letters can have more digits than memory: compared before it is made.
        within = number.is_finite() and -_INT64 <= number < _INT64
        if not within or number != number.to_integral():
            raise ValueError(text) from None
        number = int(number)
    if not -_INT64 <= number < _INT64:
        raise ValueError(text)
    return number


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
        self.n_declared = None
        self.n_spectra = 0
        self.positions = array("q")
        self.mode, self.polarity, self.level = array("b"), array("b"), array("h")
        self.other_offset, self.other_bytes = array("q"), array("q")
        self.columns = {MZ: _Columns(), INTENSITY: _Columns()}
        self.kinds_of_groups = {}
        self.traits_of_groups = {}
        self.terms = None  # of the container that began last; None where nobody asks
        self.told = None  # what it says as a whole, of containers that describe the measurement
        self.told_by_groups = {}
        self.settings = {}
        self.instruments = []
        self.contradictions = {}
        self.unwanted = set()
        self.spectrum = None
        self.arrays = []
        self.root = None
        self.elements = {
            "referenceableParamGroupRef": self.take_group,
            "mzML": self.start_root,
            "fileContent": self.start_file_content,
            "referenceableParamGroup": self.start_group,
            "scanSettings": self.start_settings,
            "instrumentConfiguration": self.start_instrument,
            "spectrumList": self.start_list,
            "chromatogramList": self.leave_spectrum,
            "spectrum": self.start_spectrum,
            "scan": self.start_scan,
            "binaryDataArray": self.start_array,
        }

    def start(self, tag, attributes):
        """Take an element that begins, whatever the prefix of its namespace."""
        if tag == "cvParam":  # first and in place: two thirds of all elements
            terms = self.terms
            if terms is not None:
                accession = attributes.get("accession")
                name = WANTED.get(accession)
                if name is not None:
                    terms[accession] = attributes.get("value", "")
                    if attributes.get("name") != name:
                        self.check_name(accession, attributes.get("name"))
                elif accession not in self.unwanted:
                    self.check_name(accession, attributes.get("name"))
                if self.told is not None:
                    self.told[accession] = attributes
            return
        if self.root is None:
            self.check_root(tag)
        begin = self.elements.get(tag)
        if begin is not None:
            begin(attributes)
        elif ":" in tag:
            self.start(tag.rpartition(":")[2], attributes)
        elif self.spectrum is None:
            self.terms = self.told = None

    def check_name(self, accession, name):
        """Note a term whose name is that of another, or of a type that no vocabulary has."""
        named = NAMED.get(name)
        if named is not None and accession not in named:
            if named[0] in TYPES:
                self.terms[_OTHERWISE] = named[0]
            if len(self.contradictions) < _MOST_CONTRADICTIONS:
                self.contradictions.setdefault((accession, name), named[0])
        elif named is None and accession not in WANTED:
            if name and "-bit " in name:
                self.terms[_UNKNOWN_TYPE] = f"{accession} {name}"[:60]
            elif len(self.unwanted) < _MOST_UNWANTED:
                self.unwanted.add(accession)

    def take_group(self, attributes):
        if self.terms is not None:
            self.terms.setdefault(_GROUPS, []).append(attributes.get("ref"))

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
        self.terms, self.told = self.file_terms, None

    def start_group(self, attributes):
        name = attributes.get("id")
        self.terms = self.groups.setdefault(name, {})
        self.told = self.told_by_groups.setdefault(name, {})

    def start_settings(self, _):
        self.terms, self.told = {}, self.settings

    def start_instrument(self, _):
        self.terms, self.told = {}, {}
        self.instruments.append((self.terms, self.told))

    def start_list(self, attributes):
        self.leave_spectrum()
        self.told = None
        count = attributes.get("count")
        try:
            self.n_declared = whole_number(count) if count else None
        except ValueError as error:
            raise IngestError(
                f"{self.path}: its spectrumList announces {count!r:.40} spectra, not a whole "
                "number; export it again"
            ) from error

    def start_spectrum(self, _):
        self.leave_spectrum()
        self.terms, self.told = {}, None
        self.spectrum = self.terms

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
        groups = tuple(terms.pop(_GROUPS, ()))
        x, y, z = terms.pop(X, None), terms.pop(Y, None), terms.pop(Z, None)
        # Nearly all spectra say the same of themselves, but for where they are.
        key = (groups, *terms.items())
        if key not in self.traits_of_groups:
            self.traits_of_groups[key] = self.traits(groups, terms)
        shared, mode, polarity, level = self.traits_of_groups[key]
        self.mode.append(mode)
        self.polarity.append(polarity)
        self.level.append(level)
        self.positions.extend(
            (
                self.coordinate(shared.get(X) if x is None else x, "x"),
                self.coordinate(shared.get(Y) if y is None else y, "y"),
                self.coordinate(shared.get(Z, "1") if z is None else z, "z"),
            )
        )
        mz, intensity = self.columns[MZ].kind, self.columns[INTENSITY].kind
        for own in arrays:
            self.enter_array(own)
        if not len(mz) == len(intensity) == self.n_spectra:
            name = "m/z" if len(mz) != self.n_spectra else "intensity"
            n_arrays = len(mz if name == "m/z" else intensity) - self.n_spectra + 1
            raise self.incomplete(f"{n_arrays or 'no'} {name} arrays")

    def traits(self, groups, own):
        """Return the terms of a spectrum and its groups, its mode, polarity and level."""
        terms = self.with_groups(groups, own)
        mode = _mode(terms) or _mode(self.file_terms)
        polarity = _polarity(terms) or _polarity(self.file_terms)
        level = _level(terms) or _level(self.file_terms)
        if terms.get(MS_LEVEL):
            try:
                # Some writers put zero where they do not know.
                level = whole_number(terms[MS_LEVEL]) or level
                array("h", [level])
            except (ValueError, OverflowError) as error:
                raise self.incomplete(f"{terms[MS_LEVEL]!r:.40} for its ms level") from error
        return terms, mode, polarity, level

    def enter_array(self, own):
        groups = tuple(own.pop(_GROUPS, ()))
        offset, length = own.pop(OFFSET, None), own.pop(LENGTH, None)
        encoded = own.pop(ENCODED, None)
        # Nearly always the type stands in one group, the same for all spectra.
        key = (groups, *own.items()) if own else groups
        if key not in self.kinds_of_groups:
            self.kinds_of_groups[key] = self.array_kind(groups, own)
        columns, kind = self.kinds_of_groups[key]
        if columns is not None and (offset is None or length is None):
            raise self.incomplete("an array without external offset or length")
        try:
            place = (
                whole_number(offset or "-1"),
                whole_number(length or "-1"),
                whole_number(encoded or "-1"),
            )
        except ValueError as error:
            raise self.incomplete(
                f"an array at {offset!r:.40} of length {length!r:.40}, {encoded!r:.40} bytes"
            ) from error
        if columns is None:
            self.other_offset.append(place[0])
            self.other_bytes.append(place[2])
        else:
            columns.append(place, kind)

    def array_kind(self, groups, own):
        """Return the columns of m/z or of intensity, as terms say, and which of their kinds."""
        terms = self.with_groups(groups, own)
        which = next((kind for kind in (MZ, INTENSITY) if kind in terms), None)
        if which is None:
            return None, None
        for accession, name in OTHER_COMPRESSIONS.items():
            if accession in terms:
                raise IngestError(
                    f"{self.path}: arrays are compressed by {name}, which imsforge does not read; "
                    "export without compression or with zlib"
                )
        # A type whose name is that of another is declared as both.
        said = [*terms, terms.get(_OTHERWISE)]
        types = tuple(dict.fromkeys(TYPES[term] for term in said if term in TYPES))
        unknown = "" if types else terms.get(_UNKNOWN_TYPE, "")
        columns = self.columns[which]
        return columns, columns.kind_of(StoredKind(types, not ZLIB.isdisjoint(terms), unknown))

    def with_groups(self, groups, own):
        terms = dict(own)
        for group in groups:
            terms = {**self.groups.get(group, {}), **terms}
        return terms

    def coordinate(self, text, axis):
        try:
            return whole_number(text)
        except (TypeError, ValueError) as error:
            what = "no" if text is None else f"{text!r:.40} for its"
            raise self.incomplete(f"{what} position {axis}") from error

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
        mode = np.frombuffer(self.mode, dtype=np.int8)
        return ImzmlIndex(
            x=x,
            y=y,
            z=z,
            mz=self.columns[MZ].finish(),
            intensity=self.columns[INTENSITY].finish(),
            mode=mode if mode.any() else np.full_like(mode, self.mode_of_groups()),
            polarity=np.frombuffer(self.polarity, dtype=np.int8),
            level=np.frombuffer(self.level, dtype=np.int16),
            terms=self.file_terms,
            n_declared=self.n_declared,
            other_offset=np.array(self.other_offset, dtype=np.int64),
            other_bytes=np.array(self.other_bytes, dtype=np.int64),
            pixel_size=_pixel_size(self.settings),
            instrument=self.instrument(),
            notes=[
                f"a term {accession} is named {name!r}, which is the name of {other}"
                for (accession, name), other in self.contradictions.items()
            ],
        )

    def mode_of_groups(self):
        """Return the mode that groups agree on, also those that no spectrum refers to."""
        modes = {_mode(terms) for terms in self.groups.values()} - {0}
        return modes.pop() if len(modes) == 1 else 0

    def instrument(self):
        """Return the models of the instruments as one text."""
        models = {}
        for terms, told in self.instruments:
            groups = (self.told_by_groups.get(group, {}) for group in terms.get(_GROUPS, ()))
            for source in (told, *groups):
                named = source.get(INSTRUMENT_MODEL, {}).get("value")
                others = [
                    term.get("name", "")
                    for accession, term in source.items()
                    if accession not in BESIDE_THE_MODEL | {INSTRUMENT_MODEL}
                ]
                models.update(dict.fromkeys(name for name in (named, *others[:1]) if name))
        return ", ".join(models)


def _mode(terms):
    return (PROFILE in terms) - (CENTROID in terms)


def _polarity(terms):
    return (POSITIVE in terms) - (NEGATIVE in terms)


def _level(terms):
    """Return 1 for MS1, 2 for MSn; a file's content may name both."""
    return (MS1 in terms) + 2 * (MSN in terms) if (MS1 in terms) != (MSN in terms) else 0


def _pixel_size(settings):
    """Return the size of a pixel in micrometres, where it is said; see `pixel_size`."""
    sizes = {}
    for accession, direction in PIXEL_SIZES.items():
        term = settings.get(accession, {})
        unit = term.get("unitAccession") or term.get("unitName")
        try:
            size = float(term.get("value", ""))
            sizes[direction] = size * MICROMETRES[unit or "micrometer"]
        except (KeyError, ValueError):
            continue
        # Programs that know no size write 1, of no unit.
        if unit is None and size == 1:
            return None
    return pixel_size(**sizes)


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

    def append(self, place, kind):
        offset, length, encoded = place
        self.offset.append(offset)
        self.length.append(length)
        self.encoded.append(encoded)
        self.kind.append(kind)

    def finish(self):
        return ArrayColumns(
            *(np.frombuffer(c, dtype=np.int64) for c in (self.offset, self.length, self.encoded)),
            np.frombuffer(self.kind, dtype=np.uint16),
            self.kinds,
        )
