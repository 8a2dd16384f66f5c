"""Some whole rows of a table in text: cut out, checked and parsed."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from imsforge.errors import IngestError
from imsforge.readers.tabular.dialect import LONGEST_LINE, decoded

_CHUNK_BYTES = 2**18
_MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "#N/A")


@dataclass(frozen=True)
class Rows:
    """Neighbouring rows of a table.

    Attributes
    ----------
    path : Path, for messages
    data : bytes
    line : int, the line of the first in the file, counted from 1
    delimiter, decimal : str
    n_columns : int
    """

    path: Path
    data: bytes
    line: int
    delimiter: str
    decimal: str
    n_columns: int

    def numbers(self, columns, names):
        """Parse columns of numbers.

        Parameters
        ----------
        columns : (n_wanted,) ascending int array
        names : dict of str, what columns are called in messages

        Returns
        -------
        (n_rows, n_wanted) float64 array, NaN where a cell is empty

        Raises
        ------
        IngestError
            Naming the line and the column of the first cell that is no number.
        """
        try:
            table = self._parse(columns, dtype=np.float64, na_values=_MISSING)
        except (ValueError, OverflowError) as error:
            raise self._first_text(columns, names, error) from error
        return table.to_numpy()

    def text(self, columns, encoding):
        """Parse columns as text: a list of (n_rows,) arrays of str."""
        if not columns:
            return []
        try:
            table = self._parse(columns, dtype=object, na_filter=False, encoding=encoding)
        except ValueError as error:
            raise self._unreadable(error) from error
        return [table[column].to_numpy() for column in columns]

    def check(self):
        """Refuse rows that have not a cell for each column.

        Raises
        ------
        IngestError
            Naming the first such line.
        """
        for line, n_cells in self._counts():
            if n_cells != self.n_columns:
                raise IngestError(
                    f"{self.path}: line {line} has {n_cells} of {self.n_columns} cells; "
                    "copy the file again, or mend the line"
                )

    def _parse(self, columns, **options):
        return pd.read_csv(
            io.BytesIO(self.data),
            sep=self.delimiter,
            decimal=self.decimal,
            header=None,
            names=range(self.n_columns),
            usecols=columns,
            index_col=False,
            keep_default_na=False,
            low_memory=False,
            **options,
        )

    def _counts(self):
        """Yield suspicious lines with their numbers of cells; every line where there are quotes."""
        if b'"' in self.data:
            for line, cells in self._cells():
                yield line, len(cells)
            return
        characters = np.frombuffer(self.data, dtype=np.uint8)
        ends = np.flatnonzero(characters == ord("\n"))
        ends = np.append(ends, len(characters)) if self.data[-1:] != b"\n" else ends
        separators = np.flatnonzero(characters == ord(self.delimiter))
        counts = np.diff(np.searchsorted(separators, ends), prepend=0) + 1
        for row in np.flatnonzero(counts != self.n_columns):
            if self.data[ends[row - 1] + 1 if row else 0 : ends[row]].strip():
                yield self.line + int(row), int(counts[row])

    def _cells(self):
        """Yield each line that is not empty, cell by cell."""
        reader = csv.reader(
            io.StringIO(decoded(self.data)[0], newline=""), delimiter=self.delimiter
        )
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells) or len(cells) > 1:
                    yield self.line + reader.line_num - 1, cells
        except csv.Error as error:
            raise self._unreadable(error) from error

    def _first_text(self, columns, names, error):
        for line, cells in self._cells():
            for column in columns:
                if column < len(cells) and not self._is_number(cells[column]):
                    return IngestError(
                        f"{self.path}: line {line}, column {names[column]}: "
                        f"{cells[column][:40]!r} is no number; leave cells without a value empty"
                    )
        return self._unreadable(error)

    def _is_number(self, cell):
        cell = cell.strip()
        if cell in _MISSING:
            return True
        if "_" in cell or (self.decimal != "." and "." in cell):
            return False
        try:
            float(cell.replace(self.decimal, "."))
        except ValueError:
            return False
        return True

    def _unreadable(self, error):
        reason = " ".join(str(error).split())[:200]
        return IngestError(
            f"{self.path}: cannot be read from line {self.line} on ({reason}); export it again"
        )


def chunks(path, dialect, decimal):
    """Cut the rows of a table into chunks, ending where a line ends outside quotes.

    Parameters
    ----------
    path : Path
    dialect : Dialect
    decimal : str

    Yields
    ------
    begin : int, the first byte in the file
    rows : Rows
    """
    begin, line, waiting, wanted = dialect.start, dialect.line, b"", _CHUNK_BYTES
    with path.open("rb") as file:
        file.seek(begin)
        while True:
            new = file.read(wanted)
            waiting += new
            end = _row_end(waiting) if new else len(waiting)
            data, waiting = waiting[:end], waiting[end:]
            if b"\0" in data:
                raise IngestError(f"{path}: is no text from line {line} on; export it again")
            if data.strip():
                layout = dialect.delimiter, decimal, len(dialect.names)
                yield begin, Rows(path, data, line, *layout)
            begin, line = begin + end, line + data.count(b"\n")
            if not new:
                return
            if len(waiting) > LONGEST_LINE:
                raise IngestError(f"{path}: line {line} does not end, or a quotation mark in it")
            wanted = max(_CHUNK_BYTES, len(waiting))


def _row_end(data):
    """Return where the last row ends that is whole, 0 if none is."""
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    characters = np.frombuffer(data, dtype=np.uint8)
    quotes, ends = (np.flatnonzero(characters == ord(mark)) for mark in '"\n')
    outside = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0
