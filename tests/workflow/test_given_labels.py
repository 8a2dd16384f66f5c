"""Labels that experts gave, through the workflow."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from imsforge.artifacts.contract import Split

from .test_bad_input import complaint, results, study

pytestmark = pytest.mark.workflow

#: The grid of the measurement: 12 x 10 pixels, coordinates from 0.
LEFT = np.arange(12) < np.full((10, 1), 7)

METRICS = "results/own/anomaly/spots/metrics.json"


@pytest.fixture
def masks(workspace):
    """An indexed mask of three classes, twice the grid's size, and one for each of two classes."""
    index = np.where(LEFT, 1, 2).astype(np.uint8)
    index[0, 0], index[9] = 3, 0
    image = Image.fromarray(index.repeat(2, axis=0).repeat(2, axis=1)).convert("P")
    image.save(workspace.folder / "mask.png")
    Image.fromarray(LEFT).save(workspace.folder / "cortex.png")
    Image.fromarray(index * 100).save(workspace.folder / "medulla.tif", compression="tiff_lzw")
    return workspace.folder


def classes(workspace):
    table = pd.read_csv(workspace.folder / "results/own/classes.csv", dtype={"class": str})
    return dict(zip(table["class"], table["pixels"], strict=True))


def test_a_mask_gives_the_classes(workspace, measurement, masks):
    labels = {"method": "file", "file": "mask.png", "names": {1: "cortex", 2: "medulla"}}
    workspace.configure(study({"input": str(measurement), "labels": labels}))
    run = workspace.snakemake("labels")
    assert run.returncode == 0, run.stderr
    assert classes(workspace) == {"cortex": 62, "medulla": 45}
    assert (workspace.folder / "results/own/classes.png").is_file()
    # A mask counts by its content: a touched one runs nothing again.
    (masks / "mask.png").touch()
    assert workspace.planned("labels") == {}
    Image.fromarray(LEFT.astype(np.uint8) + 1).save(masks / "mask.png")
    assert workspace.planned("labels") == {"label": 1, "plot_classes": 1, "labels": 1}


def test_named_masks_give_the_classes(workspace, measurement, masks):
    labels = {"method": "file", "file": {"cortex": "cortex.png", "medulla": "medulla.tif"}}
    workspace.configure(study({"input": str(measurement), "labels": labels}))
    run = workspace.snakemake("labels")
    assert run.returncode == 0, run.stderr
    # The medulla's mask covers all but the last line, and is painted over the cortex.
    assert classes(workspace) == {"cortex": 7, "medulla": 108}
    log = (workspace.folder / "logs/own/label.log").read_text()
    assert "medulla.tif: 108 pixels get a class, 63 of them had another" in log


def test_the_sample_s_name_finds_its_regions(workspace, measurement):
    ring = [[0, 0], [120, 0], [120, 50], [0, 50], [0, 0]]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [[[x, y + top] for x, y in ring]]},
            "properties": {"objectType": "annotation", "classification": {"name": name}},
        }
        for name, top in {"Tumor": 0, "Stroma": 50}.items()
    ]
    (workspace.folder / "own measurement.geojson").write_text(json.dumps(features))
    labels = {"method": "file", "file": "{sample}.geojson", "scale": 10}
    # One sample, called by what the measurement calls it.
    inputs = {"own measurement": str(measurement)}
    workspace.configure(study({"input": inputs, "labels": labels}))
    run = workspace.snakemake("labels")
    assert run.returncode == 0, run.stderr
    assert classes(workspace) == {"Stroma": 60, "Tumor": 60}


def test_the_truth_of_a_phantom_gives_the_classes(workspace):
    labels = {"method": "column", "column": "tissue"}
    workspace.configure(study({"phantom": {"pixels": 900, "peaks": 60}, "labels": labels}))
    run = workspace.snakemake("labels")
    assert run.returncode == 0, run.stderr
    assert {"colony", "cortex", "pelvis"} <= set(classes(workspace))


def test_broken_labels_are_told_and_nothing_is_written(workspace, measurement, masks):
    (masks / "mask.png").write_bytes((masks / "mask.png").read_bytes()[:60])
    labels = {"method": "file", "file": "mask.png"}
    workspace.configure(study({"input": str(measurement), "labels": labels}))
    line = complaint(workspace.snakemake("labels"))
    assert line.startswith("imsforge: label: mask.png: not a PNG, TIFF or .npy mask, or damaged")
    assert not any("label" in path or "classes" in path for path in results(workspace))


def test_classes_of_given_labels_may_be_the_healthy_ones(workspace, measurement, masks):
    labels = {"method": "file", "file": {"cortex": "cortex.png", "medulla": "medulla.tif"}}
    maps = {"spots": {"healthy": {"classes": "medulla"}, "features": 4}}
    workspace.configure(study({"input": str(measurement), "labels": labels, "anomaly": maps}))
    target = "results/own/anomaly/spots/split.h5"
    run = workspace.snakemake(target)
    assert run.returncode == 0, run.stderr
    split = Split.read(workspace.folder / target)
    assert 100 < len(split.train) <= 108
    # Other labels, other healthy pixels.
    Image.fromarray(LEFT).save(masks / "medulla.tif")
    assert workspace.planned(target) == {"label": 1, "select_healthy": 1}


def test_classes_may_mean_background_or_known_abnormal_tissue(workspace, measurement):
    spots = {
        "healthy": {"classes": 1},
        "features": 4,
        "detectors": ["mahalanobis"],
        "folds": 2,
        "false_alarm_rate": 0.2,
        "off_tissue": {"classes": 3},
        "known": {"classes": [2]},
    }
    labels = {"method": "column", "column": "tissue"}
    maps = {"spots": spots}
    workspace.configure(study({"input": str(measurement), "labels": labels, "anomaly": maps}))
    run = workspace.snakemake(METRICS)
    assert run.returncode == 0, run.stderr
    metrics = json.loads((workspace.folder / METRICS).read_text())
    told = {key: metrics[key] for key in ("pixels", "healthy", "off_tissue", "outside")}
    assert told == {"pixels": 120, "healthy": 60, "off_tissue": 1, "outside": 59}
    assert metrics["detection"]["mahalanobis"]["2"]["pixels"] == 59
    # Known classes are compared with and no more, so that nothing is scored again.
    del spots["known"]
    workspace.configure(study({"input": str(measurement), "labels": labels, "anomaly": maps}))
    assert workspace.planned(METRICS) == {"anomaly_map": 1}
    spots["false_alarm_rate"] = 0.01
    workspace.configure(study({"input": str(measurement), "labels": labels, "anomaly": maps}))
    run = workspace.snakemake(METRICS)
    assert "0.01 can be told from 99 healthy pixels on, but only 60 lie on the tissue" in run.stderr
