"""Checksums of whole files, taken once."""

import hashlib
import os
import random
import shutil

import pytest

from imsforge.artifacts import checksums
from imsforge.artifacts.checksums import ChecksumBook, describe_file, sha256, state_of


@pytest.fixture
def book(tmp_path):
    return ChecksumBook(tmp_path / "book")


@pytest.fixture
def raw(tmp_path):
    path = tmp_path / "raw.ibd"
    path.write_bytes(random.Random(0).randbytes(300_000))
    age(path)
    return path


@pytest.fixture
def readings(monkeypatch):
    """The files that were read as a whole, in order."""
    read, whole = [], checksums.sha256
    monkeypatch.setattr(checksums, "sha256", lambda path: read.append(path) or whole(path))
    return read


def age(path, seconds=100):
    """Let a file look as if it had been written a while ago."""
    past = path.stat().st_mtime - seconds
    os.utime(path, (past, past))


def test_a_mark_is_the_checksum_of_the_whole_file(book, raw):
    assert book.mark(raw) == sha256(raw) == hashlib.sha256(raw.read_bytes()).hexdigest()
    assert describe_file(raw)["sha256"] == book.sha256(raw)


def test_an_edit_of_one_byte_anywhere_is_seen(book, raw):
    content, first = raw.read_bytes(), book.mark(raw)
    for k in range(25):
        place = random.Random(k).randrange(len(content))
        raw.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert book.mark(raw) != first
    raw.write_bytes(content)
    assert book.mark(raw) == first


def test_an_edit_within_a_tick_of_the_clock_is_seen(book, raw):
    """Size, inode and time stamp stay; the entry was written just after the file."""
    raw.write_bytes(b"a" * 1000)
    stamp = raw.stat().st_mtime_ns
    first = book.mark(raw)
    with raw.open("r+b") as file:
        file.write(b"b")
    os.utime(raw, ns=(stamp, stamp))
    assert book.mark(raw) != first


def test_an_unchanged_file_is_read_once_and_a_touched_one_once_more(book, raw, readings):
    first = book.mark(raw)
    assert [book.mark(raw) for _ in range(3)] == [first] * 3
    assert len(readings) == 1
    age(raw, -50)
    assert [book.mark(raw) for _ in range(3)] == [first] * 3
    assert len(readings) == 2


def test_a_copy_with_other_inodes_keeps_its_marks(book, raw, tmp_path, readings):
    first = book.mark(raw)
    other = raw.with_name("other")
    shutil.copy2(raw, other)
    other.replace(raw)
    assert book.mark(raw) == first


def test_a_large_file_is_not_read_for_a_plan_before_it_was_ingested(
    book, raw, readings, monkeypatch
):
    monkeypatch.setattr(checksums, "SOON_READ", 1000)
    planned = book.mark(raw, soon=True)
    assert readings == []
    assert planned == book.mark(raw, soon=True)
    # Ingestion reads every byte; from then on the plan's mark stands for this content.
    book.keep(raw, state_of(raw), sha256(raw))
    assert book.mark(raw, soon=True) == planned
    assert book.sha256(raw) == sha256(raw)
    assert readings == []
    age(raw, 50)
    assert book.mark(raw, soon=True) == planned
    assert len(readings) == 1
    content = raw.read_bytes()
    raw.write_bytes(b"x" + content[1:])
    age(raw)
    assert book.mark(raw, soon=True) == sha256(raw)
    raw.write_bytes(content)
    age(raw)
    assert book.mark(raw, soon=True) == planned


def test_a_large_file_that_changed_before_it_was_ingested_has_another_mark(book, raw, monkeypatch):
    monkeypatch.setattr(checksums, "SOON_READ", 1000)
    planned = book.mark(raw, soon=True)
    raw.write_bytes(raw.read_bytes() + b"x")
    assert book.mark(raw, soon=True) != planned


def test_what_was_found_of_another_state_does_not_count(book, raw, monkeypatch):
    """The file changed between the plan and its ingestion."""
    monkeypatch.setattr(checksums, "SOON_READ", 1000)
    planned = book.mark(raw, soon=True)
    raw.write_bytes(raw.read_bytes() + b"x")
    age(raw)
    book.keep(raw, state_of(raw), sha256(raw))
    assert book.mark(raw, soon=True) == sha256(raw) != planned


def test_a_damaged_entry_is_written_anew(book, raw):
    first = book.mark(raw)
    (entry,) = book.folder.iterdir()
    entry.write_text("{")
    assert book.mark(raw) == first
    assert book.sha256(raw) == first
