"""Tables that say of single pixels what they are."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from imsforge.errors import DataError

_SEPARATORS = "\t;,"
_INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
class AnnotationTable:
    """What is said of pixels, one row each.

    Attributes
    ----------
    x, y : (n_rows,) int32, pixel coordinates
    columns : dict of (n_rows,) object arrays of str, the other columns by name, in their order
    """

    x: np.ndarray
    y: np.ndarray
    columns: dict

    def find(self, name):
        """Return the name of a column, whatever its case; None where there is none."""
        return next((column for column in self.columns if column.lower() == name.lower()), None)


def read_annotation_table(path):
    """Read a table with the columns x and y (in any case) and others.

    Text is separated by tabs, semicolons, commas or spaces, whichever its first line has.

    Parameters
    ----------
    path : path
        Text, or ``.parquet``.

    Returns
    -------
    AnnotationTable

    Raises
    ------
    DataError
        If the file is no table, or its coordinates are no whole numbers.
    """
    path = Path(path)
    table = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_text(path)
    table.columns = [str(name).strip() for name in table.columns]
    if not len(table):
        raise DataError(f"{path}: has no rows; export the table again")
    for axis in "xy":
        found = [name for name in table.columns if name.lower() == axis]
        if len(found) != 1:
            raise DataError(
                f"{path}: has {len(found) or 'no'} column{'s' * (len(found) > 1)} {axis}; "
                f"its columns are {', '.join(table.columns)}"
            )
        table = table.rename(columns={found[0]: axis})
    if not table.columns.is_unique:
        raise DataError(f"{path}: has two columns of one name; rename one")
    return AnnotationTable(
        x=_coordinates(path, "x", table.pop("x")),
        y=_coordinates(path, "y", table.pop("y")),
        columns={name: as_text(values.to_numpy()) for name, values in table.items()},
    )


def as_text(values):
    """Return values as texts without spaces around them: 2.0 is "2", NaN and None are "".

    Parameters
    ----------
    values : (n,) array of numbers, texts or objects

    Returns
    -------
    (n,) object array of str
    """
    series = pd.Series(values)
    text = series.astype(str).str.strip().str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
    return text.mask(series.isna(), "").to_numpy(dtype=object)


def _read_text(path):
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
        separator = max(_SEPARATORS, key=header.count)
        separator = separator if separator in header else r"\s+"
        return pd.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no text in UTF-8; save the table as UTF-8 text") from error
    except (OSError, ValueError) as error:
        raise _no_table(path, error) from error


def _read_parquet(path):
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise _no_table(path, error) from error


def _no_table(path, error):
    reason = " ".join(str(error).split())
    return DataError(f"{path}: is no table that can be read ({reason}); export it again")


def _coordinates(path, name, values):
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    whole = (numbers == np.floor(numbers)) & (np.abs(numbers) <= _INT32.max)
    if not whole.all():
        first = int(np.argmin(whole))
        raise DataError(
            f"{path}: {name} of row {first + 1} is '{values.iloc[first]}', not a whole number; "
            "give pixel numbers, not positions on the stage"
        )
    return numbers.astype(np.int32)
