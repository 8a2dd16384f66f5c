"""imzML: the XML is parsed once, by pyimzML; the .ibd is checked against it and left in place.

Format: Schramm et al. (2012), "imzML - a common data format for the flexible exchange and
processing of mass spectrometry imaging data", Journal of Proteomics 75, 5106-5110.
"""

import dataclasses
import mmap
import re
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse
from pyimzml.ImzMLParser import ImzMLParser
from tqdm import tqdm

from imsforge.errors import IngestError
from imsforge.io.axis import check_axis
from imsforge.io.ibd import (
    check_lengths,
    check_overlap,
    check_spans,
    find_ibd,
    foreign_ibd_warnings,
)
from imsforge.io.measurement import Measurement
from imsforge.io.mode import settle_mode
from imsforge.io.pixels import pixel_coordinates, sparse_grid_warnings
from imsforge.io.raw import check_raw_file, digests

_ROOT = "{http://psi.hupo.org/ms/mzml}mzML"
_CONTINUOUS, _PROCESSED = "IMS:1000030", "IMS:1000031"
# pyimzML's letters stand for native sizes; in the .ibd they are little-endian.
_DTYPES = {"f": "<f4", "d": "<f8", "i": "<i4", "l": "<i8"}


def read_imzml(path):
    """Index an imzML file and its .ibd.

    Returns
    -------
    Measurement

    Raises
    ------
    IngestError
        In one line, for whatever keeps the file from being read or would falsify its spectra.
    """
    path = Path(path)
    check_raw_file(path)
    ibd = find_ibd(path)
    check_raw_file(ibd)
    _check_prolog(path)
    parser, notes = _parse(path)

    x, y = pixel_coordinates(path, *_plane(path, parser.coordinates))
    dtypes = _dtypes(path, parser)
    mz_offset, intensity_offset, n_points = _spans(path, ibd, parser, *dtypes)
    common = np.ptp(mz_offset) == 0 and np.ptp(n_points) == 0
    axis = _common_axis(ibd, mz_offset[0], n_points[0], dtypes[0]) if common else None
    declared = parser.metadata.file_description.param_by_accession
    checksums = digests(ibd, "sha256", "sha1", "md5")
    notes += _precision_warnings(parser)
    notes += sparse_grid_warnings(x, y)
    notes += foreign_ibd_warnings(ibd, declared, checksums)
    notes += _layout_warnings(declared, common)

    index = Measurement(
        format="imzML",
        mode=parser.spectrum_mode or "",  # settled below, by what the spectra look like
        layout="continuous" if common else "processed",
        x=x,
        y=y,
        n_points=n_points,
        mz_dtype=dtypes[0],
        intensity_dtype=dtypes[1],
        file_path=np.array([str(path), str(ibd)]),
        file_bytes=np.array([path.stat().st_size, ibd.stat().st_size]),
        file_sha256=np.array([digests(path, "sha256")["sha256"], checksums["sha256"]]),
        axis=axis,
        mz_offset=None if common else mz_offset,
        intensity_offset=intensity_offset,
    )
    mode, mode_notes = settle_mode(parser.spectrum_mode, index.some_axes())
    return dataclasses.replace(
        index, mode=mode, warnings=np.array([*notes, *mode_notes], dtype=str)
    )


def _check_prolog(path):
    """Refuse what is not imzML, and a DTD: entities can be bombs, and only a DTD declares them."""
    try:
        with path.open("rb") as file:
            _, root = next(iterparse(file, events=("start",), forbid_dtd=True))
    except DefusedXmlException as error:
        raise IngestError(
            f"{path}: has a document type declaration, which imzML has no use for; remove it"
        ) from error
    except (ParseError, StopIteration, LookupError, ValueError) as error:
        raise IngestError(
            f"{path}: is not XML ({error or 'no element'}); give the .imzML file"
        ) from error
    if root.tag != _ROOT:
        raise IngestError(f"{path}: its root element is {root.tag}, not mzML as imzML has it")


def _parse(path):
    """Return pyimzML's parser and its warnings, counted."""
    size = path.stat().st_size
    with path.open("rb") as raw, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        label = f"parsing {path.name}"
        progress = {"desc": label, "total": size, "unit": "B", "unit_scale": True, "disable": None}
        with tqdm.wrapattr(raw, "read", **progress) as file:
            try:
                parser = ImzMLParser(file, parse_lib="ElementTree", ibd_file=None)
            except ParseError as error:
                raise IngestError(
                    f"{path}: its XML is broken or breaks off ({error}); copy the file again"
                ) from error
            # pyimzML lets any exception out where an element or attribute is not as it expects.
            except Exception as error:
                raise IngestError(_explain(path, raw.tell(), error)) from error
    counts = Counter(str(warning.message) for warning in caught)
    return parser, [f"pyimzML, {count} time(s): {text}" for text, count in sorted(counts.items())]


def _explain(path, position, error):
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        if not re.search(rb"<spectrum\s", text):
            return f"{path}: holds no spectrum; export the measurement again"
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return (
        f"{path}: an element that imzML asks for is missing or malformed, before byte {position} "
        f"({reason}); check the file with an imzML validator or export it again"
    )


def _plane(path, coordinates):
    x, y, z = zip(*coordinates, strict=True)
    if min(z) != max(z):
        raise IngestError(
            f"{path}: holds {len(set(z))} planes (z from {min(z)} to {max(z)}); "
            "export each plane as a file of its own"
        )
    return x, y


def _dtypes(path, parser):
    """Return the NumPy types of the m/z and the intensity arrays; refuse compressed ones."""
    dtypes = []
    for what, group, letter in (
        ("m/z", parser.mzGroupId, parser.mzPrecision),
        ("intensity", parser.intGroupId, parser.intensityPrecision),
    ):
        terms = parser.metadata.referenceable_param_groups[group].param_by_name
        compression = [
            term for term in terms if "compression" in str(term) and term != "no compression"
        ]
        if compression:
            raise IngestError(
                f"{path}: the {what} arrays are compressed ({compression[0]}); "
                "imsforge reads uncompressed imzML: export without compression"
            )
        if letter not in _DTYPES:
            raise IngestError(
                f"{path}: the data type of the {what} arrays is not declared, or none of 32-bit "
                "and 64-bit float and integer; export with one of these"
            )
        dtypes.append(_DTYPES[letter])
    return dtypes


def _precision_warnings(parser):
    notes = []
    for what, group in (("m/z", parser.mzGroupId), ("intensity", parser.intGroupId)):
        terms = parser.metadata.referenceable_param_groups[group].param_by_name
        precisions = [term for term in parser.precisionDict if term in terms]
        if len(precisions) > 1:
            notes.append(
                f"the {what} arrays are declared as {' and '.join(precisions)}: "
                f"read as {precisions[-1]}"
            )
    return notes


def _layout_warnings(declared, common):
    found = "continuous" if common else "processed"
    reason = "one m/z axis for all" if common else "an m/z axis each"
    if _CONTINUOUS in declared and not common:
        return [f"declared continuous, but the spectra have {reason}: read as {found}"]
    if _CONTINUOUS not in declared and _PROCESSED not in declared:
        return [
            f"neither continuous nor processed is declared: the spectra have {reason}, "
            f"read as {found}"
        ]
    return []


def _spans(path, ibd, parser, mz_dtype, intensity_dtype):
    try:
        mz_offset, n_mz, intensity_offset, n_intensity = (
            np.array(values, dtype=np.int64)
            for values in (
                parser.mzOffsets,
                parser.mzLengths,
                parser.intensityOffsets,
                parser.intensityLengths,
            )
        )
    except OverflowError as error:
        raise IngestError(
            f"{path}: an offset or length has more than 64 bits; copy the file again"
        ) from error
    check_lengths(path, n_mz, n_intensity)
    # Lengths beyond the file are refused before a product with them can overflow.
    check_spans(ibd, np.zeros_like(n_mz), n_mz, "m/z array")
    mz_size = n_mz * np.dtype(mz_dtype).itemsize
    intensity_size = n_mz * np.dtype(intensity_dtype).itemsize
    check_spans(ibd, mz_offset, mz_size, "m/z array")
    check_spans(ibd, intensity_offset, intensity_size, "intensity array")
    check_overlap(path, (mz_offset, mz_size), (intensity_offset, intensity_size))
    return mz_offset, intensity_offset, n_mz


def _common_axis(ibd, offset, n_points, dtype):
    with ibd.open("rb") as file:
        return check_axis(ibd, np.fromfile(file, dtype, count=n_points, offset=offset))
