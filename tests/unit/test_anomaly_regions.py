import json
import logging

import numpy as np
import pytest

from imsforge.anomaly.regions import find_regions, region_files, region_table
from imsforge.anomaly.scores import AnomalyScores
from imsforge.anomaly.tissue import on_tissue, outside_classes
from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import DamagedError, DataError
from imsforge.labels.classes import in_classes

PICTURE = """
##......
###...#.
#.#..#..
###.....
........
......##
"""


def picture_scores(text=PICTURE, left=5, top=3):
    """Two samples that both show the picture; abnormal where it has a #, by the first detector."""
    lines = text.split()
    y, x = (axis.ravel() for axis in np.indices((len(lines), len(lines[0]))))
    abnormal = np.array([letter == "#" for letter in "".join(lines)])
    n = len(x)
    score = np.where(np.tile(abnormal, 2), 2.0, 0.0) + np.arange(2 * n) / (20 * n)
    return AnomalyScores(
        x=np.tile(x + left, 2).astype(np.int32),
        y=np.tile(y + top, 2).astype(np.int32),
        sample=np.repeat([0, 1], n).astype(np.int16),
        samples=np.array(["a", "b"]),
        healthy=~np.tile(abnormal, 2),
        train=~np.tile(abnormal, 2),
        tissue=np.ones(2 * n, dtype=bool),
        total_ion_current=np.ones(2 * n, dtype=np.float32),
        kmeans=np.ones(2 * n, dtype=np.int16),
        detectors=np.array(["one", "two"]),
        score=np.column_stack([score, -score]).astype(np.float32),
        false_alarm_rate=np.column_stack([1 / (1 + score), score]).astype(np.float32),
        threshold=np.array([1.0, -0.5]),
    )


def regions_of(scores, **options):
    return find_regions(scores.x, scores.y, scores.sample, scores.abnormal(), **options)


def peaks_of(scores, x=(), y=(), sample=()):
    """All measured pixels: those with a score, and empty ones."""
    x, y, sample = (
        np.append(own, more).astype(int)
        for own, more in zip((scores.x, scores.y, scores.sample), (x, y, sample), strict=True)
    )
    values = np.ones((len(x), 1), dtype=np.float32)
    return PeakMatrix(values, np.ones(1), x, y, values[:, 0], {}, sample, scores.samples)


def test_pixels_touch_by_sides_and_corners_within_a_sample():
    scores = picture_scores()
    region = regions_of(scores, min_pixels=2)
    # 10 pixels, 2 at a corner, 2 at a side; of equal size, the one that was measured first leads.
    assert np.bincount(region)[1:].tolist() == [10, 10, 2, 2, 2, 2]
    assert scores.sample[region == 1].tolist() == [0] * 10
    assert set(scores.x[region == 3] - 5) == {5, 6}
    assert set(scores.y[region == 4] - 3) == {5}


def test_small_regions_are_none():
    assert regions_of(picture_scores(), min_pixels=3).max() == 2
    assert regions_of(picture_scores()).max() == 0


def test_abnormal_pixels_are_tissue_above_the_threshold():
    scores = picture_scores()
    assert scores.abnormal().sum() == 28
    scores.tissue[np.flatnonzero(scores.abnormal())[:5]] = False
    assert scores.abnormal().sum() == 23
    at = picture_scores()
    at.score[:, 0] = at.threshold[0]
    assert not at.abnormal().any()
    assert scores.abnormal(1).sum() == np.sum(scores.tissue & (scores.score[:, 1] > -0.5))


def test_the_table_describes_each_region():
    scores = picture_scores()
    region = regions_of(scores, min_pixels=2)
    table = region_table(scores, region)
    assert table["region"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["sample"].tolist() == ["a", "b", "a", "a", "b", "b"]
    second, own = table.iloc[1], region == 2
    assert second["pixels"] == 10
    bounds = second[["x_min", "x_max", "y_min", "y_max"]].tolist()
    assert bounds == [5, 7, 3, 6]
    assert second["x_centre"] == pytest.approx(5 + 0.9)
    assert second["y_centre"] == pytest.approx(3 + 1.6)
    assert second["mean_score"] == pytest.approx(scores.score[own, 0].mean(), rel=1e-6)
    assert second["max_score"] == pytest.approx(scores.score[own, 0].max())
    assert second["false_alarm_rate"] == pytest.approx(scores.false_alarm_rate[own, 0].min())


def test_areas_are_told_where_pixels_have_a_size():
    scores = picture_scores()
    region = regions_of(scores, min_pixels=2)
    assert region_table(scores, region)["area_mm2"].isna().all()
    sizes = np.array([[10.0, 20.0], [np.nan, np.nan]])
    table = region_table(scores, region, sizes)
    known = (table["sample"] == "a").to_numpy()
    np.testing.assert_allclose(table["area_mm2"][known], table["pixels"][known] * 200e-6)
    assert table["area_mm2"][~known].isna().all()
    a, b = (
        collection["features"][0]["properties"]["measurements"]
        for _, collection, _ in region_files(scores, region, table, peaks_of(scores))
    )
    assert a["Area mm^2"] == pytest.approx(a["Area px"] * 200e-6)
    assert "Area mm^2" not in b


def test_without_regions_the_files_are_empty():
    scores = picture_scores()
    region = np.zeros(len(scores.x), dtype=np.int32)
    table = region_table(scores, region)
    assert len(table) == 0
    assert list(table.columns) == list(region_table(scores, regions_of(scores, min_pixels=2)))
    for _, collection, mask in region_files(scores, region, table, peaks_of(scores)):
        assert collection == {"type": "FeatureCollection", "features": []}
        assert not mask.any()


def test_grids_begin_at_the_smallest_coordinates_measured():
    """Empty spectra have no score, but the reader of a mask counts them."""
    scores = picture_scores()
    table = region_table(scores, region := regions_of(scores, min_pixels=3))
    peaks = peaks_of(scores, [3, 30], [1, 30], [0, 1])
    (_, first, mask), (name, second, other) = region_files(scores, region, table, peaks)
    assert mask.shape == (8, 10)
    assert other.shape == (28, 26)
    assert np.argwhere(mask)[0].tolist() == [2, 2]
    assert np.argwhere(other)[0].tolist() == [0, 0]
    corner = np.min(first["features"][0]["geometry"]["coordinates"][0], axis=0)
    assert corner.tolist() == [2, 2]
    assert name == "b"
    assert np.min(second["features"][0]["geometry"]["coordinates"][0], axis=0).tolist() == [0, 0]


def test_features_are_annotations_as_qupath_reads_them():
    scores = picture_scores()
    table = region_table(scores, region := regions_of(scores, min_pixels=3))
    (_, collection, _), _ = region_files(scores, region, table, peaks_of(scores))
    (feature,) = json.loads(json.dumps(collection))["features"]
    properties = feature["properties"]
    assert feature["type"] == "Feature"
    assert properties["objectType"] == "annotation"
    assert properties["name"] == "region 1"
    assert properties["classification"]["name"] == "abnormal"
    assert all(0 <= part <= 255 for part in properties["classification"]["color"])
    assert properties["measurements"]["Area px"] == 10
    assert properties["measurements"]["Mean score"] == table["mean_score"][0]
    outline, hole = feature["geometry"]["coordinates"]
    assert feature["geometry"]["type"] == "Polygon"
    assert outline[0] == outline[-1]
    # Corners alone: the hole is one pixel, the outline has a step at the upper right.
    assert sorted(set(map(tuple, hole))) == [(1, 2), (1, 3), (2, 2), (2, 3)]
    assert set(map(tuple, outline)) == {(0, 0), (2, 0), (2, 1), (3, 1), (3, 4), (0, 4)}


def test_scores_are_written_and_read(tmp_path):
    scores = picture_scores()
    scores.write(tmp_path / "scores.h5")
    again = AnomalyScores.read(tmp_path / "scores.h5")
    np.testing.assert_array_equal(again.score, scores.score)
    assert again.detectors.tolist() == ["one", "two"]
    broken = AnomalyScores(**{**vars(scores), "threshold": np.zeros(3)})
    broken.write(tmp_path / "broken.h5")
    with pytest.raises(DamagedError, match="threshold has 3 detectors"):
        AnomalyScores.read(tmp_path / "broken.h5")


def test_dim_pixels_lie_off_the_tissue(caplog):
    total = np.array([0.0, 9.9, 10, 100, 100, 120, 1e6])
    healthy = np.array([0, 0, 0, 1, 1, 1, 0], dtype=bool)
    with caplog.at_level(logging.INFO):
        tissue = on_tissue(total, healthy)
    np.testing.assert_array_equal(tissue, total >= 10)
    (record,) = caplog.records
    assert record.getMessage() == "2 of 7 pixels lie off the tissue (total ion current below 10)"
    assert on_tissue(total, healthy, below=0).all()
    assert on_tissue(total, healthy, below=0.5).sum() == 4


def test_healthy_pixels_off_the_tissue_are_told(caplog):
    total = np.array([1.0, 100, 100, 100, 2])
    on_tissue(total, np.array([1, 1, 1, 1, 0], dtype=bool))
    (record,) = (r for r in caplog.records if r.levelno == logging.WARNING)
    assert record.getMessage().startswith("1 of 4 healthy pixels lie off the tissue")


def test_classes_may_be_background(labels, caplog):
    background = in_classes(labels, ["right"], "off_tissue.classes")
    healthy = np.zeros(len(background), dtype=bool)
    healthy[:3] = True
    tissue = outside_classes(background, healthy)
    np.testing.assert_array_equal(tissue, labels.label != 2)
    assert not [r for r in caplog.records if r.levelno == logging.WARNING]
    outside_classes(~background, healthy)
    assert "3 of 3 healthy pixels" in caplog.text
    with pytest.raises(DataError, match=r"off_tissue\.classes: no class 'top'; known: left, right"):
        in_classes(labels, ["top"], "off_tissue.classes")
