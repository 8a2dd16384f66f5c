import re
from dataclasses import fields

import h5py
import numpy as np
import pytest
import torch

import imsforge.anomaly.detection
import imsforge.ingest.measurement
import imsforge.phantom.truth  # noqa: F401 - the kinds of artifacts
from imsforge.artifacts import tensors
from imsforge.artifacts.atomic import atomic
from imsforge.artifacts.contract import Labels, PeakMatrix, Resampled, Split
from imsforge.artifacts.hdf5 import Artifact
from imsforge.artifacts.text import file_names
from imsforge.artifacts.version import FORMAT_VERSION
from imsforge.errors import DamagedError, DataError
from imsforge.readers.source import Source


def test_arrays_survive_the_file(peaks, tmp_path):
    peaks.write(tmp_path / "peaks.h5")
    again = PeakMatrix.read(tmp_path / "peaks.h5")
    np.testing.assert_array_equal(again.intensity, peaks.intensity)
    assert again.intensity.dtype == np.float32
    assert again.annotations["tissue"].tolist() == peaks.annotations["tissue"].tolist()


def test_single_fields_are_read_alone(peaks, tmp_path):
    peaks.write(tmp_path / "peaks.h5")
    x, mz = PeakMatrix.read(tmp_path / "peaks.h5", "x", "mz")
    np.testing.assert_array_equal(x, peaks.x)
    np.testing.assert_array_equal(mz, peaks.mz)


def test_none_stays_none(labels, tmp_path):
    labels.write(tmp_path / "labels.h5")
    assert Labels.read(tmp_path / "labels.h5").components is None


def test_an_empty_reserve_survives_the_file(tmp_path):
    Split(np.arange(3), np.arange(3, 5)).write(tmp_path / "split.h5")
    again = Split.read(tmp_path / "split.h5")
    assert again.reserve.shape == (0,)
    assert again.reserve.dtype == np.int64


def test_nested_tasks_survive_the_file(blobs, tmp_path):
    X, y = blobs
    made = Resampled({"replace": {"values": X, "label": y, "synthetic": y > 1}})
    made.write(tmp_path / "resampled.h5")
    again = Resampled.read(tmp_path / "resampled.h5")
    np.testing.assert_array_equal(again.tasks["replace"]["synthetic"], y > 1)


def test_same_content_gives_the_same_bytes(peaks, tmp_path):
    peaks.write(tmp_path / "a.h5")
    peaks.write(tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_another_artifact_is_refused(labels, tmp_path):
    labels.write(tmp_path / "labels.h5")
    with pytest.raises(DataError, match=r"labels\.h5: damaged \(not a PeakMatrix"):
        PeakMatrix.read(tmp_path / "labels.h5")


def test_a_truncated_file_is_named(peaks, tmp_path):
    path = tmp_path / "peaks.h5"
    peaks.write(path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(DataError, match=r"peaks\.h5: damaged") as raised:
        PeakMatrix.read(path)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"peaks\.h5: no such file"):
        PeakMatrix.read(tmp_path / "peaks.h5")


def test_nothing_executable_is_stored(peaks, tmp_path):
    peaks.write(tmp_path / "peaks.h5")
    kinds = []
    with h5py.File(tmp_path / "peaks.h5") as file:
        file.visititems(lambda _, node: kinds.append(getattr(node, "dtype", None)))
    assert all(
        kind is None or kind.kind in "iufb" or h5py.check_string_dtype(kind) for kind in kinds
    )


def test_a_failed_write_leaves_nothing(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path, labels):
    path = tmp_path / "labels.h5"
    labels.write(path)
    with h5py.File(path, "r+") as file:
        assert file.attrs["format_version"] == FORMAT_VERSION
        file.attrs["format_version"] = FORMAT_VERSION + 1
    with pytest.raises(
        DataError, match=r"labels\.h5: has format version 2, this imsforge reads"
    ) as e:
        Labels.read(path)
    assert not isinstance(e.value, DamagedError)
    assert "\n" not in str(e.value)


def test_a_file_without_a_version_is_none_of_ours(tmp_path, labels):
    path = tmp_path / "labels.h5"
    labels.write(path)
    with h5py.File(path, "r+") as file:
        del file.attrs["format_version"]
    with pytest.raises(DamagedError, match="tells no format version"):
        Labels.read(path, "label")


def test_tensors_of_a_newer_version_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    monkeypatch.setattr(tensors, "FORMAT_VERSION", FORMAT_VERSION + 1)
    tensors.write_tensors(path, {"a": torch.zeros(2)}, {"format": "x"})
    with pytest.raises(DataError, match=r"model\.safetensors: has format version 2"):
        tensors.read_tensors(path)


def test_every_array_is_specified(root):
    """docs/format.md has a section or a row for each kind, and names each of its arrays there."""
    text = (root / "docs/format.md").read_text()
    parts = re.split(r"^## |^\| (?=[A-Z]\w+(?: \([^)]*\))? \|)", text, flags=re.MULTILINE)
    shared = {entry.name for entry in fields(Source)}
    for name, kind in Artifact.kinds.items():
        if not kind.__module__.startswith("imsforge.") or kind is Source:
            continue
        own = {entry.name for entry in fields(kind)}
        own -= shared if issubclass(kind, Source) else set()
        about = "\n".join(part for part in parts if name in part.splitlines()[0])
        for entry in own:
            assert re.search(rf"[`,] ?{entry}\b", about), (name, entry)
    everywhere = text[text.index("All sources have") :]
    assert all(f"`{entry}" in everywhere for entry in shared)


def test_names_of_samples_become_names_of_files():
    assert file_names(["left", "b.2-x_"]) == ["left", "b.2-x_"]
    assert file_names(["../x", "é t", ""]) == ["1___x", "2__t", "3_"]
    assert file_names(["a", "A"]) == ["1_a", "2_A"]
    assert file_names(["a" * 300, "1_a"])[0] == f"1_{'a' * 100}"
    assert file_names([".hidden"]) == ["1__hidden"]
