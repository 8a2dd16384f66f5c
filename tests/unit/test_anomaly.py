from dataclasses import replace

import numpy as np
import pytest

from imsforge.errors import ConfigError, DataError
from imsforge.labels.masks import read_mask
from imsforge.labels.regions import Region
from imsforge.splits.healthy import healthy_pixels, healthy_split
from imsforge.study.config import validate_config

SIGNAL = np.ones(300, dtype=bool)


@pytest.fixture
def two(peaks):
    """Two samples, the left and the right half, with coordinates of their own."""
    right = peaks.x >= 10
    return replace(
        peaks,
        x=np.where(right, peaks.x - 10, peaks.x),
        sample=right.astype(np.int16),
        samples=np.array(["left", "right"]),
    )


def test_a_rectangle_includes_its_bounds(peaks):
    rows = healthy_pixels(peaks, SIGNAL, rectangle=(2, 3, 11, 8))
    assert len(rows) == 10 * 6
    assert peaks.x[rows].min() == 2
    assert peaks.x[rows].max() == 11


def test_mask_and_rectangle_agree(peaks):
    mask = np.zeros((15, 20), dtype=bool)
    mask[3:9, 2:12] = True
    elsewhere = replace(peaks, x=peaks.x + 7, y=peaks.y + 1)  # the grid may start anywhere
    np.testing.assert_array_equal(
        healthy_pixels(elsewhere, SIGNAL, mask=mask),
        healthy_pixels(peaks, SIGNAL, rectangle=(2, 3, 11, 8)),
    )


def test_a_mask_of_another_size_is_refused(peaks):
    with pytest.raises(DataError, match=r"10 x 10 pixels, but .* 20 x 15"):
        healthy_pixels(peaks, SIGNAL, mask=np.ones((10, 10), bool))


def test_a_mask_is_placed_as_masks_of_labels_are(peaks):
    mask = np.zeros((15, 20), dtype=bool)
    mask[3:9, 2:12] = True
    healthy = healthy_pixels(peaks, SIGNAL, rectangle=(2, 3, 11, 8))
    enlarged = mask.repeat(3, axis=0).repeat(3, axis=1)
    np.testing.assert_array_equal(healthy_pixels(peaks, SIGNAL, mask=enlarged), healthy)
    from_one = replace(peaks, x=peaks.x + 1, y=peaks.y + 1)
    margin = np.pad(mask, ((1, 0), (1, 0)))  # counts from 0
    np.testing.assert_array_equal(healthy_pixels(from_one, SIGNAL, mask=margin), healthy)
    far = replace(peaks, x=peaks.x + 20, y=peaks.y + 15)
    twice = mask.repeat(2, axis=0).repeat(2, axis=1)
    with pytest.raises(DataError, match=r"healthy\.mask: .* in 2 ways: .* say by healthy\.offset"):
        healthy_pixels(far, SIGNAL, mask=twice)
    found = healthy_pixels(far, SIGNAL, mask=twice, offset=[20, 15])
    np.testing.assert_array_equal(found, healthy)


def square(name, left, top, right, bottom):
    ring = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=float)
    return Region(name, [[ring]])


def test_regions_are_placed_as_those_of_labels_are(peaks):
    healthy = healthy_pixels(peaks, SIGNAL, rectangle=(2, 3, 11, 8))
    drawn = [square("", 20, 30, 70, 90), square("", 70, 30, 120, 90)]
    found = healthy_pixels(peaks, SIGNAL, regions=drawn, scale=10, offset=[0, 0])
    np.testing.assert_array_equal(found, healthy)
    with pytest.raises(DataError, match=r"with healthy\.scale 1 and healthy\.offset \[0, 0\]"):
        healthy_pixels(peaks, SIGNAL, regions=[square("", 200, 300, 210, 310)])
    of_two = [square(name, 0, 0, 9, 9) for name in ("normal", "lesion")]
    with pytest.raises(DataError, match=r"regions of several classes \('lesion', 'normal'\)"):
        healthy_pixels(peaks, SIGNAL, regions=of_two)


@pytest.mark.parametrize(
    ("classes", "half"), [("left", [0]), (["right"], [1]), (["left", "right"], [0, 1])]
)
def test_classes_of_the_dataset_may_be_healthy(peaks, labels, classes, half):
    rows = healthy_pixels(peaks, peaks.intensity.any(axis=1), classes=classes, labels=labels)
    expected = np.isin(peaks.x >= 10, half) & (labels.label > 0)
    np.testing.assert_array_equal(rows, np.flatnonzero(expected))


def test_classes_are_of_all_samples_or_of_those_that_are_named(two, labels):
    of = {"classes": ["left", "right"], "labels": labels}
    assert len(healthy_pixels(two, SIGNAL, **of)) == 299
    assert set(two.sample[healthy_pixels(two, SIGNAL, **of, sample="right")]) == {1}
    with pytest.raises(DataError, match=r"healthy\.classes: no class 'top'; known: left, right"):
        healthy_pixels(two, SIGNAL, classes="top", labels=labels)


def test_classes_may_be_called_by_numbers(peaks, labels):
    numbered = replace(labels, names=np.array(["1", "2"]))
    np.testing.assert_array_equal(
        healthy_pixels(peaks, SIGNAL, classes=2, labels=numbered),
        healthy_pixels(peaks, SIGNAL, classes="right", labels=labels),
    )


def test_too_few_healthy_pixels_are_refused(peaks):
    with pytest.raises(DataError, match=r"only 4 measured pixels .* x 0 to 19 and y 0 to 14"):
        healthy_pixels(peaks, SIGNAL, rectangle=(0, 0, 1, 1))


def test_a_rectangle_lies_in_the_sample_that_is_named(two):
    rows = healthy_pixels(two, SIGNAL, rectangle=(1, 2, 8, 11), sample="right")
    assert set(two.sample[rows]) == {1}
    assert len(rows) == 8 * 10
    both = healthy_pixels(two, SIGNAL, rectangle=(1, 2, 8, 11), sample=["left", "right"])
    assert len(both) == 2 * 8 * 10


def test_a_mask_covers_the_sample_that_is_named(two):
    mask = np.zeros((15, 10), dtype=bool)
    mask[:8] = True
    rows = healthy_pixels(two, SIGNAL, mask=mask, sample="left")
    np.testing.assert_array_equal(rows, np.flatnonzero((two.sample == 0) & (two.y < 8)))
    with pytest.raises(DataError, match="the grid of sample 'left' has 10 x 15"):
        healthy_pixels(two, SIGNAL, mask=np.ones((15, 20), bool), sample="left")


def test_a_whole_sample_may_be_healthy(two):
    rows = healthy_pixels(two, two.intensity.any(axis=1), sample="right")
    np.testing.assert_array_equal(rows, np.flatnonzero(two.sample == 1)[:-1])  # the last is empty


def test_several_samples_want_a_name(two):
    with pytest.raises(DataError, match=r"2 samples \(left, right\)"):
        healthy_pixels(two, SIGNAL, rectangle=(0, 0, 9, 9))
    with pytest.raises(DataError, match="no sample 'middle'; known: left, right"):
        healthy_pixels(two, SIGNAL, sample="middle")


@pytest.mark.parametrize(
    ("healthy", "complaint"),
    [
        ({"rectangle": [0, 0, 9, 9], "sample": "left"}, None),
        ({"sample": ["left", 2]}, None),
        ({"classes": [1, "left"], "sample": "a"}, None),
        ({"classes": "left"}, None),
        ({"classes": "left", "rectangle": [0, 0, 9, 9]}, "needs exactly one of rectangle and mask"),
        ({"scale": 2}, "says of no pixel that it is healthy"),
        ({"rectangle": [0, 0, 9, 9], "scale": 2}, "healthy.scale: is for GeoJSON"),
        ({"classes": "left", "offset": [1, 1]}, "healthy.offset: is for files"),
        ({"regions": "no.geojson"}, "healthy.regions: no.geojson: no such file"),
        ({}, "should be non-empty"),
        ({"rectangle": [0, 0, 9, 9], "mask": "m.png"}, "needs exactly one of rectangle and mask"),
    ],
)
def test_what_may_be_said_of_healthy_pixels(healthy, complaint, root):
    anomaly = {"spots": {"healthy": healthy}}
    config = {"datasets": {"kidney": {"phantom": {}, "anomaly": anomaly}}}
    schema = root / "workflow" / "schemas" / "config.schema.yaml"
    if complaint is None:
        assert validate_config(config, schema)["datasets"]["kidney"]["anomaly"]["spots"]
    else:
        with pytest.raises(ConfigError, match=complaint):
            validate_config(config, schema)


def test_empty_pixels_are_neither_healthy_nor_unknown(peaks):
    train, test, label = healthy_split(peaks, rectangle=(10, 0, 19, 14))
    assert 299 not in np.concatenate([train, test])
    assert label[299] == 0
    assert len(train) + len(test) == 299


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_masks_of_all_formats(suffix, tmp_path):
    import tifffile
    from matplotlib.image import imsave

    mask = np.zeros((4, 6), dtype=np.uint8)
    mask[1:3, 2:5] = 255
    path = tmp_path / f"mask{suffix}"
    if suffix == ".png":
        imsave(path, np.dstack([mask, mask, mask, np.full_like(mask, 255)]))
    elif suffix == ".tif":
        tifffile.imwrite(path, mask)
    else:
        np.save(path, mask)
    np.testing.assert_array_equal(read_mask(path), mask > 0)


def test_a_broken_mask_is_named(tmp_path):
    path = tmp_path / "mask.png"
    path.write_text("no image")
    with pytest.raises(DataError, match=r"mask\.png: not a PNG"):
        read_mask(path)
