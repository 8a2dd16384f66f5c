"""Regions in GeoJSON, as QuPath writes them, and how they lie on the pixel grid."""

import json

import numpy as np
import pytest

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import DataError
from imsforge.labels.labelling import label_pixels
from imsforge.labels.layers import read_layers
from imsforge.labels.regions import PixelLines, place_regions, read_regions, ring_area


@pytest.fixture
def peaks():
    """12 pixels in 4 columns and 3 lines, row by row, coordinates from 1."""
    x, y = (axis.ravel().astype(np.int32) for axis in np.meshgrid(np.arange(1, 5), np.arange(1, 4)))
    intensity = np.ones((12, 2), dtype=np.float32)
    return PeakMatrix(intensity, np.array([400.0, 500.0]), x, y, intensity.sum(axis=1))


def rectangle(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]


def feature(name, *rings, kind="Polygon", **properties):
    classification = {"name": name, "color": [200, 0, 0]} if name else None
    properties = {"objectType": "annotation", "classification": classification, **properties}
    coordinates = list(rings) if kind == "Polygon" else rings[0]
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "id": "1", "geometry": geometry, "properties": properties}


@pytest.fixture
def write(tmp_path):
    def write_content(content):
        path = tmp_path / "regions.geojson"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write_content


def label(peaks, file, **settings):
    return label_pixels(peaks, read_layers(file, peaks.samples), method="file", **settings)


LEFT, RIGHT = feature("left", rectangle(0, 0, 2, 3)), feature("right", rectangle(2, 0, 4, 3))


@pytest.mark.parametrize(
    "content",
    [
        {"type": "FeatureCollection", "features": [LEFT, RIGHT]},
        [LEFT, RIGHT],
        [{**LEFT, "properties": {**LEFT["properties"], "childObjects": [RIGHT]}}],
    ],
    ids=["collection", "list", "children"],
)
def test_regions_side_by_side_share_the_pixels(content, peaks, write):
    found = label(peaks, write(content))
    assert found.names.tolist() == ["left", "right"]
    assert found.label.reshape(3, 4).tolist() == [[1, 1, 2, 2]] * 3
    assert found.components is None


def test_one_feature_is_enough_for_one_class(write):
    assert [region.name for region in read_regions(write(LEFT))] == ["left"]


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ({"classification": {"name": "Tumor", "colorRGB": -3670016}}, "Tumor"),
        (
            {"classification": {"names": ["Tumor", "Positive"], "color": [1, 2, 3]}},
            "Tumor: Positive",
        ),
        ({"classification": "Tumor"}, "Tumor"),
        ({"classification": {"name": "Tumor"}, "name": "region 7"}, "Tumor"),
        ({"classification": {}, "name": "region 7"}, "region 7"),
        ({"name": "region 7"}, "region 7"),
        ({}, ""),
    ],
)
def test_the_classification_names_the_class_or_else_the_name(properties, name, write):
    region = {**LEFT, "properties": properties}
    assert [region.name for region in read_regions(write([region]))] == [name]


@pytest.mark.parametrize(
    "changed",
    [
        {"properties": {"objectType": "detection"}},
        {"properties": {"object_type": "cell"}},
        {"id": "PathDetectionObject"},
        {"geometry": {"type": "Point", "coordinates": [1, 2]}},
        {"geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}},
        {"geometry": None},
    ],
)
def test_what_is_no_annotated_area_is_left_out_and_counted(changed, write, caplog):
    assert len(read_regions(write([LEFT, {**LEFT, **changed}]))) == 1
    assert "left out what is no annotated region: 1 " in caplog.text
    with pytest.raises(DataError, match="holds no region"):
        read_regions(write([{**LEFT, **changed}]))


def test_holes_are_holes(peaks, write):
    ring = feature("ring", rectangle(0, 0, 4, 3), rectangle(1, 1, 3, 2))
    found = label(peaks, write([ring, feature("right", rectangle(3, 0, 4, 3))]))
    assert found.label.reshape(3, 4).tolist() == [[2, 2, 2, 1], [2, 0, 0, 1], [2, 2, 2, 1]]


def test_a_multipolygon_has_several_parts(peaks, write):
    parts = [[rectangle(0, 0, 1, 3)], [rectangle(3, 0, 4, 3)]]
    sides = feature("sides", parts, kind="MultiPolygon")
    collection = {"type": "GeometryCollection", "geometries": [sides["geometry"]]}
    for outer in (sides, {**sides, "geometry": collection}):
        found = label(peaks, write([feature("middle", rectangle(1, 0, 3, 3)), outer]))
        assert found.label.reshape(3, 4).tolist() == [[2, 1, 1, 2]] * 3


def test_the_later_region_counts(peaks, write, caplog):
    with caplog.at_level("INFO"):
        found = label(peaks, write([feature("all", rectangle(0, 0, 4, 3)), LEFT]))
    assert found.label.reshape(3, 4).tolist() == [[2, 2, 1, 1]] * 3
    assert "6 pixels lie in regions of two classes" in caplog.text


def test_regions_without_a_class_hide_nothing(peaks, write, caplog):
    tissue = feature(None, rectangle(0, 0, 4, 3))
    found = label(peaks, write([LEFT, RIGHT, tissue]))
    assert found.names.tolist() == ["left", "right"]
    assert (found.label > 0).all()
    assert "1 of 3 regions have no class that counts" in caplog.text
    with pytest.raises(DataError, match="none of its 1 regions has a class"):
        label(peaks, write([tissue]))


def test_names_choose_regions(peaks, write):
    names = {"right": "tumour", "left": "stroma"}
    found = label(peaks, write([LEFT, RIGHT, feature("all", rectangle(0, 0, 4, 3))]), names=names)
    assert found.names.tolist() == ["tumour", "stroma"]
    assert found.label.reshape(3, 4).tolist() == [[2, 2, 1, 1]] * 3


def test_a_file_can_be_one_class(peaks, tmp_path):
    for name, content in {"a": feature(None, rectangle(0, 0, 4, 3)), "b": LEFT}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    file = {name: str(tmp_path / f"{name}.json") for name in "ab"}
    found = label(peaks, file)
    assert found.names.tolist() == ["a", "b"]
    assert found.label.reshape(3, 4).tolist() == [[2, 2, 1, 1]] * 3


def test_scale_and_offset_lay_the_image_on_the_grid(peaks, write):
    # 10 image pixels a pixel; the image begins at pixel (2, 1).
    ours = [feature("a", rectangle(0, 0, 10, 30)), feature("b", rectangle(10, 0, 30, 30))]
    found = label(peaks, write(ours), scale=10, offset=[2, 1])
    assert found.label.reshape(3, 4).tolist() == [[0, 1, 2, 2]] * 3
    # Half a pixel further to the left, centres lie on edges: left ones are inside, right ones not.
    found = label(peaks, write(ours), scale=10, offset=[1.5, 1])
    assert found.label.reshape(3, 4).tolist() == [[1, 2, 2, 0]] * 3


def test_regions_beside_the_measurement_are_refused_with_both_ranges(peaks, write):
    far = [feature("a", rectangle(100, 200, 300, 400))]
    with pytest.raises(DataError) as raised:
        label(peaks, write(far))
    text = str(raised.value)
    assert "with labels.scale 1 and labels.offset [1, 1]" in text
    assert "x 100 to 300 and y 200 to 400, the pixels x 1 to 4 and y 1 to 3" in text


def test_regions_mostly_beside_the_measurement_are_warned_of(peaks, write, caplog):
    label(peaks, write([LEFT, feature("right", rectangle(2, 0, 40, 30))]))
    assert "classes cover about 1146 pixels, but only 12 were measured there" in caplog.text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is no GeoJSON"),
        ("PNG\x00", "is no GeoJSON"),
        ("[" * 100_000, "is no GeoJSON"),
        ("3", "has no list of features"),
        ({"type": "FeatureCollection", "features": None}, "has no list of features"),
        ([3], "feature 1 is no GeoJSON feature"),
        ([LEFT, {**RIGHT, "properties": [1]}], "feature 2 is no GeoJSON feature"),
        ([{**LEFT, "geometry": {"type": "Polygon"}}], "a Polygon without coordinates"),
        ([feature("a")], "holds no region"),
        ([feature("a", [])], "three points or more"),
        ([feature("a", [[0, 0], [1, 1]])], "three points or more"),
        ([feature("a", [[0, 0], [1, 1], [2, None]])], "three points or more"),
        ([feature("a", [[0, 0], [1, 1], ["b", 2]])], "an outline is no list of points"),
        ([feature("a", [[0, 0], [1, 1], [2]])], "an outline is no list of points"),
        ([feature("a", [[0, 0], [1, 1], 2])], "an outline is no list of points"),
        ([feature("a", [[0, 0], [1, 1], [2, float("inf")]])], "three points or more"),
        ([feature("a", [3], kind="MultiPolygon")], "a MultiPolygon without an outline"),
    ],
)
def test_broken_regions_are_told_in_one_line(content, says, write):
    with pytest.raises(DataError, match=says) as raised:
        read_regions(write(content))
    assert "regions.geojson" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_bytes_that_are_no_text_are_told(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError, match=r"a\.json: is no GeoJSON"):
        read_regions(tmp_path / "a.json")


# Rasterising.


def inside(ring, x, y):
    return sorted(PixelLines(np.array(x), np.array(y)).inside(np.array(ring, float)).tolist())


def test_a_triangle_by_hand():
    # Pixels (0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (0, 2); the hypotenuse is x + y = 1.5.
    x, y = [0, 1, 2, 0, 1, 0], [0, 0, 0, 1, 1, 2]
    assert inside([[-0.5, -0.5], [2, -0.5], [-0.5, 2]], x, y) == [0, 1, 3]


def test_an_outline_that_crosses_itself_is_even_odd():
    # A star of five points, drawn in one line: its middle is outside.
    angle = np.pi / 2 + np.arange(5) * 4 * np.pi / 5
    star = 10 * np.column_stack([np.cos(angle), np.sin(angle)])
    assert inside(star, [0, 0, 0, 7], [0, 6, -6, 3]) == [1, 3]


def test_pixels_in_any_order_and_far_apart():
    x, y = [10**9, 5, -(10**9), 6], [7, 7, 7, 10**9]
    assert inside([[0, 0], [2e9, 0], [2e9, 100], [0, 100]], x, y) == [0, 1]


def test_an_outline_beside_all_pixels_holds_none():
    assert inside([[10, 10], [20, 10], [20, 20]], [0, 1], [0, 0]) == []
    assert inside([[10, -1], [20, -1], [20, 1]], [0, 1], [0, 0]) == []
    assert inside([[0.2, 0.2], [0.4, 0.2], [0.4, 0.4]], [0, 1], [0, 1]) == []


def test_area():
    assert ring_area(np.array([[100, 100], [104, 100], [104, 103], [100, 103.0]])) == 12
    assert ring_area(np.array([[0, 0], [0, 3], [4, 0], [0, 0.0]])) == 6


def test_extent_leaves_holes_out(write):
    ring = feature("ring", rectangle(0, 0, 40, 30), rectangle(10, 10, 30, 20))
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(4), np.arange(3)))
    placed = place_regions(read_regions(write([ring])), x, y, "a", scale=10)
    assert placed.extent.tolist() == [10]
    assert (placed.code >= 0).sum() == 10
