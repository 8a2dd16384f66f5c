"""Checksums of whole files, and a book of them, so that an unchanged file is read once."""

import hashlib
import time
from pathlib import Path

from tqdm import tqdm

from imsforge.artifacts.text import read_json, write_json
from imsforge.errors import DataError

_CHUNK = 2**22

#: Nanoseconds; time stamps of file systems are no finer than some milliseconds.
_TICK = 100_000_000

#: A file up to this size is read while one waits for a plan: a second, at most.
SOON_READ = 2**28


def digests(path, *algorithms, stop=None):
    """Return the checksums of a file as hexadecimal text, by algorithm, in one pass.

    Parameters
    ----------
    path : path
    *algorithms : str, names that `hashlib` knows
    stop : threading.Event, optional
        Once it is set, the pass ends early.
    """
    path = Path(path)
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    progress = tqdm(
        desc=f"checksums of {path.name}",
        total=path.stat().st_size,
        unit="B",
        unit_scale=True,
        position=1,
        leave=False,
        disable=None,
    )
    with path.open("rb") as file, progress:
        while chunk := file.read(_CHUNK):
            if stop is not None and stop.is_set():
                break
            for digest in hashes.values():
                digest.update(chunk)
            progress.update(len(chunk))
    return {name: digest.hexdigest() for name, digest in hashes.items()}


def sha256(path):
    """Return the SHA-256 of a file."""
    return digests(path, "sha256")["sha256"]


def describe_file(path, name=None):
    """Return the path (or another name), size and SHA-256 of a file, as a dictionary."""
    return {"path": str(name or path), "bytes": Path(path).stat().st_size, "sha256": sha256(path)}


def state_of(path):
    """Return what a file system tells of a file: as long as it stays, nothing was written.

    Returns
    -------
    list of int: size, time stamp in nanoseconds, inode
    """
    status = Path(path).stat()
    return [status.st_size, status.st_mtime_ns, status.st_ino]


class ChecksumBook:
    """Remembers the checksums of files with the state they had, one entry a file.

    Parameters
    ----------
    folder : path
        Where the entries lie; made when it is needed. Processes may share it.
    """

    def __init__(self, folder):
        self.folder = Path(folder)

    def mark(self, path, *, soon=False):
        """Return a text that is another one whenever the content of a file is.

        It is the checksum of the whole file, which is taken again only when size, time stamp or
        inode changed; a file that was merely touched is read once and keeps its mark. A large file
        that nobody has read yet, where the answer is wanted ``soon``, is marked by its size and
        time stamp, and keeps that mark for the content that `keep` tells of it later.

        Parameters
        ----------
        path : path
        soon : bool
            Do not read a file of more than `SOON_READ` bytes that was never read before.
        """
        state, entry = state_of(path), self._entry(path)
        if _holds(entry, state):
            return entry["mark"]
        marks = entry.get("marks", {})
        if soon and not marks and state[0] > SOON_READ:
            mark, checksum = f"{state[0]} bytes of {state[1]}", None
        else:
            checksum = sha256(path)
            mark = marks.setdefault(checksum, checksum)
        self._write(path, state, mark, checksum, marks)
        return mark

    def sha256(self, path):
        """Return the checksum of a file, which is read only if it changed since it last was."""
        state, entry = state_of(path), self._entry(path)
        if not _holds(entry, state) or entry["sha256"] is None:
            self.keep(path, state, sha256(path))
            entry = self._entry(path)
        return entry["sha256"]

    def keep(self, path, state, checksum):
        """Write down the checksum that a file in some state was found to have.

        Parameters
        ----------
        path : path
        state : list of int, of `state_of`, from before the file was read
        checksum : str, SHA-256
        """
        entry = self._entry(path)
        marks = entry.get("marks", {})
        known = entry["mark"] if entry.get("state") == state else checksum
        self._write(path, state, marks.setdefault(checksum, known), checksum, marks)

    def _entry(self, path):
        """Return what is remembered of a file; nothing where the entry is missing or damaged."""
        try:
            return read_json(self._place(path))
        except DataError:
            return {}

    def _write(self, path, state, mark, checksum, marks):
        entry = {"path": str(path), "state": state, "written": time.time_ns()}
        entry |= {"mark": mark, "sha256": checksum, "marks": marks}
        write_json(entry, self._place(path))

    def _place(self, path):
        name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        return self.folder / f"{name}.json"


def _holds(entry, state):
    """Tell whether an entry is about a file in this state.

    Within one tick of the clock a file can change without a trace: what was written just before the
    entry was, is looked at again.
    """
    return entry.get("state") == state and entry["written"] - state[1] > _TICK
