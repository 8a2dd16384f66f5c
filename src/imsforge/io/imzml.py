"""imzML: the XML is parsed once, by pyimzML; the .ibd is checked against it and left in place.

Format: Schramm et al. (2012), "imzML - a common data format for the flexible exchange and
processing of mass spectrometry imaging data", Journal of Proteomics 75, 5106-5110.
"""

from pathlib import Path

import numpy as np

from imsforge.io.measurement import Measurement
from imsforge.io.pixels import pixel_coordinates, sparse_grid
from imsforge.io.raw import check_raw_file, digests

_ROOT = "{http://psi.hupo.org/ms/mzml}mzML"
_DTYPES = {"f": "<f4", "d": "<f8", "i": "<i4", "l": "<i8"}
_CHECKSUMS = {"IMS:1000091": "sha1", "IMS:1000090": "md5", "IMS:1000092": "sha256"}
_UUID, _CONTINUOUS = "IMS:1000080", "IMS:1000030"


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
    ibd = _find_ibd(path)
    check_raw_file(ibd)
    _check_prolog(path)
    parser, notes = _parse(path)

    mz_dtype, mz_notes = _dtype(path, parser, parser.mzGroupId, parser.mzPrecision, "m/z")
    intensity_dtype, intensity_notes = _dtype(
        path, parser, parser.intGroupId, parser.intensityPrecision, "intensity"
    )
    x, y = pixel_coordinates(path, *_plane(path, parser.coordinates))
    mz_offset, intensity_offset, n_points = _spans(
        path, ibd, parser, mz_dtype, intensity_dtype
    )
    paths = [path, ibd]
    declared = parser.metadata.file_description.param_by_accession
    checksums = digests(ibd, "sha256", "sha1", "md5")
    notes += [*mz_notes, *intensity_notes, *sparse_grid(x, y)]
    notes += _foreign_ibd(ibd, declared, checksums)

    common = len(np.unique(mz_offset)) == 1 and len(np.unique(n_points)) == 1
    axis = _read_axis(path, ibd, mz_offset[0], n_points[0], mz_dtype) if common else None
    if _CONTINUOUS in declared and not common:
        notes.append("declared continuous, but spectra have m/z axes of their own: read as processed")
    index = Measurement(
        format="imzML",
        mode=parser.spectrum_mode or "centroid",
        layout="continuous" if common else "processed",
        x=x,
        y=y,
        n_points=n_points,
        mz_dtype=mz_dtype,
        intensity_dtype=intensity_dtype,
        file_path=np.array([str(path) for path in paths]),
        file_bytes=np.array([path.stat().st_size for path in paths]),
        file_sha256=np.array([digests(path, "sha256")["sha256"], checksums["sha256"]]),
        axis=axis,
        mz_offset=None if common else mz_offset,
        intensity_offset=intensity_offset,
    )
    mode, mode_notes = settle_mode(parser.spectrum_mode, index)
    return replace(index, mode=mode, warnings=np.array([*notes, *mode_notes], dtype=str))
