"""A folder of results as a dataset leaves it: two samples, with holes."""

import numpy as np
import pandas as pd

from imsforge.anomaly.regions import find_regions, region_files, region_table
from imsforge.anomaly.scores import AnomalyScores
from imsforge.artifacts.contract import Features, Labels, PeakMatrix, Resampled
from imsforge.artifacts.tables import write_csv
from imsforge.artifacts.text import file_names, write_json
from imsforge.evaluation.score_tables import score_table
from imsforge.export.results import Results

SAMPLES = ("a", 'b "2" µ/')
NAMES = ("cortex_1", "medulla & <pelvis>")
DETECTORS = ("knn", "discriminator")
SIZES = np.array([[10.0, 12.0], [20.0, 20.0]])
MZ = np.array([100.1, 250.25, 250.25004, 999.9])


def left_behind(folder, *, pixel_size=SIZES, seed=0):
    """Write the artifacts of a dataset into a folder and return them as `Results`."""
    rng = np.random.default_rng(seed)
    peaks = _peaks(rng, pixel_size)
    peaks.write(folder / "peaks.h5")
    table = {"mz": MZ, "lower": MZ - 0.01, "upper": MZ + 0.01, "snr": [5.0, 6.0, np.nan, 8.0]}
    write_csv(pd.DataFrame(table), folder / "peaks.csv")
    n = len(peaks.x)
    label = np.where(peaks.total_ion_current > 0, 1 + peaks.y % 2, 0).astype(np.int16)
    Labels(label, np.array(NAMES)).write(folder / "labels.h5")
    classes = pd.DataFrame({"class": NAMES, "pixels": np.bincount(label, minlength=3)[1:]})
    write_csv(classes, folder / "classes.csv")
    kept = np.flatnonzero(label)
    _write_map(rng, folder / "anomaly/spots", peaks, kept)
    _write_experiment(rng, folder / "full", peaks, kept, label)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    files = [path for path in files if path.parent.name != "regions"]
    assert n > 60
    return Results(folder, [*files, folder / "anomaly/spots/regions"], {"pixel_size": 10})


def _peaks(rng, pixel_size):
    y, x = (axis.ravel() for axis in np.indices((7, 9)))
    there = rng.random((2, len(x))) < 0.8
    places = [(x[own] + 5 * k, y[own] - k) for k, own in enumerate(there)]
    n = int(there.sum())
    intensity = rng.gamma(1, 10, (n, len(MZ))).astype(np.float32)
    intensity[3] = 0
    return PeakMatrix(
        intensity=intensity,
        mz=MZ,
        x=np.concatenate([pair[0] for pair in places]).astype(np.int32),
        y=np.concatenate([pair[1] for pair in places]).astype(np.int32),
        total_ion_current=intensity.sum(axis=1),
        annotations={"grade": np.arange(n), "class": np.array(["ü"] * n), "a_b": np.ones(n, bool)},
        sample=np.repeat([0, 1], there.sum(axis=1)).astype(np.int16),
        samples=np.array(SAMPLES),
        pixel_size=pixel_size,
    )


def _write_map(rng, folder, peaks, kept):
    n = len(kept)
    score = rng.normal(size=(n, 2)).astype(np.float32)
    scores = AnomalyScores(
        x=peaks.x[kept],
        y=peaks.y[kept],
        sample=peaks.sample[kept],
        samples=peaks.samples,
        healthy=score[:, 0] < 0,
        train=score[:, 0] < 0,
        tissue=np.ones(n, dtype=bool),
        total_ion_current=peaks.total_ion_current[kept],
        kmeans=np.ones(n, dtype=np.int16),
        detectors=np.array(DETECTORS),
        score=score,
        false_alarm_rate=rng.random((n, 2)).astype(np.float32),
        threshold=np.array([0.5, 1.0]),
    )
    scores.write(folder / "scores.h5")
    _features(peaks, kept, np.ones(n, dtype=np.int16)).write(folder / "features.h5")
    place = scores.x, scores.y, scores.sample
    region = find_regions(*place, scores.abnormal(), min_pixels=2)
    table = region_table(scores, region, peaks.pixel_size)
    write_csv(table, folder / "regions.csv")
    for stem, (_, outlines, _) in zip(
        file_names(scores.samples), region_files(scores, region, table, peaks), strict=True
    ):
        write_json(outlines, folder / "regions" / f"{stem}.geojson")


def _features(peaks, kept, label, **scaling):
    return Features(
        values=peaks.intensity[kept],
        label=label,
        pixel=kept,
        train=np.ones(len(kept), dtype=bool),
        names=np.array(NAMES),
        **scaling,
    )


def _write_experiment(rng, folder, peaks, kept, label):
    scaling = {"offset": np.full(len(MZ), 3.0), "scale": np.full(len(MZ), 2.0), "power": 0.5}
    scaled = _features(peaks, kept, label[kept], **scaling)
    scaled.write(folder / "repeat-1/scaled.h5")
    made = {
        "values": rng.normal(size=(30, len(MZ))).astype(np.float32),
        "label": np.tile([2, 1], 15).astype(np.int16),
        "synthetic": np.arange(30) > 0,
    }
    Resampled({"replace": made}).write(folder / "repeat-1/vae+calibrate/resampled.h5")
    scores = pd.DataFrame(
        [
            ("replace", method, "lda", "balanced", repeat, name, metric, value, 10, "all")
            for repeat, value in ((1, 0.5), (2, 0.7))
            for method in ("none", "vae+calibrate")
            for metric in ("recall", "precision")
            for name in (*NAMES, "macro", "weighted")
        ],
        columns=[
            *("task", "method", "classifier", "priors", "repeat"),
            *("class", "metric", "value", "support", "sample"),
        ],
    )
    write_csv(scores, folder / "scores.csv")
    counts = pd.DataFrame({"class": NAMES, "train": [20, 30], "test": [5, 6]})
    write_csv(score_table(scores, counts), folder / "table.csv")
