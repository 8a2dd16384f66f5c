"""The formats by the names that configurations use, and what each is made from."""

from importlib import import_module
from importlib.util import find_spec

from imsforge.errors import ConfigError

#: Name -> module and function, which writes `Results` into a folder. Imported when asked for: what
#: one format needs, others do not.
WRITERS = {
    "spatialdata": ("imsforge.export.spatialdata", "write_spatialdata"),
    "anndata": ("imsforge.export.anndata", "write_anndata"),
    "ome-tiff": ("imsforge.export.ome_tiff", "write_ome_tiff"),
    "geojson": ("imsforge.export.geojson", "write_geojson"),
    "imzml": ("imsforge.export.imzml", "write_imzml"),
    "parquet": ("imsforge.export.parquet", "write_parquet"),
    "latex": ("imsforge.export.latex", "write_latex"),
}

#: What a format is made from: spectra, classes and anomaly scores of pixels; the regions of anomaly
#: maps; the spectra that were generated; tables.
PIXELS, REGIONS, GENERATED, TABLES = "pixels", "regions", "generated", "tables"
NEEDS = {
    "spatialdata": (PIXELS,),
    "anndata": (PIXELS,),
    "ome-tiff": (PIXELS,),
    "geojson": (PIXELS, REGIONS),
    "imzml": (PIXELS, GENERATED),
    "parquet": (PIXELS, TABLES),
    "latex": (TABLES,),
}

#: Formats written with a package that has an environment of its own, envs/spatialdata.yaml.
SEPARATE = ("spatialdata",)


def check_packages(names, conda=False):
    """Make sure, before any work begins, that what formats are written with will be there.

    Parameters
    ----------
    names : iterable of keys of `WRITERS`
    conda : bool
        Whether each stage gets the environment that it declares.

    Raises
    ------
    ConfigError
        If a package is missing.
    """
    for name in set(SEPARATE) & set(names):
        if not conda and find_spec(name) is None:
            raise ConfigError(
                f"export: {name} is not installed, and has an environment of its own; run with "
                "--software-deployment-method conda, or leave it out of export"
            )


def export(name, results, folder):
    """Write the results of a dataset in a format.

    Parameters
    ----------
    name : str, a key of `WRITERS`
    results : Results
    folder : path, which is made

    Raises
    ------
    ConfigError
        If a package is missing that the format is written with.
    """
    check_packages([name])
    module, function = WRITERS[name]
    getattr(import_module(module), function)(results, folder)


def modules_behind(name):
    """Return the names of the modules that a format is written by."""
    return [WRITERS[name][0]]
