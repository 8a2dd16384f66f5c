"""Regions drawn as outlines and as masks, read back by the readers that users' files go through."""

import json
from types import SimpleNamespace

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label as label_image

from imsforge.anomaly.regions import find_regions, region_files, region_table
from imsforge.artifacts.figures import save_mask
from imsforge.labels.masks import image_places, read_mask
from imsforge.labels.regions import place_regions, read_regions


@st.composite
def maps(draw):
    """Abnormal pixels of a sparse grid with holes: scores, the abnormal ones, and all pixels."""
    width, height = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    y, x = (axis.ravel() for axis in np.mgrid[:height, :width])
    x, y = x + draw(st.integers(-3, 12)), y + draw(st.integers(-3, 12))
    measured = random.random(len(x)) < draw(st.sampled_from([0.7, 1.0]))
    measured[random.integers(len(x))] = True
    x, y = x[measured], y[measured]
    sample = np.zeros(len(x), dtype=np.int16)
    peaks = SimpleNamespace(x=x, y=y, sample=sample)
    signal = random.random(len(x)) < 0.9  # empty spectra have no score, but belong to the grid
    n = np.count_nonzero(signal)
    abnormal = random.random(n) < draw(st.sampled_from([0.0, 0.3, 0.6, 0.9, 1.0]))
    scores = SimpleNamespace(
        x=x[signal],
        y=y[signal],
        sample=sample[signal],
        samples=np.array(["1"]),
        score=random.normal(size=(n, 1)).astype(np.float32),
        false_alarm_rate=random.random((n, 1)).astype(np.float32),
    )
    return scores, abnormal, peaks


@settings(max_examples=200, deadline=None)
@given(maps(), st.integers(1, 4))
def test_regions_are_those_of_the_image(given_map, min_pixels):
    scores, abnormal, _ = given_map
    region = find_regions(scores.x, scores.y, scores.sample, abnormal, min_pixels=min_pixels)
    image = np.zeros((25, 25), dtype=bool)
    image[scores.y + 3, scores.x + 3] = abnormal
    component = label_image(image, np.ones((3, 3)))[0][scores.y + 3, scores.x + 3]
    sizes = np.bincount(component)
    kept = (component > 0) & (sizes[component] >= min_pixels)
    np.testing.assert_array_equal(region > 0, kept)
    pairs = set(zip(region[kept], component[kept], strict=True))
    assert len(pairs) == len(set(region[kept])) == len(set(component[kept]))
    assert sorted(set(region[kept])) == list(range(1, len(pairs) + 1))
    assert (np.diff(np.bincount(region[kept], minlength=1)[1:]) <= 0).all()


@settings(max_examples=200, deadline=None)
@given(given_map=maps())
def test_outlines_and_masks_come_back_on_the_same_pixels(tmp_path_factory, given_map):
    scores, abnormal, peaks = given_map
    folder = tmp_path_factory.mktemp("regions")
    region = find_regions(scores.x, scores.y, scores.sample, abnormal, min_pixels=1)
    table = region_table(scores, region)
    ((_, collection, mask),) = region_files(scores, region, table, peaks)

    save_mask(mask, folder / "a.png")
    read = read_mask(folder / "a.png")
    rows, columns, area = image_places(read.shape, peaks.x, peaks.y, "a.png")
    assert area == 1
    found = set(zip(peaks.x[read[rows, columns]], peaks.y[read[rows, columns]], strict=True))
    assert found == set(zip(scores.x[abnormal], scores.y[abnormal], strict=True))

    (folder / "a.geojson").write_text(json.dumps(collection))
    shapes = [shapely.geometry.shape(f["geometry"]) for f in collection["features"]]
    assert all(shape.is_valid for shape in shapes)
    if not abnormal.any():
        assert shapes == []
        return
    drawn = read_regions(folder / "a.geojson")
    assert len(drawn) == len(table) == len(shapes)
    for number, (one, shape) in enumerate(zip(drawn, shapes, strict=True), start=1):
        assert one.name == "abnormal"
        placed = place_regions([one], peaks.x, peaks.y, "a.geojson")
        inside = placed.code >= 0
        own = region == number
        found = set(zip(peaks.x[inside], peaks.y[inside], strict=True))
        assert found == set(zip(scores.x[own], scores.y[own], strict=True))
        assert shape.area == own.sum() == placed.extent.sum()
