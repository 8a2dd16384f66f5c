"""Tables as text: indexed by where chunks of rows lie, and parsed block by block."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from imsforge.errors import IngestError
from imsforge.readers.annotations import Annotations, numbers_in
from imsforge.readers.columns import ordered_axis, tell_columns
from imsforge.readers.mode import settle_mode
from imsforge.readers.pixels import pixel_coordinates
from imsforge.readers.source import Block, Source, batches
from imsforge.readers.tabular.dialect import decoded, read_dialect
from imsforge.readers.tabular.text_rows import Rows, chunks


@dataclass(frozen=True, kw_only=True)
class TextSource(Source):
    """Spectra in the rows of a table.

    Attributes
    ----------
    delimiter, decimal : str
    n_columns : int, of the table
    columns : (n_axis,) int64, where the axis stands among them
    first_byte, first_row : (n_chunks + 1,) int64, where chunks of whole rows begin
    first_line : (n_chunks,) int64, their line in the file, counted from 1, for messages
    """

    delimiter: str
    decimal: str
    n_columns: int
    columns: np.ndarray
    first_byte: np.ndarray
    first_row: np.ndarray
    first_line: np.ndarray

    def loaders(self, max_points, spectrum_cost, rows=None):
        """Yield functions that read blocks; see `Source.loaders`."""
        rows = np.arange(self.n_spectra) if rows is None else rows
        cost = np.diff(self.first_row) * (len(self.axis) + spectrum_cost)
        for span in batches(cost, max_points):
            start, stop = np.searchsorted(rows, self.first_row[[span.start, span.stop]])
            if start < stop:
                yield partial(self._load, span, slice(int(start), int(stop)), rows[start:stop])

    def _load(self, span, batch, rows):
        first, stop = self.first_row[[span.start, span.stop]]
        stored = np.sort(self.columns)
        names = {column: f"m/z {mz}" for column, mz in zip(self.columns, self.axis, strict=True)}
        values = self._rows(span).numbers(stored, names)
        if len(values) != stop - first:
            raise IngestError(f"{self.path}: is not as it was indexed; run `ingest` again")
        if len(rows) < len(values):
            values = values[rows - first]
        if not np.array_equal(stored, self.columns):
            values = values[:, np.searchsorted(stored, self.columns)]
        indptr = np.arange(len(values) + 1, dtype=np.int64) * len(self.axis)
        return Block(batch, values.reshape(-1), indptr, self.axis)

    def _rows(self, span):
        path, (begin, end) = Path(self.path), self.first_byte[[span.start, span.stop]]
        try:
            with path.open("rb") as file:
                file.seek(begin)
                data = file.read(end - begin)
        except OSError as error:
            raise IngestError(f"{path}: cannot be read ({error}); copy it again") from error
        line = int(self.first_line[span.start])
        return Rows(path, data, line, self.delimiter, self.decimal, int(self.n_columns))


def index_text(path):
    """Index a table in text; see `imsforge.readers.tabular.read_table`."""
    dialect = read_dialect(path)
    columns = tell_columns(path, dialect.names)
    decimal = dialect.decimal([columns.x, columns.y, *columns.spectrum.tolist()])
    axis, order, notes = ordered_axis(path, columns.mz)
    mode, mode_notes = settle_mode("centroid", [(axis, None)])
    found = _read_pixels(path, dialect, decimal, columns)
    x, y = pixel_coordinates(path, *found.coordinates.T)
    annotations = Annotations(len(x))
    for column, text in zip(columns.others, found.others, strict=True):
        annotations.add(dialect.names[column], numbers_in(text, decimal))
    return TextSource(
        format="TSV" if dialect.delimiter == "\t" else "CSV",
        mode=mode,
        layout="table",
        path=str(path),
        x=x,
        y=y,
        n_points=np.full(len(x), len(axis)),
        mz_dtype="text",
        intensity_dtype="text",
        axis=axis,
        annotations=annotations.values,
        notes=np.array([*found.notes, *notes, *mode_notes, *annotations.notes()], dtype=str),
        delimiter=dialect.delimiter,
        decimal=decimal,
        n_columns=len(dialect.names),
        columns=columns.spectrum if order is None else columns.spectrum[order],
        first_byte=found.first_byte,
        first_row=found.first_row,
        first_line=found.first_line,
    )


@dataclass(frozen=True)
class _Pixels:
    """What one pass over a table tells of its pixels, and where its rows lie."""

    coordinates: np.ndarray
    others: list
    first_byte: np.ndarray
    first_row: np.ndarray
    first_line: np.ndarray
    notes: list


def _read_pixels(path, dialect, decimal, columns):
    coordinates, others, bytes_, lines, encoding = [], [], [], [], "utf-8"
    wanted = np.sort([columns.x, columns.y])
    names = {columns.x: dialect.names[columns.x], columns.y: dialect.names[columns.y]}
    size = path.stat().st_size
    with tqdm(
        desc=f"indexing {path.name}", total=size, unit="B", unit_scale=True, disable=None
    ) as progress:
        for begin, rows in chunks(path, dialect, decimal):
            rows.check()
            encoding = encoding if encoding == "latin-1" else decoded(rows.data)[1]
            coordinates.append(rows.numbers(wanted, names))
            others.append(rows.text(columns.others, encoding))
            bytes_.append(begin)
            lines.append(rows.line)
            progress.update(len(rows.data))
    if not coordinates:
        raise IngestError(f"{path}: holds no spectrum; export the measurement again")
    flipped = slice(None, None, -1 if columns.x > columns.y else 1)
    return _Pixels(
        coordinates=np.concatenate(coordinates)[:, flipped],
        others=[np.concatenate(pieces) for pieces in zip(*others, strict=True)],
        first_byte=np.array([*bytes_, size]),
        first_row=np.cumsum([0, *map(len, coordinates)]),
        first_line=np.array(lines),
        notes=["the text is not UTF-8: read as Latin-1"] if encoding == "latin-1" else [],
    )
