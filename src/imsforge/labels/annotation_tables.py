"""Tables that say of single pixels what they are."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from imsforge.errors import DataError, IngestError
from imsforge.labels.canvas import Placed
from imsforge.readers.columns import find_coordinates, is_row_numbers
from imsforge.readers.tabular.dialect import decimal_of, fitted_names
from imsforge.readers.tabular.small import read_lines

_INT32 = np.iinfo(np.int32)

logger = logging.getLogger(__name__)

#: Names of a column that is taken for the labels, where the configuration names none.
LABEL_COLUMNS = ("label", "class", "annotation", "tissue", "region")


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
    """Read a table with coordinates and other columns.

    Text is written, and coordinates are named, as in tables of measurements.

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
    table = table.loc[:, [not is_row_numbers(name) for name in table.columns]]
    if not len(table):
        raise DataError(f"{path}: has no rows; export the table again")
    names = _coordinate_names(path, list(table.columns))
    if not table.columns.is_unique:
        raise DataError(f"{path}: has two columns of one name; rename one")
    x, y = (_coordinates(path, name, table.pop(name)) for name in names)
    return AnnotationTable(
        x, y, columns={name: as_text(values.to_numpy()) for name, values in table.items()}
    )


def _coordinate_names(path, names):
    found = find_coordinates(names)
    if found is None:
        missing = [axis for axis in "xy" if axis not in map(str.lower, names)]
        raise DataError(
            f"{path}: has no column {' and '.join(missing)}; its columns are {', '.join(names)}"
        )
    chosen = [names[column] for column in found]
    for name in chosen:
        n_alike = [other.lower() for other in names].count(name.lower())
        if n_alike > 1:
            raise DataError(
                f"{path}: has {n_alike} columns {name}; its columns are {', '.join(names)}"
            )
    return chosen


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
        lines, delimiter = read_lines(path)
    except IngestError as error:
        raise DataError(str(error)) from error
    if not lines:
        raise DataError(f"{path}: is no table that can be read (it is empty); export it again")
    (_, _, names), *rows = lines
    if rows:
        _, line, first = rows[0]
        names = fitted_names(names, first, line, delimiter)
    for number, _, row in rows:
        if len(row) != len(names):
            raise DataError(
                f"{path}: is no table that can be read (line {number} has {len(row)} of "
                f"{len(names)} cells); mend the line, or export it again"
            )
    return pd.DataFrame(
        [row for _, _, row in rows],
        index=[f"line {number}" for number, _, _ in rows],
        columns=names,
        dtype=str,
    )


def _read_parquet(path):
    try:
        # What pandas would make an index of are columns too.
        return pq.read_table(path).to_pandas(ignore_metadata=True)
    except (OSError, ValueError) as error:
        raise _no_table(path, error) from error


def _no_table(path, error):
    reason = " ".join(str(error).split())
    return DataError(f"{path}: is no table that can be read ({reason}); export it again")


def _coordinates(path, name, values):
    written = values.astype(str)
    if decimal_of(written) == ",":
        written = written.str.replace(",", ".")
    numbers = pd.to_numeric(written, errors="coerce").to_numpy(dtype=np.float64)
    whole = (numbers == np.floor(numbers)) & (np.abs(numbers) <= _INT32.max)
    if not whole.all():
        first = int(np.argmin(whole))
        line = values.index[first]
        where = f" ({line})" if isinstance(line, str) else ""
        raise DataError(
            f"{path}: {name} of row {first + 1} is '{values.iloc[first]}', not a whole number"
            f"{where}; give pixel numbers, not positions on the stage"
        )
    return numbers.astype(np.int32)


def place_table(table, x, y, sample, source, *, column=None, named=False, offset=None):
    """Find the row of a table for each pixel.

    Parameters
    ----------
    table : AnnotationTable
        Its column ``sample``, if it has one, counts where there are several samples, or where it
        names the one.
    x, y : (n_pixels,) int arrays, pixel coordinates
    sample : (n_pixels,) str array, the sample of each pixel
    source : str, for messages
    column : str or None
        The column of the labels; None for the one that looks like it.
    named : bool
        That the table lists pixels of one class, and may do without labels.
    offset : (x, y) or None
        What to add to the coordinates of the table. None adds nothing, and refuses a table that
        would fit better with something added.

    Returns
    -------
    Placed

    Raises
    ------
    DataError
        If there is no such column, no row is about a pixel, two rows disagree, or the table
        counts pixels from elsewhere.
    """
    samples = np.unique(sample)
    sample_column = table.find("sample")
    if sample_column is None and len(samples) > 1:
        raise DataError(
            f"{source}: the measurement has {len(samples)} samples, and coordinates count within "
            "each; add a column sample, or give each its file with {sample} in the path"
        )
    right, down = (0, 0) if offset is None else map(int, offset)
    said, measured = [table.x + right, table.y + down], [x, y]
    if sample_column and (len(samples) > 1 or samples[0] in table.columns[sample_column]):
        said.append(table.columns[sample_column])
        measured.append(sample)
    else:
        sample_column = None
    label = _label_column(table, source, column, named=named, other=sample_column)
    pixel = pd.MultiIndex.from_arrays(measured).get_indexer(pd.MultiIndex.from_arrays(said))
    row = np.flatnonzero(pixel >= 0)
    if offset is None and len(row) < len(pixel):
        _check_origin(said, measured, source)
    if not len(row):
        raise DataError(_no_match(said, x, y, samples if sample_column else (), source))
    if len(row) < len(pixel):
        logger.warning(
            "%s: %d of %d rows are about no measured pixel",
            *(source, len(pixel) - len(row), len(pixel)),
        )
    values, codes = np.unique(label.astype(str), return_inverse=True)
    code = np.full(len(x), -1)
    code[pixel[row]] = codes[row]
    if (code[pixel[row]] != codes[row]).any():
        raise DataError(_disagreement(x, y, pixel[row], values[codes[row]], source))
    return Placed(code, [(str(value),) for value in values], np.bincount(codes))


def _label_column(table, source, column, *, named, other):
    if column is not None:
        found = table.find(str(column))
        if found is None:
            known = ", ".join(table.columns) or "none but x and y"
            raise DataError(f"labels.column: {source} has no column '{column}'; it has: {known}")
        return table.columns[found]
    candidates = [name for name in table.columns if name != other]
    likely = [name for name in candidates if name.lower() in LABEL_COLUMNS]
    for names in (likely, candidates):
        if len(names) == 1:
            return table.columns[names[0]]
    if named and not candidates:
        return np.full(len(table.x), "listed")
    known = f"one of {', '.join(candidates)}" if candidates else "there are none but x and y"
    raise DataError(f"labels.column: {source} does not show which column holds the labels; {known}")


def _check_origin(said, measured, source):
    """Refuse a table whose rows find more pixels from another corner: it counts from elsewhere.

    Its corner may be that of the pixels, or it counts from 0 what they count from 1, or the other
    way round.
    """
    for name in np.unique(measured[2]) if len(measured) > 2 else [None]:
        (x, y), (own_x, own_y) = (
            [axis if name is None else axis[columns[2] == name] for axis in columns[:2]]
            for columns in (measured, said)
        )
        if not len(own_x):
            continue
        corner = int(x.min()) - int(own_x.min()), int(y.min()) - int(own_y.min())
        shifts = [(0, 0), corner, *((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1))]
        found = [_n_found(own_x + right, own_y + down, x, y) for right, down in shifts]
        best = int(np.argmax(found))
        # Of a table that is larger than the measurement, a few rows more fall on its pixels by
        # chance; of one that is shifted, whole lines do.
        if found[best] - found[0] > 0.5 * (len(own_x) - found[0]):
            right, down = shifts[best]
            where = "" if name is None else f" of sample '{name}'"
            raise DataError(
                f"{source}: {found[0]} of {len(own_x)} rows{where} are about a measured pixel, "
                f"{found[best]} with {right:+d} added to x and {down:+d} to y; if it counts so, "
                f"set labels.offset: [{right}, {down}], otherwise [0, 0]"
            )


def _n_found(x, y, pixel_x, pixel_y):
    """Count coordinates at which there is a pixel."""
    left, top = pixel_x.min(), pixel_y.min()
    width, height = (int(axis.max()) - int(axis.min()) + 1 for axis in (pixel_x, pixel_y))
    x, y = x.astype(np.int64) - left, y.astype(np.int64) - top
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    places = (pixel_y.astype(np.int64) - top) * width + (pixel_x.astype(np.int64) - left)
    return int(np.count_nonzero(np.isin((y * width + x)[inside], places)))


def _no_match(said, x, y, samples, source):
    of = f" of {', '.join(samples[:5])}" if len(samples) else ""
    return (
        f"{source}: no row is about a measured pixel; its rows span x {said[0].min()} to "
        f"{said[0].max()} and y {said[1].min()} to {said[1].max()}, the pixels{of} x {x.min()} to "
        f"{x.max()} and y {y.min()} to {y.max()}"
    )


def _disagreement(x, y, pixel, said, source):
    rows = pd.DataFrame({"pixel": pixel, "said": said}).drop_duplicates()
    rows = rows[rows["pixel"].duplicated(keep=False)]
    first = rows["pixel"].iloc[0]
    both = " and ".join(map(repr, rows.loc[rows["pixel"] == first, "said"]))
    return (
        f"{source}: rows of {rows['pixel'].nunique()} pixels disagree, first x {x[first]}, "
        f"y {y[first]}: {both}; leave one row a pixel"
    )
