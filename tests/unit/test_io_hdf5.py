"""A matrix in HDF5 as a measurement."""

import h5py
import numpy as np
import pytest

from imsforge.errors import IngestError
from imsforge.io.ingest import read_measurement
from imsforge.io.measurement import Measurement


@pytest.fixture
def contents(rng):
    return {
        "intensity": rng.random((6, 4), dtype=np.float32),
        "mz": np.array([100.0, 200, 300, 400]),
        "x": np.arange(6),
        "y": np.zeros(6, dtype=np.int64),
    }


def write(path, contents):
    with h5py.File(path, "w") as file:
        for name, value in contents.items():
            file[name] = value
    return path


def test_intensities_come_as_they_are(tmp_path, contents):
    measurement = read_measurement(write(tmp_path / "a.h5", contents))
    assert (measurement.mode, measurement.layout, measurement.warnings.size) == (
        "centroid",
        "matrix",
        0,
    )
    blocks = list(measurement.blocks(max_points=10, spectrum_cost=1))
    assert [block.rows for block in blocks] == [slice(0, 2), slice(2, 4), slice(4, 6)]
    intensity = np.concatenate([block.intensity for block in blocks])
    np.testing.assert_array_equal(intensity.reshape(6, 4), contents["intensity"])
    assert measurement.summary()["mz_range"] == [100.0, 400.0]


def test_annotations_at_the_root_and_in_their_group(tmp_path, contents):
    tissue = np.array(["cortex", "médulla"] * 3, dtype=object)
    extra = {
        "segment": np.arange(6, dtype=np.int8),
        "annotations/tissue": tissue,
        "annotations/batch": np.array([b"a"] * 6),
        "image": np.zeros((2, 3)),
        "remark": "not one a pixel",
    }
    measurement = read_measurement(write(tmp_path / "a.hdf5", contents | extra))
    measurement.write(tmp_path / "spectra.h5")
    annotations = Measurement.read(tmp_path / "spectra.h5").annotations
    assert sorted(annotations) == ["batch", "segment", "tissue"]
    np.testing.assert_array_equal(annotations["tissue"], tissue)
    np.testing.assert_array_equal(annotations["batch"], ["a"] * 6)
    np.testing.assert_array_equal(annotations["segment"], np.arange(6))
    (warning,) = measurement.warnings
    assert warning == "2 dataset(s) that are no annotations were left: image, remark"


def test_peaks_of_an_earlier_run_are_a_measurement(tmp_path, peaks):
    peaks.write(tmp_path / "peaks.h5")
    measurement = read_measurement(tmp_path / "peaks.h5")
    np.testing.assert_array_equal(measurement.x, peaks.x)
    np.testing.assert_array_equal(measurement.annotations["tissue"], peaks.annotations["tissue"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mz": None, "x": None}, "has no dataset mz, x; found intensity, y"),
        ({"intensity": np.zeros((4, 6))}, "shapes do not fit"),
        ({"intensity": np.zeros(6)}, "intensity has shape"),
        ({"intensity": np.full((6, 4), b"x")}, "intensity has shape"),
        ({"x": np.zeros(5)}, "shapes do not fit"),
        ({"x": np.linspace(0, 1, 6)}, "x of spectrum 2 is 0.2, not a whole number"),
        ({"x": np.array([0, 1, 2, 3, 4, 2**40])}, "x of spectrum 6 is 1099511627776"),
        ({"x": np.array([0, 1, 2, 3, 4, 2])}, "x 2, y 0 by spectra 3 and 6"),
        ({"mz": np.array([100.0, 300, 200, 400])}, "does not ascend from point 2 (300.0)"),
        ({"mz": np.array([100.0, np.nan, 200, 400])}, "m/z is nan at point 2"),
        ({"intensity": np.zeros((0, 4)), "x": [], "y": []}, "holds no spectrum"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(tmp_path, contents, change, message):
    wanted = {name: value for name, value in (contents | change).items() if value is not None}
    with pytest.raises(IngestError) as error:
        read_measurement(write(tmp_path / "a.h5", wanted))
    assert message in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "a.h5"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_intensities_that_are_no_numbers_are_named(tmp_path, contents, bad):
    contents["intensity"][4, 2] = bad
    measurement = read_measurement(write(tmp_path / "a.h5", contents))
    with pytest.raises(
        IngestError, match=r"spectrum 5 \(x 4, y 0\), point 3: intensity is -?(nan|inf)"
    ):
        list(measurement.blocks())


def test_a_raw_file_that_changed_is_told(tmp_path, contents):
    path = write(tmp_path / "a.h5", contents)
    measurement = read_measurement(path)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(IngestError, match="when it was indexed; run `ingest` again"):
        list(measurement.blocks())
    path.unlink()
    with pytest.raises(IngestError, match="gone since it was indexed"):
        list(measurement.blocks())
