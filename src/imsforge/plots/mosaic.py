"""Several samples on one sheet, side by side."""

from dataclasses import dataclass

import numpy as np

#: Width to height that a sheet comes near to.
RATIO = 4 / 3

#: Space between columns, and above each row for the names, as shares of the sheet.
GAP, HEADER = 0.02, 0.05


@dataclass(frozen=True)
class Title:
    """The name of a sample on the sheet.

    Attributes
    ----------
    text : str
    x, y : float, middle of the sample's upper edge
    room : float, width of the sample's column as a share of the sheet's
    """

    text: str
    x: float
    y: float
    room: float


@dataclass(frozen=True)
class Mosaic:
    """Where pixels lie on one sheet.

    Attributes
    ----------
    x, y : (n_pixels,) int arrays; as measured where there is one sample
    titles : tuple of `Title`, one for each sample drawn; empty where there is one sample
    """

    x: np.ndarray
    y: np.ndarray
    titles: tuple = ()


def mosaic(x, y, sample, samples):
    """Lay samples side by side in rows, without overlap and at one scale.

    The number of columns is the one that brings the sheet nearest to the page's proportion, and
    leaves few cells of the last row empty.

    Parameters
    ----------
    x, y : (n_pixels,) int arrays, coordinates within a sample
    sample : (n_pixels,) int array, index into ``samples``
    samples : (n_samples,) str array

    Returns
    -------
    Mosaic
    """
    if len(samples) == 1:
        return Mosaic(x, y)
    shown, rank = np.unique(sample, return_inverse=True)
    corner = np.array([[x[rank == k].min(), y[rank == k].min()] for k in range(len(shown))])
    x, y = x - corner[rank, 0], y - corner[rank, 1]
    size = np.array([[x[rank == k].max(), y[rank == k].max()] for k in range(len(shown))]) + 1
    layouts = {n_columns: _layout(size, n_columns) for n_columns in range(1, len(shown) + 1)}
    best = min(layouts, key=lambda n_columns: _misfit(layouts[n_columns][2], n_columns, len(shown)))
    place, columns, sheet = layouts[best]
    titles = tuple(
        Title(str(samples[k]), left + (width - 1) / 2, top - 0.5, column / sheet[0])
        for k, (left, top), (width, _), column in zip(shown, place, size, columns, strict=True)
    )
    return Mosaic(x + place[rank, 0], y + place[rank, 1], titles)


def _layout(size, n_columns):
    """Place samples of (n_samples, 2) widths and heights row by row.

    Returns
    -------
    place : (n_samples, 2) int array, left and top of each
    columns : (n_samples,) int array, width of the column that each lies in
    sheet : (width, height)
    """
    n_rows = -(-len(size) // n_columns)
    cells = np.zeros((n_rows * n_columns, 2), dtype=int)
    cells[: len(size)] = size
    cells = cells.reshape(n_rows, n_columns, 2)
    widths, heights = cells[..., 0].max(axis=0), cells[..., 1].max(axis=1)
    gap = int(np.ceil(GAP * widths.sum()))
    header = int(np.ceil(HEADER * max(widths.sum(), RATIO * heights.sum())))
    left = np.cumsum(widths + gap) - widths - gap
    top = np.cumsum(heights + header) - heights
    row, column = np.divmod(np.arange(len(size)), n_columns)
    place = np.column_stack([left[column] + (widths[column] - size[:, 0]) // 2, top[row]])
    sheet = (widths.sum() + gap * (n_columns - 1), (heights + header).sum())
    return place, widths[column], sheet


def _misfit(sheet, n_columns, n_samples):
    empty = -n_samples % n_columns
    return abs(np.log(sheet[0] / sheet[1] / RATIO)) + empty / (n_samples + empty)
