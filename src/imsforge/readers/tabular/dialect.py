"""How a table is written as text: its separators, its decimal sign, the names of its columns.

These rules hold for every text that a user gives: measurements, labels, lists of peaks.
"""

import codecs
import csv
import io
import re
from contextlib import suppress
from dataclasses import dataclass

from imsforge.errors import IngestError

# The first where a line holds none, or as many of several.
_SEPARATORS = (";", "\t", ",")
_QUOTED = re.compile(r'"[^"]*"')
# A first line by which Excel is told.
_DECLARED = re.compile(r'"?sep=([;,\t| ])"?', re.IGNORECASE)
_DECIMAL = re.compile(r"\s*[+-]?\d*([.,])\d+(?:[eE][+-]?\d+)?\s*")
# No line of a table is longer.
LONGEST_LINE = 2**26
_SAMPLE_BYTES = 2**20


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes
    ----------
    delimiter : str
    names : list of str, of the columns
    start : int, the byte where the rows begin
    line : int, the line where they begin, counted from 1
    sample : list of list of str, the cells of some of the first rows
    """

    delimiter: str
    names: list
    start: int
    line: int
    sample: list

    def decimal(self, columns):
        """Return the decimal sign of the cells of some columns, or of their names if none has one.

        What other columns say in words tells nothing.
        """
        written = [row[column] for row in self.sample for column in columns if column < len(row)]
        return decimal_of(written) or decimal_of(self.names[k] for k in columns) or "."


def read_dialect(path):
    """Find out how a table is written, from its first lines.

    Comments, lines that begin with ``#``, may stand above the names of the columns, and so may a
    line ``sep=;``.

    Raises
    ------
    IngestError
        If the file is no text, or holds no names.
    """
    with path.open("rb") as file:
        mark = file.read(4)
        if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise IngestError(f"{path}: is UTF-16 text; save it as UTF-8")
        file.seek(len(codecs.BOM_UTF8) if mark.startswith(codecs.BOM_UTF8) else 0)
        number, delimiter, head = _first_line(path, file)
        start = file.tell()
        sample = decoded(file.read(_SAMPLE_BYTES))[0]
    head = decoded(head)[0]
    delimiter = delimiter or separator_of(head) or " "
    names = [name.strip() for name in cells(path, head, delimiter)]
    first = next(filter(str.strip, sample.splitlines()), "")
    names = fitted_names(names, cells(path, first, delimiter), first, delimiter)
    return Dialect(delimiter, names, start, number + 1, _sampled(sample, delimiter))


def separator_of(line):
    """Return what separates the cells of a line, most often outside quotes; None if nothing does.

    A comma between digits is none where there are semicolons or tabs: ``x;426,92;431,04``.
    """
    plain = _QUOTED.sub("", line.rstrip("\r\n"))
    counts = {mark: plain.count(mark) for mark in _SEPARATORS}
    if counts[";"] or counts["\t"]:
        counts[","] -= len(re.findall(r"(?<=\d),(?=\d)", plain))
    best = max(_SEPARATORS, key=counts.get)
    return best if counts[best] > 0 else None


def declared_separator(line):
    """Return the separator that a line such as ``sep=;`` declares, or None."""
    match = _DECLARED.fullmatch(line.strip("\r\n "))
    return match[1] if match else None


def decimal_of(written):
    """Return the decimal sign of most cells that are numbers with one; None where none has."""
    signs = [match[1] for match in map(_DECIMAL.fullmatch, written) if match]
    return max(".,", key=signs.count) if signs else None


def fitted_names(names, first, line, delimiter):
    """Return the names of columns, made as many as the first row has cells.

    Rows may end in a separator where the names do not, or the other way round; and R writes the
    numbers of rows without a name above them.

    Parameters
    ----------
    names, first : list of str, the cells of both lines
    line : str, the first row as it stands in the file
    delimiter : str
    """
    if len(first) == len(names) - 1 and not names[-1]:
        return names[:-1]
    if len(first) != len(names) + 1:
        return names
    if not first[-1].strip() and line.rstrip("\r\n").endswith(delimiter):
        return [*names, ""]
    # Beside commas, a number more may be a decimal comma in one of the cells.
    numbered = delimiter != "," or line.lstrip().startswith('"') or not first[0].strip().isdigit()
    return ["", *names] if numbered else names


def cells(path, line, delimiter):
    """Return the cells of a line."""
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error as error:
        raise IngestError(f"{path}: is no table ({error})") from error


def decoded(data):
    """Return text and its encoding, UTF-8 where it is such, otherwise Latin-1."""
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def _first_line(path, file):
    """Return number, declared separator and bytes of the first line that names columns."""
    number, delimiter = 0, None
    while line := file.readline(LONGEST_LINE):
        number += 1
        if b"\0" in line or len(line) == LONGEST_LINE:
            break
        if b"\r" in line.rstrip(b"\r\n"):
            raise IngestError(f"{path}: its lines end in CR alone; save it with LF or CRLF")
        declared = declared_separator(line.decode("latin-1"))
        delimiter = declared or delimiter
        if line.strip() and not declared and not line.lstrip().startswith(b"#"):
            return number, delimiter, line
    raise IngestError(f"{path}: holds no names of columns; a table's first line must name x and y")


def _sampled(text, delimiter):
    """Return the cells of the first rows, up to what cannot be read; that is told later."""
    rows = []
    with suppress(csv.Error):
        rows.extend(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    return rows
