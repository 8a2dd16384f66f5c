"""How good the peaks are: on phantoms, whose truth is known, and on the format's own examples."""

import numpy as np
import pandas as pd
import pytest
from measurements import phantom_profiles, slow_sums, write_imzml

from imsforge.artifacts.contract import PeakMatrix
from imsforge.ingest.ingest import read_measurement
from imsforge.peaks import preprocessing
from imsforge.peaks.extract import extract, find_peaks
from imsforge.phantom import make_phantom, write_phantom

PROFILE = {"spec_type": "profile"}


def score(peaks, true, tolerance):
    """Return the share of true peaks that were found, and of found ones that are false."""
    distance = np.abs(peaks.mz[:, None] - true) / true
    return (distance.min(axis=0) < tolerance).mean(), (distance.min(axis=1) >= tolerance).mean()


def integrated(measurement, peaks, folder, **options):
    extract(measurement, peaks, folder / "p.h5", folder / "p.csv", **options)
    return PeakMatrix.read(folder / "p.h5", "intensity")[0]


def test_the_phantom_comes_back_whole(tmp_path):
    phantom = make_phantom()
    write_phantom(phantom, tmp_path / "kidney.imzML")
    measurement = read_measurement(tmp_path / "kidney.imzML")
    peaks = find_peaks(measurement)
    found, false = score(peaks, phantom.truth.mz, 5e-6)
    assert found >= 0.98
    assert false <= 0.02
    true = np.abs(peaks.mz[:, None] - phantom.truth.mz).argmin(axis=1)
    values = integrated(measurement, peaks, tmp_path)
    np.testing.assert_array_equal(values, phantom.intensity()[:, true])


@pytest.mark.parametrize("scatter", ["even", "beside nominal masses"])
def test_the_phantom_among_scattered_centroids(tmp_path, rng, scatter):
    """As many centroids of noise as of peaks, and no peak in fewer than 20 of 2000 pixels."""
    phantom = make_phantom(2000, 100)
    spectra, n_shown = [], np.zeros(100)
    for _, intensity, mz in phantom.blocks():
        n_shown += (intensity > 0).sum(axis=0)
        for values, masses in zip(intensity, mz, strict=True):
            n_noise = rng.poisson(np.count_nonzero(values))
            noise = rng.uniform(400, 1400, n_noise)
            if scatter != "even":
                noise = np.rint(noise) * 1.0005 + rng.normal(0, 0.12, n_noise)
            masses = np.concatenate([masses[values > 0], noise])
            values = np.concatenate([values[values > 0], rng.gamma(3, 800, n_noise)])
            order = np.argsort(masses)
            spectra.append((masses[order], values[order]))
    pixels = [(i % 50 + 1, i // 50 + 1) for i in range(2000)]
    path = write_imzml(tmp_path / "a.imzML", spectra, pixels, mode="processed")
    peaks = find_peaks(read_measurement(path))
    true = phantom.truth.mz
    found, _ = score(peaks, true[n_shown >= 20], 5e-6)
    _, false = score(peaks, true, 5e-6)
    assert found >= 0.98
    assert false <= 0.02


@pytest.mark.parametrize("kind", ["whole", "without zeros", "shifted axes"])
def test_a_phantom_of_profiles(tmp_path, rng, kind):
    phantom = make_phantom(300, 120)
    axis, spectra, ions, shot_noise = phantom_profiles(phantom)
    if kind == "whole":
        spectra, options = [(axis, row) for row in spectra], {"mode": "continuous"}
    elif kind == "without zeros":
        spectra = np.where(spectra > 60, spectra, 0)
        spectra, options = [(axis[row > 0], row[row > 0]) for row in spectra], {"mode": "processed"}
    else:
        shifts = 1 + rng.uniform(-2e-5, 2e-5, 300)
        spectra = [
            (axis * shift, np.interp(axis * shift, axis, row).astype(np.float32))
            for shift, row in zip(shifts, spectra, strict=True)
        ]
        options = {"mode": "processed"}
    measurement = read_measurement(write_imzml(tmp_path / "a.imzML", spectra, **PROFILE, **options))
    peaks = find_peaks(measurement)
    # Less than ten ions in all pixels together are hardly a peak.
    true = phantom.truth.mz
    seen = ions.sum(axis=0) > 10 * 500
    found, _ = score(peaks, true[seen], 2e-5)
    _, false = score(peaks, true, 2e-5)
    assert found >= 0.98
    assert false <= 0.02
    nearest = np.abs(peaks.mz[:, None] - true).argmin(axis=1)
    error = (integrated(measurement, peaks, tmp_path) - ions[:, nearest]) / shot_noise[:, nearest]
    assert np.sqrt(np.mean(error**2)) < 0.5


BASELINES = {
    "flat": lambda mz: np.full(len(mz), 1.5),
    "falling": lambda mz: 4 * np.exp(-(mz - 400) / 400),
    "rising": lambda mz: mz / 400,
    "hump": lambda mz: 3 * np.exp(-(((mz - 800) / 300) ** 2)),
}


@pytest.mark.parametrize("baseline", BASELINES)
def test_peaks_that_stand_on_a_background_higher_than_themselves(tmp_path, rng, baseline):
    """The tallest point of the spectrum, too, is a peak as wide as all others, in its place."""
    phantom = make_phantom(200, 60)
    axis, spectra, ions, _ = phantom_profiles(phantom, baseline=BASELINES[baseline])
    spectra = [(axis, row) for row in spectra]
    path = write_imzml(tmp_path / "a.imzML", spectra, **PROFILE, mode="continuous")
    measurement = read_measurement(path)
    peaks = find_peaks(measurement)
    true, strong = phantom.truth.mz, ions.mean(axis=0) > 3000
    found, _ = score(peaks, true[strong], 5e-6)
    _, false = score(peaks, true, 1e-4)
    assert found == 1
    assert false == 0
    nearest = np.abs(peaks.mz[:, None] - true[strong]).argmin(axis=0)
    np.testing.assert_allclose(peaks.width[nearest], true[strong] / 5000, rtol=0.15)
    total = np.mean([row for _, row in spectra], axis=0)
    tallest = nearest[np.interp(true[strong], axis, total).argmax()]
    lock = {"references": [float(true[strong][np.interp(true[strong], axis, total).argmax()])]}
    shifted = find_peaks(measurement, recalibration=lock)
    np.testing.assert_allclose(shifted.mz, peaks.mz, rtol=5e-6)
    assert peaks.upper[tallest] - peaks.lower[tallest] < 3 * peaks.mz[tallest] / 5000


@pytest.mark.parametrize("width", [50, 200])
@pytest.mark.parametrize("method", preprocessing.BASELINES)
def test_a_baseline_makes_no_peaks_beside_strong_ones(tmp_path, rng, method, width):
    phantom = make_phantom(100, 60)
    axis, spectra, ions, _ = phantom_profiles(phantom)
    path = write_imzml(
        tmp_path / "a.imzML", [(axis, row) for row in spectra], **PROFILE, mode="continuous"
    )
    baseline = {"method": method, "width": width}
    preprocess = preprocessing.Preprocessing(baseline=baseline)
    peaks = find_peaks(read_measurement(path), preprocess=preprocess)
    true = phantom.truth.mz
    found, _ = score(peaks, true[ions.mean(axis=0) > 500], 1e-5)
    _, false = score(peaks, true, 1e-4)
    assert found == 1
    assert false == 0


@pytest.mark.parametrize("name", ["official_continuous", "official_processed"])
@pytest.mark.parametrize(("statistic", "reduce"), [("area", np.sum), ("height", np.max)])
def test_the_format_s_own_examples(shared_data, tmp_path, name, statistic, reduce):
    path = shared_data / "imzml-zoo" / f"{name}.imzML"
    measurement = read_measurement(path)
    # The peaks that 9 pixels agree on, and windows all over the mass range.
    for peaks in (find_peaks(measurement), find_peaks(measurement, np.arange(101, 800, 1.5))):
        values = integrated(measurement, peaks, tmp_path, intensity=statistic)
        expected = slow_sums(path, peaks, reduce)
        assert (expected > 0).mean() > 0.5
        np.testing.assert_allclose(values, expected, rtol=2e-6, atol=1e-30)
        table = pd.read_csv(tmp_path / "p.csv")
        np.testing.assert_allclose(table.mean_intensity, expected.mean(axis=0), rtol=2e-6)
