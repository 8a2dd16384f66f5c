import h5py
import numpy as np
import pytest

from imsforge.artifacts.atomic import atomic
from imsforge.artifacts.contract import Labels, PeakMatrix, Resampled, Split
from imsforge.errors import DataError


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
