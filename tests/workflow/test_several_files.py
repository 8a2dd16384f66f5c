"""Several files as one dataset: samples from the raw files to the scores."""

import json

import numpy as np
import pandas as pd
import pytest
from imzml_by_hand import write_by_hand

from imsforge.artifacts.contract import PeakMatrix, Split

pytestmark = pytest.mark.workflow


@pytest.fixture
def patients(tmp_path):
    """Three sections of 12 x 10 pixels with two tissues, a few ppm off each other."""
    mz = np.linspace(400, 900, 12)
    paths = {}
    for k, name in enumerate(("ann", "ben", "cem")):
        rng = np.random.default_rng(k)
        spectra, pixels = [], []
        for x in range(1, 13):
            for y in range(1, 11):
                mean = np.where((np.arange(12) < 6) == (x <= 6), 100.0, 10.0)
                masses = mz * (1 + 1e-6 * rng.normal(0, 2, 12))
                spectra.append((masses, rng.poisson(mean) + 1.0))
                pixels.append((x, y))
        paths[name] = str(write_by_hand(tmp_path / f"{name}.imzML", spectra, pixels=pixels))
    return paths


def test_leave_one_sample_out(workspace, patients):
    workspace.configure(
        {
            "datasets": {
                "patients": {
                    "input": patients,
                    "labels": {"classes": 2},
                    "experiments": {
                        "others": {
                            "split": {"method": "samples"},
                            "features": "full",
                            "methods": ["none", "smote"],
                            "repeats": 3,
                        }
                    },
                }
            }
        }
    )
    run = workspace.snakemake()
    assert run.returncode == 0, run.stderr
    results = workspace.folder / "results/patients"
    summary = json.loads((results / "ingest.json").read_text())
    assert [sample["name"] for sample in summary["samples"]] == ["ann", "ben", "cem"]
    assert len(summary["files"]) == 6
    peaks = PeakMatrix.read(results / "peaks.h5")
    assert peaks.samples.tolist() == ["ann", "ben", "cem"]
    assert len(peaks.mz) == 12
    for repeat in (1, 2, 3):
        split = Split.read(results / f"others/repeat-{repeat}/split.h5")
        assert set(peaks.sample[split.test]) == {repeat - 1}
        assert repeat - 1 not in peaks.sample[split.train]
    scores = pd.read_csv(results / "others/scores.csv")
    assert list(scores.columns)[-1] == "sample"
    own = scores[(scores["sample"] != "all") & (scores["class"] == "macro")]
    assert set(zip(own["repeat"], own["sample"], strict=True)) == {
        (1, "ann"),
        (2, "ben"),
        (3, "cem"),
    }
    report = (workspace.folder / "results/report.html").read_text()
    assert "cem" in report
