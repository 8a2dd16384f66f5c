"""Formats of raw files, told by their extensions; and what to do about all others."""

from pathlib import Path

from imsforge.errors import IngestError

IMZML = (".imzml",)
HDF5 = (".h5", ".hdf5", ".h5ad")
TABLES = (".csv", ".tsv", ".txt", ".parquet")

_CONVERTERS = "msconvert and imzMLConverter, or the vendor's imzML export"
_REMEDIES = {
    ".ibd": "give the .imzML file beside it",
    ".d": f"convert it with {_CONVERTERS} (SCiLS Lab, flexImaging or TIMSCONVERT for Bruker)",
    ".raw": f"convert it with {_CONVERTERS} (ImageQuest or raw2imzml for Thermo, HDI for Waters)",
    ".mzml": "convert it with imzMLConverter, which adds the pixels' coordinates",
    ".mzxml": "convert it with imzMLConverter, which adds the pixels' coordinates",
    ".wiff": f"convert it with {_CONVERTERS}",
    ".slx": "export imzML from SCiLS Lab",
    ".mis": f"convert the .d folder beside it with {_CONVERTERS}",
    ".img": f"convert it with {_CONVERTERS}",
}


def check_format(path):
    """Refuse a raw file of a format that is not read, and say how to convert it.

    Raises
    ------
    IngestError
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (*IMZML, *HDF5, *TABLES):
        remedy = _REMEDIES.get(suffix, f"convert it, for example with {_CONVERTERS}")
        known = ", ".join((".imzML", *HDF5, *TABLES))
        raise IngestError(f"{path}: imsforge reads {known}; {remedy}")
