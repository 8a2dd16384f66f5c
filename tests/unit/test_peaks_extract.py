"""Integration: what a slow loop over pyimzML's spectra gives."""

import tracemalloc

import h5py
import numpy as np
import pandas as pd
import pytest
from measurements import centroid_spectra, profile_spectra, slow_sums, write_imzml
from pyimzml.ImzMLParser import ImzMLParser

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import ConfigError, DataError
from imsforge.ingest.ingest import read_measurement
from imsforge.peaks.extract import extract, find_peaks
from imsforge.peaks.windows import Peaks


def run(path, folder, threads=1, **options):
    """Find and integrate with default settings: the matrix, its table and the peaks."""
    options["threads"] = threads
    measurement = read_measurement(path)
    peaks = find_peaks(measurement, threads=threads)
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
    windows = np.array([[350.0, 400, 600, 800], [300, 400, 450, 750], [400, 450, 650, 900]])
    peaks = Peaks(*windows, *np.full((3, 4), np.nan))
    expected = {
        "area": [[0, 1, 6, 0], [0, 0, 8, 0], [0, 0, 16, 0]],
        "height": [[0, 1, 4, 0], [0, 0, 8, 0], [0, 0, 16, 0]],
    }
    for statistic, values in expected.items():
        extract(
            measurement, peaks, tmp_path / "peaks.h5", tmp_path / "peaks.csv", intensity=statistic
        )
        (intensity,) = PeakMatrix.read(tmp_path / "peaks.h5", "intensity")
        np.testing.assert_array_equal(intensity, values)


def test_peaks_without_any_signal_are_told(tmp_path, caplog):
    path = write_imzml(tmp_path / "a.imzML", [([400.0, 500], [1.0, 3.0])])
    mz = np.array([400.0, 450.0, 460.0])
    paths = tmp_path / "peaks.h5", tmp_path / "peaks.csv"
    extract(read_measurement(path), Peaks.around(mz, mz * 1e-5), *paths)
    assert "2 peaks show no signal in any pixel" in caplog.text


def test_an_unknown_statistic(tmp_path):
    path = write_imzml(tmp_path / "a.imzML", [([400.0, 500], [1.0, 3.0])])
    with pytest.raises(ConfigError, match="intensity: 'volume' is unknown; choose one of area"):
        run(path, tmp_path, intensity="volume")


def test_the_area_of_a_gaussian_peak_is_caught(tmp_path, rng):
    spectra = profile_spectra(rng, 8, noise=0)
    path = write_imzml(tmp_path / "a.imzML", spectra, mode="continuous", spec_type="profile")
    matrix, _, _ = run(path, tmp_path)
    whole = np.array([intensity.sum() for _, intensity in spectra])
    np.testing.assert_allclose(matrix.intensity.sum(axis=1) / whole, 0.997, atol=0.002)


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


@pytest.mark.parametrize("normalization", ["none", "pqn"])
@pytest.mark.parametrize("kind", ["centroid", "continuous", "processed"])
def test_same_input_same_bytes_with_any_number_of_threads(tmp_path, rng, kind, normalization):
    if kind == "centroid":
        spectra, options = centroid_spectra(rng, 1500), {"mode": "processed"}
    else:
        shift = 0.01 if kind == "processed" else 0
        spectra = profile_spectra(rng, 20, shift)
        options = {"mode": kind, "spec_type": "profile"}
    path = write_imzml(tmp_path / "a.imzML", spectra, **options)
    for threads in (1, 3):
        run(path, tmp_path / str(threads), normalization=normalization, threads=threads)
    for name in ("peaks.h5", "peaks.csv"):
        once, again = ((tmp_path / str(k) / name).read_bytes() for k in (1, 3))
        assert once == again


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_block_ends_the_stage_and_leaves_nothing(tmp_path, rng, threads):
    path = write_imzml(tmp_path / "a.imzML", profile_spectra(rng, 40), spec_type="profile")
    measurement = read_measurement(path)
    mz = np.array([450.0])

    def refuse(block):
        if block.rows.start > 20:
            raise DataError("here")
        return block

    with pytest.raises(DataError, match="here"):
        extract(
            measurement,
            Peaks.around(mz, mz * 1e-4),
            tmp_path / "out" / "p.h5",
            tmp_path / "out" / "p.csv",
            preprocess=refuse,
            threads=threads,
        )
    assert list((tmp_path / "out").iterdir()) == []


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
    peaks = Peaks.around(mz, mz * 1e-4)
    for threads in (1, 2):
        tracemalloc.start()
        extract(measurement, peaks, tmp_path / "p.h5", tmp_path / "p.csv", threads=threads)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 24e6 * threads
    assert path.with_suffix(".ibd").stat().st_size > 64e6


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
