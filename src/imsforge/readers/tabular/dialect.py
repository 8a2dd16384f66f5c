"""How a table is written as text: its separators, and the names of its columns."""

import codecs
import csv
import re
from dataclasses import dataclass

from imsforge.errors import IngestError

# The first where a name holds none: they separate equally well then.
_DELIMITERS = (",", ";", "\t")
# No line of a table is longer.
LONGEST_LINE = 2**26
_SAMPLE_BYTES = 2**20


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes
    ----------
    delimiter, decimal : str
    names : list of str, of the columns
    start : int, the byte where the rows begin
    line : int, the line where they begin, counted from 1
    """

    delimiter: str
    decimal: str
    names: list
    start: int
    line: int


def read_dialect(path):
    """Find out how a table is written, from its first lines.

    Comments, lines that begin with ``#``, may stand above the names of the columns.

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
        number, head = _first_line(path, file)
        start = file.tell()
        sample = file.read(_SAMPLE_BYTES)
    head = decoded(head)[0]
    delimiter = max(_DELIMITERS, key=lambda delimiter: len(cells(path, head, delimiter)))
    names = [name.strip() for name in cells(path, head, delimiter)]
    first = next(filter(bytes.strip, sample.splitlines()), b"")
    n_cells = len(cells(path, decoded(first)[0], delimiter))
    if n_cells == len(names) + 1:
        # A separator at the end of each row, or row numbers as R writes them.
        at_end = first.rstrip(b"\r\n").endswith(delimiter.encode())
        names = [*names, ""] if at_end else ["", *names]
    decimal = "." if delimiter == "," else _decimal(sample or head.encode())
    return Dialect(delimiter, decimal, names, start, number + 1)


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
    """Return the number and the bytes of the first line that is neither empty nor a comment."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if b"\0" in line or len(line) == LONGEST_LINE:
            break
        if b"\r" in line.rstrip(b"\r\n"):
            raise IngestError(f"{path}: its lines end in CR alone; save it with LF or CRLF")
        if line.strip() and not line.lstrip().startswith(b"#"):
            return number, line
    raise IngestError(f"{path}: holds no names of columns; a table's first line must name x and y")


def _decimal(sample):
    comma, point = (len(re.findall(pattern, sample)) for pattern in (rb"\d,\d", rb"\d\.\d"))
    return "," if comma > point else "."
