"""The one door for raw measurements of any format."""

import logging
from pathlib import Path

from imsforge.errors import IngestError
from imsforge.io.hdf5 import read_hdf5
from imsforge.io.imzml import read_imzml

logger = logging.getLogger(__name__)

_READERS = {".imzml": read_imzml, ".h5": read_hdf5, ".hdf5": read_hdf5}
_REMEDIES = {
    ".ibd": "give the .imzML file beside it",
    ".d": "convert it with the vendor's imzML export or with msconvert and imzMLConverter",
    ".raw": "convert it with msconvert and imzMLConverter, or RAW2IMZML",
    ".mzml": "convert it with imzMLConverter, which adds the pixels' coordinates",
    ".wiff": "convert it with msconvert and imzMLConverter",
    ".slx": "export imzML from SCiLS Lab",
}


def read_measurement(path):
    """Index a raw measurement; the format follows from the file's extension.

    Everything that could falsify results and can be known without reading all spectra is checked.

    Parameters
    ----------
    path : path
        An .imzML file with its .ibd beside it, or a matrix of peaks in .h5 or .hdf5.

    Returns
    -------
    Measurement

    Raises
    ------
    IngestError
        In one line: the file, the place in it, and the way out.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        remedy = _REMEDIES.get(suffix, "convert it, for example with msconvert and imzMLConverter")
        raise IngestError(f"{path}: imsforge reads .imzML, .h5 and .hdf5; {remedy}")
    measurement = _READERS[suffix](path)
    logger.info(
        "%s: %d pixels, %s %s spectra, %d points",
        path,
        measurement.n_pixels,
        measurement.layout,
        measurement.mode,
        measurement.n_points.sum(),
    )
    for warning in measurement.warnings:
        logger.warning("%s: %s", path, warning)
    return measurement
