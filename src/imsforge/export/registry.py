"""The formats by the names that configurations use, and what each is made from."""

from importlib import import_module

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


NO_SPATIALDATA = (
    "export: spatialdata is not installed and needs a newer Python than the other stages; run with "
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
    module, function = WRITERS[name]
    getattr(import_module(module), function)(results, folder)


def modules_behind(name):
    """Return the names of the modules that a format is written by."""
    return [WRITERS[name][0]]
