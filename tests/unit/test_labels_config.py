"""Settings of given labels: mistakes are told before anything runs."""

import pytest
import yaml

from imsforge.errors import ConfigError
from imsforge.labels.files import label_files
from imsforge.study.config import validate_config


@pytest.fixture
def validate(root, tmp_path, monkeypatch):
    """Check the labels of a phantom, in a folder with a few files; return them completed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "masks [1]").mkdir()
    for name in ("a.png", "b.tif", "r.geojson", "t.csv", "photo.jpg", "masks [1]/liver 1.png"):
        (tmp_path / name).touch()

    def validate_labels(labels):
        config = {"datasets": {"kidney": {"phantom": {}, "labels": labels}}}
        schema = root / "workflow" / "schemas" / "config.schema.yaml"
        return validate_config(config, schema)["datasets"]["kidney"]["labels"]

    return validate_labels


@pytest.mark.parametrize(
    "labels",
    [
        {"file": "a.png"},
        {"file": "a.png", "names": {1: "cortex", "#ff0000": "medulla"}, "background": [0, "#000"]},
        {"file": {"cortex": "a.png", "medulla": "b.tif"}},
        {"file": {1: "a.png", 2: "b.tif"}},
        {"file": {"cortex": "a.png", "medulla": "r.geojson"}, "scale": 8.5, "offset": [-3, 0.5]},
        {"file": "r.geojson", "scale": 8},
        {"file": "t.csv", "column": "tissue", "offset": [1, 1]},
        {"file": "a.png", "offset": [100, 100]},
        {"file": "masks [1]/{sample}.png"},
    ],
)
def test_these_are_fine(labels, validate):
    complete = validate({"method": "file", **labels})
    assert complete["file"] == labels["file"]
    assert complete["scale"] == labels.get("scale", 1)
    assert validate(complete) == complete


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({"method": "file"}, "labels: key 'file' is missing"),
        ({"method": "column"}, "labels: key 'column' is missing"),
        ({"method": "file", "file": "no.png"}, "labels.file: no.png: no such file"),
        ({"method": "file", "file": "{sample}.npy"}, "labels.file: {sample}.npy: no such file"),
        (
            {"method": "file", "file": {"cortex": "a.png", "medulla": "no.png"}},
            "labels.file.medulla: no.png: no such file",
        ),
        ({"method": "file", "file": "photo.jpg"}, "labels.file: photo.jpg: labels come from .png"),
        ({"method": "file", "file": ["a.png"]}, "labels.file: ['a.png'] does not fit: With method"),
        ({"method": "file", "file": {"cortex": "a.png"}}, "labels.file: {'cortex': 'a.png'} does"),
        ({"file": "a.png"}, "labels.file: is for method file, but the method is semi-orthogonal"),
        (
            {"method": "kmeans", "names": {1: "a", 2: "b"}},
            "labels.names: is for method column or file, but the method is kmeans",
        ),
        ({"method": "kmeans", "background": [0]}, "labels.background: is for method column or"),
        ({"method": "kmeans", "column": "a"}, "labels.column: is for method column or file, but"),
        (
            {"method": "file", "file": {"a": "a.png", "b": "b.tif"}, "names": {1: "c", 2: "d"}},
            "labels.names: the files have names already",
        ),
        ({"method": "file", "file": "a.png", "names": [1]}, "labels.names: [1] is not of type"),
        ({"method": "file", "file": "a.png", "background": 0}, "labels.background: 0 is not of"),
        (
            {"method": "file", "file": "a.png", "scale": 2},
            "labels.scale: is for GeoJSON; a mask is fitted by its size",
        ),
        ({"offset": [1, 1]}, "labels.offset: is for files; there is none to place"),
        ({"method": "file", "file": "a.png", "offset": [1, 0.5]}, "[1, 0.5]: only GeoJSON can lie"),
        ({"method": "file", "file": "t.csv", "offset": [0.5, 1]}, "[0.5, 1]: only GeoJSON can lie"),
        ({"method": "file", "file": "r.geojson", "scale": 0}, "labels.scale: 0 is less than"),
        ({"method": "file", "file": "r.geojson", "offset": [1]}, "labels.offset: [1] is too short"),
    ],
)
def test_a_mistake_is_told_in_one_line_that_names_it(labels, says, validate):
    with pytest.raises(ConfigError) as raised:
        validate(labels)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_any_name_of_a_sample_finds_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("liver 2.png", "liver [1].png", "liver.csv"):
        (tmp_path / name).touch()
    assert label_files("{sample}.png") == ["liver 2.png", "liver [1].png"]
    assert label_files(f"{tmp_path}/{{sample}}.csv") == [f"{tmp_path}/liver.csv"]
    assert label_files({"a": "no.png", "b": "{sample}.csv"}) == ["no.png", "liver.csv"]


def test_defaults_are_the_library_s(root):
    import inspect

    from imsforge.labels.labelling import label_pixels

    schema = yaml.safe_load((root / "workflow" / "schemas" / "config.schema.yaml").read_text())
    signature = inspect.signature(label_pixels).parameters
    for key, setting in schema["$defs"]["labels"]["properties"].items():
        if key not in ("method", "file", "scan"):
            assert signature[key].default == setting.get("default"), key


def test_defaults_of_the_scan_are_the_library_s(root):
    import inspect

    from imsforge.factorization.class_numbers import scan_class_numbers

    schema = yaml.safe_load((root / "workflow" / "schemas" / "config.schema.yaml").read_text())
    scan = schema["$defs"]["labels"]["properties"]["scan"]["properties"]
    signature = inspect.signature(scan_class_numbers).parameters
    assert scan["seeds"]["default"] == signature["seeds"].default
    assert scan["pixels"]["default"] == signature["max_rows"].default
