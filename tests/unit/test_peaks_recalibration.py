"""Shifts of the m/z axis: planted ones are found, and undone."""

import numpy as np
import pandas as pd
import pytest
from measurements import TRUE_MZ, centroid_spectra, profile_spectra, write_imzml

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import ConfigError, DataError
from imsforge.ingest.ingest import read_measurement
from imsforge.peaks.extract import extract_peaks, find_peaks
from imsforge.peaks.recalibration import MassShift, estimate_shift
from imsforge.peaks.windows import Peaks

REFERENCES = [420.1, 500.3, 611.7, 780.05]


def shifted(folder, rng, kind, shift):
    """A measurement of the usual peaks, measured at m/z values that are off."""
    if kind == "centroid":
        spectra, options = centroid_spectra(rng, 400), {"mode": "processed"}
    else:
        spectra, options = profile_spectra(rng, 20), {"mode": kind, "spec_type": "profile"}
    spectra = [(shift.measured(mz), intensity) for mz, intensity in spectra]
    return read_measurement(write_imzml(folder / "a.imzML", spectra, **options))


def ppm(found, true):
    return (found - true) / true * 1e6


@pytest.mark.parametrize("kind", ["centroid", "continuous", "processed"])
@pytest.mark.parametrize(
    ("model", "shift"), [("constant", MassShift(30)), ("linear", MassShift(-60, 0.1))]
)
def test_a_planted_shift_is_undone(tmp_path, rng, kind, model, shift):
    measurement = shifted(tmp_path, rng, kind, shift)
    settings = {"references": REFERENCES, "model": model, "search_ppm": 60}
    before, after = find_peaks(measurement), find_peaks(measurement, recalibration=settings)
    assert np.abs(ppm(before.mz, TRUE_MZ)).max() > 10
    assert np.abs(ppm(after.mz, TRUE_MZ)).max() < 3
    # The windows stay where the peaks are measured.
    np.testing.assert_array_equal(before.lower, after.lower)
    np.testing.assert_array_equal(before.upper, after.upper)


@pytest.mark.parametrize("kind", ["centroid", "continuous"])
def test_a_given_list_is_looked_for_where_it_is_measured(tmp_path, rng, kind):
    measurement = shifted(tmp_path, rng, kind, MassShift(250))
    settings = {"references": REFERENCES, "model": "constant", "search_ppm": 300}
    for name, recalibration in (("off", None), ("on", settings)):
        paths = tmp_path / f"{name}.h5", tmp_path / f"{name}.csv"
        extract_peaks(measurement, *paths, given=TRUE_MZ, recalibration=recalibration)
        np.testing.assert_array_equal(pd.read_csv(paths[1]).mz, TRUE_MZ)
    missed, found = (
        PeakMatrix.read(tmp_path / f"{name}.h5", "intensity")[0].sum() for name in ("off", "on")
    )
    assert found > 5 * missed


def peaks_at(mz, intensity=1.0):
    return Peaks.around(np.asarray(mz), 0.01, intensity=np.asarray(intensity))


def test_the_strongest_peak_within_reach_is_taken():
    peaks = peaks_at([500.005, 500.02, 600.006, 700.0], [1.0, 9.0, 3.0, 100.0])
    shift = estimate_shift(peaks, [500.0, 600.0], "constant", search_ppm=50)
    assert shift.offset == pytest.approx((40 + 10) / 2)
    assert estimate_shift(peaks, [500.0], "constant", search_ppm=20).offset == pytest.approx(10)


@pytest.mark.parametrize("model", ["constant", "linear"])
def test_wrong_references_do_no_harm(rng, model):
    true = np.linspace(400, 1200, 11)
    shift = MassShift(5, 0.01 if model == "linear" else 0)
    mz = shift.measured(true)
    mz[[1, 4, 8]] *= 1 + 40e-6
    found = estimate_shift(peaks_at(mz), true, model, search_ppm=80)
    np.testing.assert_allclose(found.ppm(true), shift.ppm(true), atol=0.01)


def test_missing_references_are_named(caplog):
    peaks = peaks_at([500.0, 600.0])
    estimate_shift(peaks, [500.0, 700.0], "constant", search_ppm=20)
    assert "no peak within 20 ppm of 700" in caplog.text
    with pytest.raises(DataError) as raised:
        estimate_shift(peaks, [500.0, 700.0], "linear", search_ppm=20)
    assert "1 of 2 references have a peak within 20 ppm, 2 are needed" in str(raised.value)
    assert "none at 700" in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"references": [500.0], "model": "quadratic"}, "model: 'quadratic' is unknown"),
        ({"references": [500.0, 500.0], "model": "linear"}, "references: 1 given, a linear shift"),
        ({"references": []}, "references: 0 given"),
        ({"references": [-5.0]}, r"references: -5\.0 is no m/z"),
        ({"references": [500.0], "search_ppm": 0}, "search_ppm: 0 is not between"),
    ],
)
def test_settings_out_of_range(settings, says):
    with pytest.raises(ConfigError, match=says):
        estimate_shift(peaks_at([500.0]), **settings)
