"""Raw files that change while a run reads them, or are touched and stay the same."""

import time

import h5py
import pytest

from imsforge.errors import IngestError
from imsforge.ingest.ingest import read_measurement
from imsforge.peaks import extract, find_peaks

pytestmark = pytest.mark.workflow

PEAKS = "results/own/peaks.h5"


def configure(workspace, measurement):
    labels = {"method": "column", "column": "tissue"}
    workspace.configure({"datasets": {"own": {"input": str(measurement), "labels": labels}}})


def change(path):
    with h5py.File(path, "r+") as file:
        file["intensity"][0, 0] += 1


def test_a_file_that_changed_since_it_was_read_is_refused(measurement, tmp_path):
    indexed = read_measurement(measurement)
    change(measurement)
    with pytest.raises(IngestError, match=r"own measurement\.h5: changed since it was indexed"):
        extract(indexed, find_peaks(indexed), tmp_path / "peaks.h5", tmp_path / "peaks.csv")
    assert not (tmp_path / "peaks.h5").exists()


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
