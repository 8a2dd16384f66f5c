"""Finding peaks: the true ones, and nothing else."""

import numpy as np
import pytest
from measurements import TRUE_MZ, centroid_spectra, profile_spectra, write_imzml

from imsforge.errors import ConfigError, DataError
from imsforge.ingest.ingest import read_measurement
from imsforge.peaks.extract import find_peaks
from imsforge.peaks.preprocessing import Preprocessing
from imsforge.peaks.summary import random_pixels

CENTROID = {"mode": "processed", "spec_type": "centroid"}
PROFILE = {"spec_type": "profile"}
AXIS = np.arange(400, 800, 0.01)


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


def test_centroids_of_few_pixels_are_left_out(tmp_path, rng):
    spectra = centroid_spectra(rng, 200)
    for pixel in range(8):
        mz, intensity = spectra[pixel]
        spectra[pixel] = np.append(mz, 795.0), np.append(intensity, 1e6)
    measurement = measure(tmp_path, spectra, **CENTROID)
    assert len(find_peaks(measurement, minimum_share=0.05)) == 6
    found = find_peaks(measurement, minimum_share=0.04)
    assert len(found) == 7
    assert ppm(found.mz[-1:], 795.0) < 1e-4


def test_a_single_centroid_is_no_peak_however_bright(tmp_path, rng):
    spectra = centroid_spectra(rng, 200)
    mz, intensity = spectra[5]
    spectra[5] = np.append(mz, 795.0), np.append(intensity, 1e9)
    assert len(find_peaks(measure(tmp_path, spectra, **CENTROID), minimum_share=0)) == 6


def test_what_half_of_a_few_pixels_show_is_a_peak(tmp_path):
    measurement = measure(tmp_path, [([500.0, 600.0], [3.0, 1.0])], **CENTROID)
    np.testing.assert_allclose(find_peaks(measurement).mz, [500, 600], rtol=1e-9)


@pytest.mark.parametrize("jitter_ppm", [2, 8])
def test_scattered_centroids_do_not_make_peaks(tmp_path, rng, jitter_ppm):
    spectra = []
    for mz, intensity in centroid_spectra(rng, 400, jitter_ppm):
        noise = np.concatenate([rng.uniform(400, 800, 20), rng.normal(600, 0.1, 3)])
        order = np.argsort(np.append(mz, noise))
        both = np.append(mz, noise)[order], np.append(intensity, rng.uniform(1, 50, 23))[order]
        spectra.append(both)
    peaks = find_peaks(measure(tmp_path, spectra, **CENTROID), minimum_share=0)
    assert len(peaks) == len(TRUE_MZ)
    assert ppm(peaks.mz, TRUE_MZ).max() < 3
    assert (peaks.snr > 10).all()


def test_the_width_of_a_peak_is_the_spread_of_its_centroids(tmp_path, rng):
    spectra = centroid_spectra(rng, 2000, jitter_ppm=4)
    peaks = find_peaks(measure(tmp_path, spectra, **CENTROID))
    np.testing.assert_allclose(peaks.width / peaks.mz, 2.355 * 4e-6, rtol=0.1)


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
    assert measurement.mode == "profile"
    assert (measurement.axis is None) == (layout == "processed")
    peaks = find_peaks(measurement, minimum_snr=7)  # noise above 0 alone, of 12 pixels, is skew
    assert len(peaks) == len(TRUE_MZ)
    assert ppm(peaks.mz, TRUE_MZ).max() < 5
    np.testing.assert_allclose(peaks.width, 2.355 * 0.02, rtol=0.15)


def test_a_window_is_no_narrower_than_the_tolerance(tmp_path, rng):
    measurement = measure(tmp_path, profile_spectra(rng), **PROFILE, mode="continuous")
    peaks = find_peaks(measurement, tolerance_ppm=200)
    np.testing.assert_allclose(peaks.upper[[0, 3]], peaks.mz[[0, 3]] * (1 + 200e-6))
    assert peaks.upper[1] == peaks.lower[2]


def test_a_window_holds_its_peak_beside_gaps_in_the_axis(tmp_path, rng):
    """Some instruments export the axis only where there was signal in any pixel."""
    mz = TRUE_MZ[[0, 3, 4, 5]]
    axis = np.concatenate([centre + 0.01 * np.arange(-1, 8) for centre in mz])
    axis = np.sort(np.append(axis, rng.uniform(400, 800, 300)))
    measurement = measure(
        tmp_path, profile_spectra(rng, 10, mz=mz, axis=axis), **PROFILE, mode="continuous"
    )
    peaks = find_peaks(measurement, minimum_snr=10)
    within = (peaks.lower[:, None] <= mz) & (mz < peaks.upper[:, None])
    assert (within.sum(axis=0) == 1).all()


def test_zeros_left_out_of_profiles_change_nothing(tmp_path, rng):
    whole = profile_spectra(rng, noise=0)
    sparse = [(mz[intensity > 0], intensity[intensity > 0]) for mz, intensity in whole]
    (tmp_path / "whole").mkdir()
    expected = find_peaks(measure(tmp_path / "whole", whole, **PROFILE, mode="continuous"))
    found = find_peaks(measure(tmp_path, sparse, **PROFILE, mode="processed"))
    assert len(found) == len(expected) == len(TRUE_MZ)
    assert ppm(found.mz, TRUE_MZ).max() < 5
    # Where nothing is noise, what one faint pixel adds takes its place.
    assert found.snr.max() < 1e4


def test_a_profile_peak_of_few_pixels_is_left_out(tmp_path, rng):
    spectra = profile_spectra(rng, 150, noise=0, axis=AXIS)
    extra = profile_spectra(rng, 15, noise=0, mz=np.append(TRUE_MZ, 700.0), axis=AXIS)
    measurement = measure(tmp_path, spectra + extra, **PROFILE, mode="continuous")
    assert len(find_peaks(measurement, minimum_share=0.15)) == 6
    assert len(find_peaks(measurement, minimum_share=0.05)) == 7


def test_a_profile_peak_of_one_pixel_shows_on_the_skyline_alone(tmp_path, rng):
    for layout, shift in (("continuous", 0), ("processed", 0.01)):
        spectra = profile_spectra(rng, 30, shift)
        extra = profile_spectra(rng, 1, shift, mz=np.append(TRUE_MZ, 700.0))
        measurement = measure(tmp_path, spectra + extra, **PROFILE, mode=layout)
        assert len(find_peaks(measurement, minimum_share=0)) == 6
        found = find_peaks(measurement, spectrum="skyline", minimum_snr=10)
        assert len(found) == 7
        assert ppm(found.mz[4:6], [611.7, 700.0]).max() < 10


def test_a_random_subset_will_do(tmp_path, rng):
    measurement = measure(tmp_path, profile_spectra(rng, 20), **PROFILE, mode="continuous")
    whole = find_peaks(measurement)
    subset = find_peaks(measurement, spectrum="subset")  # of 20 pixels, all are taken
    np.testing.assert_array_equal(subset.mz, whole.mz)
    rows = random_pixels(5000, 1000, seed=3)
    assert len(set(rows)) == 1000
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, random_pixels(5000, 1000, seed=3))


def test_noise_alone_has_no_peaks(tmp_path, rng):
    spectra = profile_spectra(rng, 20, mz=TRUE_MZ[:0])
    measurement = measure(tmp_path, spectra, **PROFILE, mode="continuous")
    with pytest.raises(DataError, match="no peak found; lower minimum_share or minimum_snr"):
        find_peaks(measurement, minimum_snr=7)


@pytest.mark.parametrize("kind", ["centroid", "continuous", "processed"])
def test_any_number_of_threads_finds_the_same(tmp_path, rng, kind):
    if kind == "centroid":
        spectra, options = centroid_spectra(rng, 300), CENTROID
    else:
        shift = 0.01 if kind == "processed" else 0
        spectra, options = profile_spectra(rng, 40, shift), PROFILE | {"mode": kind}
    measurement = measure(tmp_path, spectra, **options)
    one, several = find_peaks(measurement), find_peaks(measurement, threads=3)
    for name in ("mz", "lower", "upper", "width", "snr", "intensity"):
        np.testing.assert_array_equal(getattr(one, name), getattr(several, name))


def test_files_with_axes_of_their_own_are_brought_together(tmp_path, rng):
    paths = []
    for k, offset in enumerate((0, 0.004)):
        spectra = profile_spectra(rng, 15, axis=AXIS + offset)
        paths.append(write_imzml(tmp_path / f"{k}.imzML", spectra, mode="continuous", **PROFILE))
    measurement = read_measurement(paths)
    assert measurement.axis is None
    for spectrum in ("mean", "skyline"):
        peaks = find_peaks(measurement, spectrum=spectrum)
        assert len(peaks) == len(TRUE_MZ)
        assert ppm(peaks.mz, TRUE_MZ).max() < 5


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


@pytest.mark.parametrize("kind", ["centroid", "continuous", "processed", "axis"])
def test_a_given_list_is_taken_as_it_is(tmp_path, rng, kind):
    given = np.array([420.1, 500.3, 700.0])  # no peak at the last
    if kind == "centroid":
        spectra, options = centroid_spectra(rng, 200), CENTROID
    elif kind == "axis":
        spectra, options = [(TRUE_MZ, np.ones(6))] * 3, {"mode": "continuous"}
    else:
        spectra, options = profile_spectra(rng, 20), PROFILE | {"mode": kind}
    peaks = find_peaks(measure(tmp_path, spectra, **options), given)
    np.testing.assert_array_equal(peaks.mz, given)
    assert (peaks.upper - given >= 20e-6 * given * 0.999).all()
    assert (given - peaks.lower >= 20e-6 * given * 0.999).all()
    if kind != "axis":
        assert peaks.snr[:2].min() > 20 > 5 > peaks.snr[2]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("spectrum", "skyline"),
        ("resolving_power", {"value": 1e4}),
        ("preprocess", Preprocessing({"window": 5, "order": 2})),
        ("preprocess", Preprocessing(baseline={"method": "snip", "width": 20})),
    ],
)
def test_settings_for_profiles_are_refused_for_centroids(tmp_path, rng, setting, value):
    measurement = measure(tmp_path, centroid_spectra(rng), **CENTROID)
    with pytest.raises(ConfigError, match="is for profile spectra, but these are centroids"):
        find_peaks(measurement, **{setting: value})


@pytest.mark.parametrize(
    "parameters",
    [
        {"tolerance_ppm": 0},
        {"tolerance_ppm": float("nan")},
        {"minimum_share": 1.5},
        {"minimum_snr": -1},
        {"spectrum": "median"},
        {"resolving_power": {"value": 0}},
        {"resolving_power": {"value": 1e4, "at_mz": 0}},
        {"resolving_power": {"value": 1e4, "analyser": "magnet"}},
    ],
)
def test_parameters_out_of_range(tmp_path, parameters):
    axis = np.arange(400, 401, 0.01)
    measurement = measure(tmp_path, [(axis, np.ones(100))], **PROFILE, mode="continuous")
    with pytest.raises(ConfigError, match=next(iter(parameters))):
        find_peaks(measurement, **parameters)


@pytest.mark.parametrize("background", [500, 5000])
@pytest.mark.parametrize("shift", [0, 2e-5])
def test_a_background_is_not_counted_as_signal(tmp_path, background, shift):
    """Peaks in 3, 10, 50 and 100 % of the pixels, on a background that is in all of them."""
    rng = np.random.default_rng(1)
    axis = np.exp(np.arange(np.log(522), np.log(598), 1 / 25000))
    true, shown, spectra = np.array([530, 550, 570, 590.0]), (0.03, 0.1, 0.5, 1.0), []
    for _ in range(400):
        mz = axis * (1 + shift * rng.uniform(-1, 1))
        high = 20 * rng.standard_normal(len(mz))
        high += background * rng.lognormal(0, 0.2) * np.exp((500 - mz) / 200)
        for centre, share in zip(true, shown, strict=True):
            there = rng.random() < share
            high += there * 2000 * np.exp(-0.5 * ((mz - centre) / (centre / 5000 / 2.355)) ** 2)
        spectra.append((mz, np.maximum(high, 0).astype(np.float32)))
    options = {"mode": "processed" if shift else "continuous", "spec_type": "profile"}
    measurement = read_measurement(write_imzml(tmp_path / "a.imzML", spectra, **options))
    baseline = Preprocessing(baseline={"method": "snip", "width": 200})
    for least, n_left in ((0.001, 4), (0.06, 3), (0.2, 2), (0.8, 1)):
        peaks = find_peaks(measurement, minimum_share=least, preprocess=baseline)
        np.testing.assert_allclose(peaks.mz, true[-n_left:], rtol=1e-5)
        # Where it is not subtracted, a peak may count for more pixels, never for fewer.
        kept = find_peaks(measurement, minimum_share=least).mz
        assert (np.abs(kept[:, None] / true[-n_left:] - 1).min(axis=0) < 1e-5).all()
