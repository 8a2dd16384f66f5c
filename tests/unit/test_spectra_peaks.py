"""Finding peaks: the true ones, and nothing else."""

import numpy as np
import pytest
from measurements import TRUE_MZ, centroid_spectra, profile_spectra, write_imzml

from imsforge.errors import ConfigError, DataError
from imsforge.io.ingest import read_measurement
from imsforge.spectra import find_peaks
from imsforge.spectra.grid import Grid, sampling_grid
from imsforge.spectra.profile import local_noise

CENTROID = {"mode": "processed", "spec_type": "centroid"}
PROFILE = {"spec_type": "profile"}


def measure(path, spectra, **options):
    return read_measurement(write_imzml(path / "a.imzML", spectra, **options))


def ppm(found, true):
    return np.abs(found - true) / true * 1e6


@pytest.mark.parametrize("mz_dtype", [np.float32, np.float64])
def test_centroids_with_jitter_gather_to_the_true_peaks(tmp_path, rng, mz_dtype):
    measurement = measure(tmp_path, centroid_spectra(rng), **CENTROID, mz_dtype=mz_dtype)
    peaks = find_peaks(measurement)
    assert len(peaks) == len(TRUE_MZ)
    assert ppm(peaks.mz, TRUE_MZ).max() < 3  # jitter of 3 ppm over about 27 pixels
    np.testing.assert_allclose(peaks.lower, peaks.mz * (1 - 20e-6))
    np.testing.assert_allclose(peaks.upper, peaks.mz * (1 + 20e-6))


def test_the_mz_of_a_peak_is_the_mean_weighted_by_intensity(tmp_path):
    spectra = [([500.0], [30.0]), ([500.004], [10.0]), ([600.0, 600.0018], [1.0, 2.0])]
    peaks = find_peaks(measure(tmp_path, spectra, **CENTROID), tolerance_ppm=20)
    assert ppm(peaks.mz, [500.001, 600.0012]).max() < 1e-4


def test_peaks_nearer_than_two_tolerances_share_the_space_between(tmp_path, rng):
    mz = np.array([500.0, 500.015])  # 30 ppm apart
    peaks = find_peaks(measure(tmp_path, centroid_spectra(rng, 100, 2, mz), **CENTROID))
    assert ppm(peaks.mz, mz).max() < 1
    assert peaks.upper[0] == peaks.lower[1] == pytest.approx(500.0075, abs=1e-3)


def test_rare_centroids_are_no_peaks(tmp_path, rng):
    spectra = centroid_spectra(rng, 200)
    mz, intensity = spectra[5]
    spectra[5] = np.append(mz, 795.0), np.append(intensity, 1e6)
    measurement = measure(tmp_path, spectra, **CENTROID)
    assert len(find_peaks(measurement, minimum_share=0.01)) == 6
    found = find_peaks(measurement, minimum_share=0.004)
    assert len(found) == 7
    assert ppm(found.mz[-1:], 795.0) < 1e-4


def test_centroids_without_intensity_do_not_count(tmp_path, rng):
    spectra = [
        (np.append(mz, 795.0), np.append(intensity, 0.0)) for mz, intensity in centroid_spectra(rng)
    ]
    assert len(find_peaks(measure(tmp_path, spectra, **CENTROID))) == 6


def test_exactly_repeated_mz_values_are_kept_even_close_and_rare_ones(tmp_path, rng):
    axis = np.sort(np.append(rng.uniform(400, 900, 60), [500.0, 500.002]))  # 4 ppm apart
    spectra = []
    for _ in range(150):
        there = rng.random(62) < 0.3
        there[7] = False
        spectra.append((axis[there], rng.uniform(1, 9, there.sum())))
    spectra[3] = spectra[4] = (axis, np.ones(62))
    peaks = find_peaks(measure(tmp_path, spectra, **CENTROID), minimum_share=0.1)
    np.testing.assert_array_equal(peaks.mz, axis)


def test_mz_values_rounded_to_few_decimals_are_not_taken_for_an_axis(tmp_path, rng):
    spectra = [
        (np.round(mz, 3), intensity) for mz, intensity in centroid_spectra(rng, 300, jitter_ppm=4)
    ]
    peaks = find_peaks(measure(tmp_path, spectra, **CENTROID))
    assert len(peaks) == len(TRUE_MZ)
    assert ppm(peaks.mz, TRUE_MZ).max() < 2


def test_a_continuous_file_of_centroids_keeps_its_axis(tmp_path, rng):
    axis = np.sort(rng.uniform(400, 900, 50))
    spectra = [(axis, rng.random(50)) for _ in range(5)]
    measurement = measure(tmp_path, spectra, mode="continuous", spec_type="centroid")
    np.testing.assert_array_equal(find_peaks(measurement, minimum_share=1).mz, axis)


@pytest.mark.parametrize("mz_dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("layout", "shift"), [("continuous", 0), ("processed", 0), ("processed", 0.01)]
)
def test_profiles_give_the_true_peaks(tmp_path, rng, layout, shift, mz_dtype):
    spectra = profile_spectra(rng, shift=shift)
    measurement = measure(tmp_path, spectra, **PROFILE, mode=layout, mz_dtype=mz_dtype)
    assert (measurement.mode, measurement.layout) == ("profile", layout)
    peaks = find_peaks(measurement, minimum_snr=20)
    assert len(peaks) == len(TRUE_MZ)
    assert ppm(peaks.mz, TRUE_MZ).max() < 5
    # One width at half height to each side.
    np.testing.assert_allclose(peaks.upper - peaks.mz, 2.355 * 0.02, rtol=0.1)


def test_a_window_is_no_narrower_than_the_tolerance(tmp_path, rng):
    measurement = measure(tmp_path, profile_spectra(rng), **PROFILE, mode="continuous")
    peaks = find_peaks(measurement, tolerance_ppm=200, minimum_snr=20)
    np.testing.assert_allclose(peaks.upper[[0, 3]], peaks.mz[[0, 3]] * (1 + 200e-6))
    assert peaks.upper[1] == peaks.lower[2]


def test_zeros_left_out_of_profiles_change_nothing(tmp_path, rng):
    whole = profile_spectra(rng, noise=0)
    sparse = [(mz[intensity > 0], intensity[intensity > 0]) for mz, intensity in whole]
    (tmp_path / "whole").mkdir()
    expected = find_peaks(measure(tmp_path / "whole", whole, **PROFILE, mode="continuous"))
    found = find_peaks(measure(tmp_path, sparse, **PROFILE, mode="processed"))
    assert len(found) == len(expected) == len(TRUE_MZ)
    assert ppm(found.mz, TRUE_MZ).max() < 5


def test_a_profile_peak_of_few_pixels_is_left_out(tmp_path, rng):
    spectra = profile_spectra(rng, 30, noise=0)
    extra = profile_spectra(rng, 1, noise=0, mz=np.append(TRUE_MZ, 700.0))
    measurement = measure(tmp_path, spectra + extra, **PROFILE, mode="continuous")
    assert len(find_peaks(measurement, minimum_share=0.1)) == 6
    assert len(find_peaks(measurement, minimum_share=0.01)) == 7


def test_noise_alone_has_no_peaks(tmp_path, rng):
    spectra = profile_spectra(rng, 20, mz=TRUE_MZ[:0])
    measurement = measure(tmp_path, spectra, **PROFILE, mode="continuous")
    with pytest.raises(DataError, match="no peak found; lower minimum_share or minimum_snr"):
        find_peaks(measurement, minimum_snr=10)


@pytest.mark.parametrize(
    ("spectrum", "options"),
    [
        (([0.0], [0.0]), CENTROID),
        ((np.arange(400, 410, 0.01), np.zeros(1000)), PROFILE | {"mode": "processed"}),
        ((np.arange(400, 410, 0.01), np.zeros(1000)), PROFILE | {"mode": "continuous"}),
    ],
)
def test_a_measurement_without_signal_has_no_peaks(tmp_path, spectrum, options):
    with pytest.raises(DataError, match="no peak found"):
        find_peaks(measure(tmp_path, [spectrum] * 4, **options))


def test_a_grid_that_would_fill_the_memory_is_refused(tmp_path, rng):
    axis = np.arange(400, 401, 0.0001)
    spectra = [(axis + shift, rng.random(len(axis))) for shift in (0, 3e-5)]
    spectra[1][0][-1] = 9e5
    measurement = measure(tmp_path, spectra, **PROFILE, mode="processed")
    with pytest.raises(DataError, match=r"a\.ibd: the m/z values spread over \d+ points of a grid"):
        find_peaks(measurement)


def test_noise_is_estimated_beside_peaks_and_follows_the_axis(rng):
    level = np.linspace(10, 100, 20_000)
    spectrum = level + rng.normal(0, level / 50)
    spectrum[rng.choice(20_000, 1000, replace=False)] += 1e4
    background, noise = local_noise(spectrum)
    inner = slice(800, -800)  # the outer half segments are level
    np.testing.assert_allclose(background[inner], level[inner], rtol=0.05)
    np.testing.assert_allclose(noise[inner], level[inner] / 50, rtol=0.5)
    np.testing.assert_allclose(noise.mean(), level.mean() / 50, rtol=0.15)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_the_sampling_of_an_analyser_is_found(power):
    truth = Grid(0.005 * 500**-power, power)
    low, high = truth.position(np.array([200.0, 1500.0]))
    spectra = [truth.mz(np.arange(low, high, 1) + phase) for phase in (0, 0.3, 0.6)]
    grid = sampling_grid(spectra, finest_ppm=0.1)
    assert grid.power == pytest.approx(power, abs=0.05)
    positions = grid.position(spectra[0])
    np.testing.assert_allclose(np.diff(positions), 1, rtol=0.1)


@pytest.mark.parametrize(
    "parameters",
    [
        {"tolerance_ppm": 0},
        {"tolerance_ppm": float("nan")},
        {"minimum_share": 1.5},
        {"minimum_snr": -1},
    ],
)
def test_parameters_out_of_range(tmp_path, parameters):
    measurement = measure(tmp_path, [([500.0], [1.0])])
    with pytest.raises(ConfigError, match=next(iter(parameters))):
        find_peaks(measurement, **parameters)
