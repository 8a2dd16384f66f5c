"""Tables as CSV."""

import io
import math
from pathlib import Path

import pandas as pd

from imsforge.artifacts.atomic import atomic
from imsforge.errors import DamagedError, DataError, damaged


def write_csv(table, path):
    """Write a table without its index."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False)


def read_csv(path):
    """Read a table; names of classes and methods stay text, be they "7" or "NA".

    An empty cell is a missing value.

    Raises
    ------
    DataError
        If the file is missing or damaged.
    """
    if not Path(path).is_file():
        raise DataError(f"{path}: no such file; run the stage that makes it")
    text = dict.fromkeys(("class", "true", "predicted", "generated", "real", "sample"), str)
    try:
        content = Path(path).read_text(encoding="utf-8")
        # What is left of a table that was cut would be read without complaint.
        if not content.endswith("\n") or "\0" in content:
            raise DamagedError(path, "the table breaks off")
        return pd.read_csv(io.StringIO(content), dtype=text, keep_default_na=False, na_values=[""])
    except (ValueError, pd.errors.ParserError) as error:
        raise damaged(path, error) from error


def read_csvs(paths):
    """Read tables of the same columns, one below the other.

    Raises
    ------
    DataError
        If a file is missing or damaged, or has other columns than the first.
    """
    tables = {path: read_csv(path) for path in paths}
    (first, expected), *others = tables.items()
    for path, table in others:
        if list(table.columns) != list(expected.columns):
            raise DataError(
                f"{path}: other columns than in {first}; delete the one that is wrong and run again"
            )
    return pd.concat(tables.values(), ignore_index=True)


def format_score(mean, std, digits=2):
    """Return "0.67 ± 0.01", or "0.67" where there is no spread to give."""
    if math.isnan(mean):
        return "-"
    return f"{mean:.{digits}f}" + ("" if math.isnan(std) else f" ± {std:.{digits}f}")
