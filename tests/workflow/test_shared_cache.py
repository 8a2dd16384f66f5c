"""Snakemake's cache between workflows: the same results, made once."""

import os

import pytest
from studies import Workspace

pytestmark = pytest.mark.workflow


LABELS = "results/own/labels.h5"


def test_a_second_study_takes_peaks_and_labels_from_the_cache(
    tmp_path, root, measurement, workspace
):
    """Two folders that read one file; the second makes nothing of what the first has made."""
    cache = tmp_path / "cache"
    cache.mkdir()
    environment = os.environ | {"SNAKEMAKE_OUTPUT_CACHE": str(cache)}
    study = {"input": str(measurement), "labels": {"method": "kmeans", "classes": 2}}
    (tmp_path / "other").mkdir()
    other = Workspace(tmp_path / "other", root)
    plain = None
    for place in (workspace, other):
        place.configure({"device": "cpu", "datasets": {"own": study}})
        run = place.snakemake("--cache", "--", LABELS, env=environment)
        assert run.returncode == 0, run.stderr
        plain = plain or place.bytes_of_results()
    assert any(cache.iterdir())
    assert other.bytes_of_results() == plain
    for stage in ("ingest", "extract_peaks", "label"):
        assert (workspace.folder / f"logs/own/{stage}.log").read_text()
        assert not (other.folder / f"logs/own/{stage}.log").read_text()
