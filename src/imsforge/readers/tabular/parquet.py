"""Tables in Parquet: read batch by batch within their row groups."""

from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from imsforge.errors import IngestError
from imsforge.readers.annotations import Annotations
from imsforge.readers.columns import ordered_axis, tell_columns
from imsforge.readers.mode import settle_mode
from imsforge.readers.pixels import pixel_coordinates
from imsforge.readers.source import Block, Source

# Batches that threads ask for out of order wait; more would only be those that nobody asks for.
_MOST_WAITING = 8
# Rows beyond the first number must be backed by the file, which packs runs of equal values well.
_FEW_ROWS = 2**23
_MOST_ROWS_A_BYTE = 5000


@dataclass(frozen=True, kw_only=True)
class ParquetSource(Source):
    """Spectra in the rows of a Parquet table.

    Attributes
    ----------
    columns : (n_axis,) str, names of the columns that the axis consists of
    first_row : (n_groups + 1,) int64, where row groups begin
    """

    columns: np.ndarray
    first_row: np.ndarray

    def loaders(self, max_points, spectrum_cost, rows=None):
        """Yield functions that read blocks; see `Source.loaders`."""
        rows = np.arange(self.n_spectra) if rows is None else rows
        n_rows = max(1, max_points // (len(self.axis) + spectrum_cost))
        with _explained(self.path):
            metadata = pq.read_metadata(self.path)
        for group in range(len(self.first_row) - 1):
            first, stop = self.first_row[[group, group + 1]]
            begins = range(first, stop, n_rows)
            read = partial(_read_group, self.path, metadata, group, self.columns.tolist(), n_rows)
            batches = _Batches(read, len(begins))
            for number, begin in enumerate(begins):
                start, end = np.searchsorted(rows, (begin, min(begin + n_rows, stop)))
                if start < end:
                    batch = slice(int(start), int(end))
                    shape = min(n_rows, stop - begin), len(self.axis)
                    yield partial(self._load, batches, number, shape, batch, rows[batch] - begin)

    def _load(self, batches, number, shape, rows, wanted):
        values = np.empty(shape, dtype=self.intensity_dtype)
        with _explained(self.path):
            batch = batches[number]
            for column, name in enumerate(self.columns):
                values[:, column] = batch.column(str(name)).to_numpy(zero_copy_only=False)
        if len(wanted) < len(values):
            values = values[wanted]
        indptr = np.arange(len(values) + 1, dtype=np.int64) * len(self.axis)
        return Block(rows, values.reshape(-1), indptr, self.axis)


def index_parquet(path):
    """Index a table in Parquet; see `imsforge.readers.tabular.read_table`."""
    with _explained(path), pq.ParquetFile(path) as file:
        _check_size(path, file.metadata)
        schema, names = file.schema_arrow, file.schema_arrow.names
        columns = tell_columns(path, names)
        _check_columns(path, schema, columns)
        plain = [column for column in columns.others if _is_plain(schema.field(column).type)]
        wanted = [columns.x, columns.y, *plain]
        table = file.read([names[column] for column in wanted], use_threads=False)
        known = {column: _values(table.column(names[column])) for column in wanted}
        n_rows = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
    types = [schema.field(column).type for column in columns.spectrum.tolist()]
    axis, order, notes = ordered_axis(path, columns.mz)
    mode, mode_notes = settle_mode("centroid", [(axis, None)])
    x, y = pixel_coordinates(path, known[columns.x], known[columns.y])
    annotations = Annotations(len(x))
    for column in columns.others:
        annotations.add(names[column], known.get(column))
    spectrum = columns.spectrum if order is None else columns.spectrum[order]
    return ParquetSource(
        format="Parquet",
        mode=mode,
        layout="table",
        path=str(path),
        x=x,
        y=y,
        n_points=np.full(len(x), len(axis)),
        mz_dtype="text",
        intensity_dtype=_common_type(types),
        axis=axis,
        annotations=annotations.values,
        notes=np.array([*notes, *mode_notes, *annotations.notes()], dtype=str),
        columns=np.array([names[column] for column in spectrum]),
        first_row=np.cumsum([0, *n_rows]),
    )


class _Batches:
    """The batches of one row group, which can only be unpacked in order.

    Parameters
    ----------
    read : callable, returns an iterator over the batches
    n_batches : int
    """

    def __init__(self, read, n_batches):
        self._read, self._n_batches = read, n_batches
        self._lock = Lock()
        self._waiting = OrderedDict()
        self._iterator, self._next = None, 0

    def __getitem__(self, number):
        with self._lock:
            if number in self._waiting:
                return self._waiting.pop(number)
            if self._iterator is None or number < self._next:
                self._iterator, self._next = self._read(), 0
            while self._next < number:
                passed = self._next
                self._waiting[passed] = self._take()
                if len(self._waiting) > _MOST_WAITING:
                    self._waiting.popitem(last=False)
            return self._take()

    def _take(self):
        batch = next(self._iterator, None)
        if batch is None:
            raise EOFError("a row group ends early")
        self._next += 1
        if self._next == self._n_batches:
            self._iterator = None  # it holds the file open, and what it unpacked
        return batch


def _read_group(path, metadata, group, columns, n_rows):
    with pq.ParquetFile(path, metadata=metadata, pre_buffer=False) as file:
        yield from file.iter_batches(n_rows, [group], columns, use_threads=False)


@contextmanager
def _explained(path):
    try:
        yield
    except IngestError:
        raise
    # pyarrow lets all of these out of damaged files.
    except (pa.ArrowException, OSError, ValueError, KeyError, EOFError, MemoryError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise IngestError(
            f"{path}: is not Parquet or is damaged ({reason}); copy it again"
        ) from error


def _check_size(path, metadata):
    if metadata.num_rows == 0:
        raise IngestError(f"{path}: holds no spectrum; export the measurement again")
    if metadata.num_rows > max(_FEW_ROWS, _MOST_ROWS_A_BYTE * path.stat().st_size):
        raise IngestError(
            f"{path}: declares {metadata.num_rows} rows, more than it can hold; copy it again"
        )


def _check_columns(path, schema, columns):
    numbers = {columns.x, columns.y, *columns.spectrum.tolist()}
    for column in (*numbers, *columns.others):
        name, kind = schema.field(column).name, schema.field(column).type
        if column in numbers and not _is_number(kind):
            raise IngestError(f"{path}: column {name} holds {kind}, not numbers; convert it")
        if len(schema.get_all_field_indices(name)) > 1:
            raise IngestError(f"{path}: column {name} is there twice; rename or drop one")


def _is_number(kind):
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _is_plain(kind):
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return _is_number(kind) or is_text or pa.types.is_boolean(kind)


def _values(column):
    """Return a column of numbers, truth values or text, missing ones as NaN or empty text."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if _is_number(column.type):
        return column.to_numpy()
    if pa.types.is_boolean(column.type):
        return column.cast(pa.int8()).to_numpy() if column.null_count else column.to_numpy()
    return np.array([text or "" for text in column.to_pylist()], dtype=object)


def _common_type(types):
    """Return the name of the type that holds all values, missing ones as NaN."""
    single = all(pa.types.is_float32(kind) or pa.types.is_float16(kind) for kind in types)
    return "float32" if single else "float64"
