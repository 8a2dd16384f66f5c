"""Tables in text that fit into memory: labels, lists of peaks."""

import codecs
import csv
import re
from pathlib import Path

from imsforge.errors import IngestError
from imsforge.readers.tabular.dialect import declared_separator, decoded, separator_of

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def read_lines(path, *, comments="above"):
    """Read the cells of each line of a text that says something, the names of columns too.

    By the rules of measurements (`imsforge.readers.tabular.dialect`); cells may also be aligned by
    spaces, and the text may be UTF-16 with its mark.

    Parameters
    ----------
    path : path
    comments : {"above", "anywhere"}
        Where lines that begin with ``#`` are comments. A row may begin with a colour.

    Returns
    -------
    lines : list of (int, str, list of str)
        The number of each line in the file, its text up to the first line end, and its cells.
    delimiter : str

    Raises
    ------
    IngestError
        If the file cannot be read as such text.
    """
    path = Path(path)
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", _text(path))
    delimiter, above = None, 0
    while above < len(lines) and (declared_separator(lines[above]) or _says_nothing(lines[above])):
        delimiter = declared_separator(lines[above]) or delimiter
        above += 1
    if above == len(lines):
        return [], delimiter or " "
    delimiter = delimiter or separator_of(lines[above]) or " "
    body = [
        "\n" if comments == "anywhere" and _is_comment(line) else line for line in lines[above:]
    ]
    if delimiter == " ":  # any number of them aligns cells
        body = [line.strip(" \r\n") + "\n" for line in body]
    return list(_rows(path, body, above, delimiter)), delimiter


def _rows(path, body, before, delimiter):
    options = {"delimiter": delimiter, "skipinitialspace": delimiter == " ", "strict": True}
    reader, begin = csv.reader(body, **options), 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield before + begin + 1, body[begin], [cell.strip() for cell in row]
            begin = reader.line_num
    except csv.Error as error:
        raise IngestError(
            f"{path}: is no table that can be read from line {before + begin + 1} on ({error}); "
            "export it again"
        ) from error


def _text(path):
    try:
        data = path.read_bytes()
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16")
        else:
            text = decoded(data.removeprefix(codecs.BOM_UTF8))[0]
    except (OSError, UnicodeDecodeError) as error:
        raise IngestError(f"{path}: cannot be read as text ({error}); give a text file") from error
    if _CONTROL.search(text):
        raise IngestError(f"{path}: cannot be read as text (not all is); give a text file")
    return text


def _says_nothing(line):
    return not line.strip() or _is_comment(line)


def _is_comment(line):
    return line.lstrip().startswith("#")
