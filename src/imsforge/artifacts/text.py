"""Metadata as JSON, and plain text."""

import json
import re
from pathlib import Path

from imsforge.artifacts.atomic import atomic
from imsforge.errors import DataError, damaged

# Letters of a name that make up that of a file, which may have 255 bytes.
_LONGEST = 100


def write_json(content, path):
    """Write a dictionary of plain values, sorted by key."""
    write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", path)


def read_json(path):
    """Read a dictionary.

    Raises
    ------
    DataError
        If the file is missing or damaged.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; run the stage that makes it") from error
    except ValueError as error:
        raise damaged(path, error) from error


def write_text(text, path):
    """Write a text file."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def file_names(names):
    """Return names for files from names that are any text, different on every file system.

    Letters, digits, hyphens, underscores, and dots that do not lead, may stay. Where names have
    others, or differ in case alone, all get their numbers in front.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    list of str
    """
    given = [str(name) for name in names]
    plain = [re.sub(r"[^\w.-]+|^\.+", "_", name, flags=re.ASCII)[:_LONGEST] for name in given]
    if plain == given and all(plain) and len({name.lower() for name in plain}) == len(plain):
        return plain
    return [f"{k}_{name}" for k, name in enumerate(plain, start=1)]
