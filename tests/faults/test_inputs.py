"""Raw files that change while a run reads them, or are touched and stay the same."""

import time

import h5py
import pytest

from imsforge.artifacts.checksums import ChecksumBook, sha256
from imsforge.errors import IngestError
from imsforge.ingest.ingest import read_measurement
from imsforge.peaks.extract import find_peaks

pytestmark = pytest.mark.workflow

PEAKS = "results/own/peaks.h5"


def configure(workspace, measurement):
    labels = {"method": "column", "column": "tissue"}
    workspace.configure({"datasets": {"own": {"input": str(measurement), "labels": labels}}})


def change(path):
    with h5py.File(path, "r+") as file:
        file["intensity"][0, 0] += 1


def test_a_file_that_changed_since_it_was_read_is_refused(measurement, tmp_path):
    book = ChecksumBook(tmp_path / "checksums")
    indexed = read_measurement(measurement, checksums=book)
    indexed.check_unchanged(book.sha256)
    change(measurement)
    for checksum in (sha256, book.sha256):
        with pytest.raises(IngestError, match=r"own measurement\.h5: changed since it was indexed"):
            indexed.check_unchanged(checksum)


def test_a_file_that_lost_its_end_is_not_read(measurement):
    indexed = read_measurement(measurement)
    measurement.write_bytes(measurement.read_bytes()[:-1])
    with pytest.raises(IngestError, match=r"own measurement\.h5: has \d+ bytes, had \d+ when it"):
        find_peaks(indexed)


def test_an_input_changed_during_a_run_is_not_mixed_in(workspace, measurement):
    """The run stops or ends with the old file; the next run is as one on the new file."""
    configure(workspace, measurement)
    run = workspace.start(PEAKS)
    while run.poll() is None and not (workspace.folder / "results/own/ingest.json").exists():
        time.sleep(0.01)
    change(measurement)
    run.wait(timeout=600)
    again = workspace.snakemake(PEAKS)
    assert again.returncode == 0, again.stderr
    after = workspace.bytes_of_results()
    fresh = workspace.snakemake("--forceall", PEAKS)
    assert fresh.returncode == 0, fresh.stderr
    assert workspace.bytes_of_results() == after
    assert workspace.planned(PEAKS) == {}
