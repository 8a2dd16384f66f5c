"""Smoothing and baselines: as the libraries compute them, and in both passes alike."""

import numpy as np
import pytest
from measurements import TRUE_MZ, profile_spectra, slow_sums, write_imzml
from pybaselines import Baseline
from scipy.signal import savgol_filter

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import ConfigError
from imsforge.ingest.ingest import read_measurement
from imsforge.peaks.extract import extract_peaks, find_peaks
from imsforge.peaks.preprocessing import BASELINES, Preprocessing
from imsforge.readers.source import Block

SMOOTHING = {"window": 7, "order": 2}
SNIP = {"method": "snip", "width": 60}


def blocks(spectra):
    """The same spectra on a shared axis and with axes of their own."""
    spectra = np.asarray(spectra)
    n_rows, n_points = spectra.shape
    indptr = np.arange(n_rows + 1) * n_points
    axis = np.linspace(400, 500, n_points)
    yield Block(slice(0, n_rows), spectra.ravel(), indptr, axis=axis)
    yield Block(slice(0, n_rows), spectra.ravel(), indptr, own_mz=np.tile(axis, n_rows))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_smoothing_is_that_of_scipy(rng, dtype):
    spectra = rng.integers(0, 1000, (3, 50)).astype(dtype)
    expected = [np.maximum(savgol_filter(row.astype(float), 7, 2), 0) for row in spectra]
    for block in blocks(spectra):
        smoothed = Preprocessing(SMOOTHING)(block)
        np.testing.assert_allclose(
            smoothed.intensity.reshape(3, 50), expected, rtol=1e-5, atol=0.01
        )


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("snip", {"max_half_window": 30}),
        ("tophat", {"half_window": 30}),
        ("arpls", {"lam": (60 / (2 * np.pi)) ** 4}),
    ],
)
def test_baselines_are_those_of_pybaselines(rng, method, parameters):
    point = np.arange(300)
    peaks = 100 * np.exp(-0.5 * ((point - 150) / 4) ** 2)
    spectra = 50 * np.exp(-point / 100) + peaks + rng.normal(0, 1, (2, 300)) + 10
    fits = [getattr(Baseline(), method)(row, **parameters)[0] for row in spectra]
    for block in blocks(spectra):
        left = Preprocessing(baseline={"method": method, "width": 60})(block)
        expected = np.maximum(spectra - fits, 0)
        np.testing.assert_allclose(left.intensity.reshape(2, 300), expected, atol=1e-9)


def test_smoothing_comes_before_the_baseline_and_nothing_is_negative(rng):
    spectra = rng.random((2, 100))
    for block in blocks(spectra):
        both = Preprocessing(SMOOTHING, SNIP)(block)
        after = Preprocessing(baseline=SNIP)(Preprocessing(SMOOTHING)(block))
        np.testing.assert_array_equal(both.intensity, after.intensity)
        assert both.intensity.min() == 0


def test_short_and_empty_spectra_pass():
    intensity = np.array([1.0, 5, 2, 0, 0, 0])
    block = Block(slice(0, 3), intensity, np.array([0, 3, 3, 6]), own_mz=np.arange(400.0, 406))
    processed = Preprocessing(SMOOTHING, SNIP)(block)
    np.testing.assert_array_equal(processed.intensity, intensity)
    empty = Block(slice(0, 1), intensity[:0], np.array([0, 0]), own_mz=intensity[:0])
    assert Preprocessing(SMOOTHING)(empty).intensity.size == 0
    assert Preprocessing()(block) is block


@pytest.mark.parametrize("kind", ["continuous", "processed"])
def test_both_passes_see_processed_spectra(tmp_path, rng, kind):
    """Integrating with a baseline is integrating spectra from which it was taken before."""
    lifted = [
        (mz, intensity + 30 * np.exp((400 - mz) / 100)) for mz, intensity in profile_spectra(rng, 6)
    ]
    options = {"mode": kind, "spec_type": "profile", "intensity_dtype": np.float64}
    path = write_imzml(tmp_path / "a.imzML", lifted, **options)
    expected = []
    for mz, intensity in lifted:
        smooth = savgol_filter(intensity, 7, 2)
        expected.append((mz, np.maximum(smooth - Baseline().snip(smooth, 30)[0], 0)))
    clean = write_imzml(tmp_path / "b.imzML", expected, **options)
    paths = tmp_path / "p.h5", tmp_path / "p.csv"
    measurement = read_measurement(path)
    extract_peaks(measurement, *paths, smoothing=SMOOTHING, baseline=SNIP, minimum_snr=20)
    peaks = find_peaks(read_measurement(clean), minimum_snr=20)
    matrix = PeakMatrix.read(paths[0])
    assert len(matrix.mz) == len(TRUE_MZ)
    np.testing.assert_allclose(matrix.mz, peaks.mz, rtol=1e-9)
    np.testing.assert_allclose(matrix.intensity, slow_sums(clean, peaks), rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"smoothing": {"window": 4, "order": 2}}, "smoothing: window 4"),
        ({"smoothing": {"window": 3, "order": 3}}, "larger than the order"),
        ({"baseline": {"method": "polynomial", "width": 9}}, "'polynomial' is unknown; choose"),
        ({"baseline": {"method": "snip", "width": 1}}, r"baseline\.width: 1"),
    ],
)
def test_settings_out_of_range(settings, says):
    with pytest.raises(ConfigError, match=says):
        Preprocessing(**settings)


def test_every_baseline_is_one_of_pybaselines():
    assert all(hasattr(Baseline(), method) for method in BASELINES)
