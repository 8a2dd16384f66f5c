"""Files that appear whole or not at all."""

import errno
import os
import re
from contextlib import contextmanager
from pathlib import Path

from imsforge.errors import OutputError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def atomic(path):
    """Yield a temporary path beside ``path`` that takes its place when the block succeeds.

    The parent folder is made. The temporary file keeps the suffix (writers that choose a format
    by it work) and is removed when the block raises. What a killed process left of the same file is
    removed too.

    Raises
    ------
    OutputError
        If there is no room, or nothing may be written there.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path)
        yield temporary
        temporary.replace(path)
    except (OSError, RuntimeError) as error:  # h5py raises either
        number = _number_of(error)
        if number not in _FULL | _FORBIDDEN:
            raise
        way_out = "make room" if number in _FULL else "make the folder writable"
        raise OutputError(
            f"{path}: cannot be written ({os.strerror(number)}); {way_out} and run again"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(path):
    """Remove what killed processes left of a file that they were writing."""
    path = Path(path)
    if not path.parent.is_dir():
        return
    name = re.compile(rf"\.{re.escape(path.stem)}\.(\d+)\.part{re.escape(path.suffix)}")
    for other in path.parent.iterdir():
        told = name.fullmatch(other.name)
        if told and not Path("/proc", told.group(1)).exists():
            other.unlink(missing_ok=True)


def _number_of(error):
    """Return the system's number of an error; HDF5 hides it in its text."""
    told = re.search(r"errno = (\d+)", str(error))
    return int(told.group(1)) if told else getattr(error, "errno", None)
