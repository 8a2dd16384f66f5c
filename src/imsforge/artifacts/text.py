"""Metadata as JSON, and plain text."""

import json
from pathlib import Path

from imsforge.artifacts.atomic import atomic
from imsforge.errors import DataError, damaged


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
