"""Mistakes of users: one clear line, an exit code that is not 0, nothing half written."""

import numpy as np
import pytest

pytestmark = pytest.mark.workflow


def study(dataset):
    return {"device": "cpu", "datasets": {"own": dataset}}


def experiment(**settings):
    return {"nmf": {"features": 4, "methods": ["none"], "repeats": 1, **settings}}


def complaint(run):
    """Return the one line that is meant for the user."""
    assert run.returncode != 0
    lines = [line for line in run.stderr.splitlines() if line.startswith("imsforge: ")]
    assert len(lines) == 1, run.stderr
    return lines[0]


def results(workspace):
    folder = workspace.folder / "results"
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_missing_file_stops_before_anything_runs(workspace):
    workspace.configure(study({"input": "gone.imzML"}))
    assert "datasets.own.input: gone.imzML: no such file" in complaint(workspace.snakemake())
    assert results(workspace) == []


def test_an_unknown_method_stops_before_anything_runs(workspace, measurement):
    settings = {"input": str(measurement), "experiments": experiment(methods=["smot"])}
    workspace.configure(study(settings))
    assert "methods: 'smot' is not one of none, duplicate" in complaint(workspace.snakemake())
    assert results(workspace) == []


def test_a_key_with_a_typing_error_stops_before_anything_runs(workspace, measurement):
    workspace.configure(study({"input": str(measurement), "lables": {}}))
    assert "unknown key 'lables'; did you mean 'labels'?" in complaint(workspace.snakemake())


def test_a_truncated_binary_file_is_named(workspace, finished):
    raw = finished.folder / "results/tiny/phantom"
    for suffix, cut in ((".imzML", None), (".ibd", -5000)):
        content = (raw / f"phantom{suffix}").read_bytes()
        (workspace.folder / f"own{suffix}").write_bytes(content[:cut])
    workspace.configure(study({"input": "own.imzML"}))
    line = complaint(workspace.snakemake("peaks"))
    assert "own.ibd" in line
    assert results(workspace) == []


def test_a_class_of_one_pixel_is_named(workspace, measurement):
    labels = {"method": "column", "column": "tissue"}
    settings = {"input": str(measurement), "labels": labels, "experiments": experiment()}
    workspace.configure(study(settings))
    line = complaint(workspace.snakemake("evaluation"))
    assert "class '3' (size 1)" in line
    assert "small_classes: drop" in line
    assert not any("split" in name for name in results(workspace))


def test_more_features_than_peaks_are_refused(workspace, measurement):
    labels = {"method": "column", "column": "tissue"}
    split = {"small_classes": "drop"}
    own = experiment(features=5000, split=split)
    workspace.configure(study({"input": str(measurement), "labels": labels, "experiments": own}))
    line = complaint(workspace.snakemake("evaluation"))
    assert "features: 5000 is more than the 10" in line
    assert not any("features" in name for name in results(workspace))


def test_a_missing_label_column_names_those_there_are(workspace, measurement):
    labels = {"method": "column", "column": "tisue"}
    workspace.configure(study({"input": str(measurement), "labels": labels}))
    line = complaint(workspace.snakemake("labels"))
    assert "no annotation 'tisue'; it has: tissue" in line


def test_a_path_with_spaces_and_no_ascii_runs(workspace, measurement):
    path = measurement.rename(measurement.with_name("Prüfling № 1.h5"))
    labels = {"method": "column", "column": "tissue"}
    workspace.configure(study({"input": str(path), "labels": labels}))
    run = workspace.snakemake("labels")
    assert run.returncode == 0, run.stderr
    assert "own/classes.csv" in results(workspace)


def test_a_mask_of_another_size_is_named(workspace, measurement):
    np.save(workspace.folder / "mask.npy", np.ones((4, 3)))
    maps = {"spots": {"healthy": {"mask": "mask.npy"}, "features": 4}}
    workspace.configure(study({"input": str(measurement), "anomaly": maps}))
    line = complaint(workspace.snakemake("results/own/anomaly/spots/split.h5"))
    assert "healthy.mask: 3 x 4 pixels, but the grid of the measurement has 12 x 10" in line
    assert not any("anomaly" in name for name in results(workspace))
