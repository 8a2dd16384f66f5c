"""The target that compares numbers of classes makes its table and its figure, and nothing else."""

import copy

import pandas as pd
import pytest

from .conftest import TINY

pytestmark = pytest.mark.workflow


def test_numbers_of_classes_are_compared_and_drawn(workspace, measurement):
    labels = {"classes": 3, "scan": {"classes": [2, 3, 4], "seeds": 2, "pixels": 100}}
    workspace.configure({"datasets": {"own": {"input": str(measurement), "labels": labels}}})
    run = workspace.snakemake("choose_classes")
    assert run.returncode == 0, run.stderr
    results = workspace.folder / "results" / "own"
    table = pd.read_csv(results / "class_numbers.csv")
    assert table["classes"].tolist() == [2, 2, 3, 3, 4, 4]
    assert table["error"].between(0, 1).all()
    assert (results / "class_numbers.png").read_bytes().startswith(b"\x89PNG")
    assert (results / "class_numbers.svg").is_file()
    assert not (results / "labels.h5").exists()


def test_what_is_scanned_changes_no_labels(finished):
    changed = copy.deepcopy(TINY)
    changed["datasets"]["tiny"].setdefault("labels", {})["scan"] = {"classes": [2, 3]}
    finished.configure(changed)
    try:
        # Report and record show the configuration.
        assert finished.planned() == {"report": 1, "record": 1, "default": 1}
    finally:
        finished.configure(TINY)
