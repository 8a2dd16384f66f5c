"""Parquet: every table of the results, and one of the pixels."""

from pathlib import Path

from imsforge.artifacts.atomic import atomic
from imsforge.artifacts.tables import read_csv


def write_parquet(results, folder):
    """Write ``pixels.parquet``, and each table under the path of its CSV.

    Parameters
    ----------
    results : Results
    folder : path
    """
    _write(results.pixels().reset_index(drop=True), Path(folder) / "pixels.parquet")
    for path in results.files:
        if path.suffix == ".csv":
            place = Path(folder, *results.relative(path)).with_suffix(".parquet")
            _write(read_csv(path), place)


def _write(table, path):
    with atomic(path) as temporary:
        table.to_parquet(temporary, index=False, compression="zstd")
