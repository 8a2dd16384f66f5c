"""Annotation tables, matched with the pixels."""

import logging

import numpy as np
import pandas as pd

from imsforge.errors import DataError
from imsforge.labels.canvas import Placed

logger = logging.getLogger(__name__)

#: Names of a column that is taken for the labels, where the configuration names none.
LABEL_COLUMNS = ("label", "class", "annotation", "tissue", "region")


def place_table(table, x, y, sample, source, *, column=None, named=False):
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

    Returns
    -------
    Placed

    Raises
    ------
    DataError
        If there is no such column, no row is about a pixel, or two rows disagree.
    """
    samples = np.unique(sample)
    sample_column = table.find("sample")
    if sample_column is None and len(samples) > 1:
        raise DataError(
            f"{source}: the measurement has {len(samples)} samples, and coordinates count within "
            "each; add a column sample, or give each its file with {sample} in the path"
        )
    said, measured = [table.x, table.y], [x, y]
    if sample_column and (len(samples) > 1 or samples[0] in table.columns[sample_column]):
        said.append(table.columns[sample_column])
        measured.append(sample)
    else:
        sample_column = None
    label = _label_column(table, source, column, named=named, other=sample_column)
    pixel = pd.MultiIndex.from_arrays(measured).get_indexer(pd.MultiIndex.from_arrays(said))
    row = np.flatnonzero(pixel >= 0)
    if not len(row):
        raise DataError(_no_match(table, x, y, samples if sample_column else (), source))
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


def _no_match(table, x, y, samples, source):
    of = f" of {', '.join(samples[:5])}" if len(samples) else ""
    return (
        f"{source}: no row is about a measured pixel; its rows span x {table.x.min()} to "
        f"{table.x.max()} and y {table.y.min()} to {table.y.max()}, the pixels{of} x {x.min()} to "
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
