"""Integration: what a slow loop over pyimzML's spectra gives."""

import tracemalloc

import h5py
import numpy as np
import pandas as pd
import pytest
from measurements import centroid_spectra, profile_spectra, slow_sums, write_imzml
from pyimzml.ImzMLParser import ImzMLParser

from imsforge.errors import ConfigError
from imsforge.io.artifacts import PeakMatrix
from imsforge.io.ingest import read_measurement
from imsforge.spectra import Peaks, extract, find_peaks


def run(path, folder, **options):
    """Find and integrate with default settings: the matrix, its table and the peaks."""
    measurement = read_measurement(path)
    peaks = find_peaks(measurement)
    extract(measurement, peaks, folder / "peaks.h5", folder / "peaks.csv", **options)
    table = pd.read_csv(folder / "peaks.csv")
    return PeakMatrix.read(folder / "peaks.h5"), table, peaks


@pytest.mark.parametrize("mz_dtype", [np.float32, np.float64])
@pytest.mark.parametrize("intensity_dtype", [np.float32, np.float64, np.int32])
@pytest.mark.parametrize("kind", ["centroid", "processed", "continuous"])
def test_sums_are_those_of_a_slow_loop(tmp_path, rng, kind, mz_dtype, intensity_dtype):
    if kind == "centroid":
        spectra, options = centroid_spectra(rng), {"mode": "processed"}
    else:
        shift = 0.01 if kind == "processed" else 0
        spectra = profile_spectra(rng, 6, shift)
        options = {"mode": kind, "spec_type": "profile"}
    path = write_imzml(
        tmp_path / "a.imzML",
        spectra,
        mz_dtype=mz_dtype,
        intensity_dtype=intensity_dtype,
        **options,
    )
    matrix, table, peaks = run(path, tmp_path)
    expected = slow_sums(path, peaks)
    assert matrix.intensity.dtype == np.float32
    np.testing.assert_allclose(matrix.intensity, expected, rtol=1e-6)
    np.testing.assert_array_equal(matrix.mz, peaks.mz)
    np.testing.assert_allclose(table.share_of_pixels, (expected > 0).mean(axis=0))
    np.testing.assert_allclose(table.mean_intensity, expected.mean(axis=0))
    for name in ("mz", "lower", "upper"):
        np.testing.assert_array_equal(table[name], getattr(peaks, name))


def test_windows_that_reach_beyond_a_spectrum(tmp_path):
    spectra = [([400.0, 500, 600], [1.0, 2, 4]), ([500.0], [8.0]), ([600.0, 700], [16.0, 32])]
    options = {"mode": "processed", "spec_type": "profile"}
    measurement = read_measurement(write_imzml(tmp_path / "a.imzML", spectra, **options))
    peaks = Peaks(*np.array([[350.0, 400, 600, 800], [300, 400, 450, 750], [400, 450, 650, 900]]))
    extract(measurement, peaks, tmp_path / "peaks.h5", tmp_path / "peaks.csv")
    (intensity,) = PeakMatrix.read(tmp_path / "peaks.h5", "intensity")
    np.testing.assert_array_equal(intensity, [[0, 1, 6, 0], [0, 0, 8, 0], [0, 0, 16, 0]])


def test_the_area_of_a_gaussian_peak_is_caught(tmp_path, rng):
    spectra = profile_spectra(rng, 8, noise=0)
    path = write_imzml(tmp_path / "a.imzML", spectra, mode="continuous", spec_type="profile")
    matrix, _, _ = run(path, tmp_path)
    whole = np.array([intensity.sum() for _, intensity in spectra])
    np.testing.assert_allclose(matrix.intensity.sum(axis=1) / whole, 0.98, atol=0.01)


def test_centroids_on_one_axis_come_out_bit_for_bit(tmp_path, rng):
    axis = np.sort(rng.uniform(400, 900, 30))
    truth = rng.gamma(1, 100, (80, 30)).astype(np.float32) * (rng.random((80, 30)) < 0.4)
    truth[:, 0] = 1
    whole = write_imzml(tmp_path / "a.imzML", [(axis, row) for row in truth], mode="continuous")
    sparse = write_imzml(
        tmp_path / "b.imzML", [(axis[row > 0], row[row > 0]) for row in truth], mode="processed"
    )
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["intensity"], file["mz"] = truth, axis
        file["x"], file["y"] = np.arange(80), np.zeros(80)
        file["tissue"] = ["cortex"] * 80
    for path in (whole, sparse, tmp_path / "c.h5"):
        matrix, _, _ = run(path, tmp_path)
        np.testing.assert_array_equal(matrix.mz, axis)
        np.testing.assert_array_equal(matrix.intensity, truth)
    np.testing.assert_array_equal(matrix.annotations["tissue"], ["cortex"] * 80)


def test_normalization_by_hand(tmp_path):
    spectra = [([400.0, 500, 600], [1.0, 2, 4]), ([400.0], [0.0]), ([400.0, 500], [3.0, 4])]
    path = write_imzml(tmp_path / "a.imzML", spectra, mode="processed")
    measurement = read_measurement(path)
    mz = np.array([400.0, 500, 600])
    divisors = {
        "none": [1, 1, 1],
        "tic": [7, 1, 7],
        "rms": [np.sqrt(21 / 3), 1, np.sqrt(25 / 2)],
        "median": [2, 1, 3.5],
    }
    for normalization, divisor in divisors.items():
        extract(
            measurement,
            Peaks.around(mz, mz * 1e-5),
            tmp_path / "peaks.h5",
            tmp_path / "peaks.csv",
            normalization=normalization,
        )
        (intensity,) = PeakMatrix.read(tmp_path / "peaks.h5", "intensity")
        expected = np.array([[1, 2, 4], [0, 0, 0], [3, 4, 0]]) / np.array(divisor)[:, None]
        np.testing.assert_allclose(intensity, expected, rtol=1e-6)


def test_the_total_ion_current_is_that_of_the_whole_spectrum(tmp_path):
    path = write_imzml(tmp_path / "a.imzML", [([400.0, 500], [1.0, 3.0])])
    mz = np.array([400.0])
    paths = tmp_path / "peaks.h5", tmp_path / "peaks.csv"
    extract(read_measurement(path), Peaks.around(mz, mz * 1e-5), *paths, normalization="tic")
    intensity, total = PeakMatrix.read(paths[0], "intensity", "total_ion_current")
    assert intensity.item() == 0.25
    assert total.tolist() == [4.0]  # before normalisation, with the peak that was left out


def test_an_unknown_normalization(tmp_path):
    path = write_imzml(tmp_path / "a.imzML", [([400.0, 500], [1.0, 3.0])])
    with pytest.raises(ConfigError, match="'max' is unknown; choose one of none, tic, rms, median"):
        run(path, tmp_path / "results", normalization="max")
    assert not (tmp_path / "results").exists()


def test_negative_intensities_are_counted_in_the_log(tmp_path, caplog):
    path = write_imzml(tmp_path / "a.imzML", [([400.0, 500], [1.0, -3.0])])
    matrix, _, _ = run(path, tmp_path)
    np.testing.assert_array_equal(matrix.intensity, [[1, 0]])
    assert "1 negative intensities were set to zero" in caplog.text


def test_same_input_same_bytes(tmp_path, rng):
    path = write_imzml(tmp_path / "a.imzML", centroid_spectra(rng), mode="processed")
    for folder in ("one", "two"):
        run(path, tmp_path / folder)
    for name in ("peaks.h5", "peaks.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_memory_is_bounded_by_the_blocks_not_by_the_file(tmp_path, rng):
    axis = np.linspace(400, 800, 40_000)
    spectra = ((axis * (1 + row * 1e-7), rng.random(len(axis))) for row in range(100))
    path = write_imzml(
        tmp_path / "a.imzML",
        list(spectra),
        mode="processed",
        spec_type="profile",
        intensity_dtype=np.float64,
    )
    measurement = read_measurement(path)
    mz = np.array([450.0, 600.0])
    tracemalloc.start()
    extract(measurement, Peaks.around(mz, mz * 1e-4), tmp_path / "p.h5", tmp_path / "p.csv")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert measurement.source.stat().st_size > 64e6
    assert peak < 24e6


def test_bladder_as_imzml_and_as_hdf5(shared_data, tmp_path):
    folder = shared_data / "bladder"
    imzml, _, peaks = run(folder / "bladder.imzML", tmp_path)
    hdf5, _, _ = run(folder / "bladder.h5", tmp_path)
    filled = hdf5.intensity.any(axis=1)
    order = np.lexsort((imzml.x, imzml.y))
    expected_order = np.lexsort((hdf5.x[filled], hdf5.y[filled]))
    assert len(peaks) == 79
    np.testing.assert_array_equal(imzml.mz, hdf5.mz)
    np.testing.assert_array_equal(imzml.intensity[order], hdf5.intensity[filled][expected_order])
    assert sorted(hdf5.annotations) == ["ssc_label"]


def test_barley_keeps_its_axis_and_its_values(shared_data, tmp_path):
    path = shared_data / "barley" / "barley.imzML"
    matrix, _, peaks = run(path, tmp_path)
    assert len(peaks) == 101
    with ImzMLParser(str(path)) as parser:
        np.testing.assert_array_equal(peaks.mz, parser.getspectrum(0)[0])
        expected = [parser.getspectrum(row)[1] for row in range(len(parser.coordinates))]
    np.testing.assert_array_equal(matrix.intensity, expected)
