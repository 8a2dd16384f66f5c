"""Divisors of spectra: by hand, and what they are for."""

import numpy as np
import pytest
from measurements import centroid_spectra, write_imzml

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import ConfigError, DataError
from imsforge.ingest.ingest import read_measurement
from imsforge.peaks.extract import extract
from imsforge.peaks.normalization import NORMALIZATIONS, quotients, reference_spectrum
from imsforge.peaks.windows import Peaks

MZ = np.array([400.0, 500, 600])
PEAKS = Peaks.around(MZ, MZ * 1e-5)
SPECTRA = [([400.0, 500, 600], [1.0, 2, 4]), ([400.0], [0.0]), ([400.0, 500], [3.0, 4])]
INTENSITY = np.array([[1.0, 2, 4], [0, 0, 0], [3, 4, 0]])


def normalized(folder, spectra, peaks=PEAKS, **options):
    path = write_imzml(folder / "a.imzML", spectra, mode="processed")
    extract(read_measurement(path), peaks, folder / "p.h5", folder / "p.csv", **options)
    return PeakMatrix.read(folder / "p.h5")


@pytest.mark.parametrize(
    ("normalization", "divisor"),
    [
        ("none", [1, 1, 1]),
        ("tic", [7, 1, 7]),
        ("rms", [np.sqrt(21), 1, 5]),
        ("median", [2, 1, 3.5]),
    ],
)
def test_by_hand(tmp_path, normalization, divisor):
    matrix = normalized(tmp_path, SPECTRA, normalization=normalization)
    np.testing.assert_allclose(matrix.intensity, INTENSITY / np.array(divisor)[:, None], rtol=1e-6)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_zeros_that_are_not_stored_change_nothing(tmp_path, rng, normalization):
    spectra = [(mz, rng.gamma(2, 50, 3) * (rng.random(3) < 0.7)) for mz in np.tile(MZ, (30, 1))]
    spectra[0] = MZ, np.array([9.0, 1, 1])
    stored = [(mz[values > 0], values[values > 0]) for mz, values in spectra]
    options = {"normalization": normalization, "reference_mz": 400.0}
    whole, sparse = (normalized(tmp_path, one, **options) for one in (spectra, stored))
    np.testing.assert_array_equal(whole.intensity, sparse.intensity)


def test_by_a_reference_peak(tmp_path, caplog):
    options = {"normalization": "reference", "reference_mz": 600.003}
    matrix = normalized(tmp_path, SPECTRA, **options)
    np.testing.assert_allclose(matrix.intensity, [[0.25, 0.5, 1], [0, 0, 0], [0, 0, 0]])
    assert "1 pixels have signal, but nothing to divide it by (reference)" in caplog.text


def test_a_reference_that_is_no_peak(tmp_path):
    with pytest.raises(ConfigError, match=r"no peak at 500\.02; the nearest is at 500\.0000"):
        normalized(tmp_path, SPECTRA, normalization="reference", reference_mz=500.02)


def test_an_unknown_normalization(tmp_path):
    with pytest.raises(ConfigError, match="'max' is unknown; choose one of none, tic, rms, median"):
        normalized(tmp_path, SPECTRA, normalization="max")
    assert not (tmp_path / "p.h5").exists()


def test_integers_do_not_overflow(tmp_path):
    spectra = [([400.0, 450, 500, 550, 600], [2**29] * 5)]
    path = write_imzml(tmp_path / "a.imzML", spectra, mode="processed", intensity_dtype=np.int32)
    peaks = Peaks.around(np.array([500.0]), 200.0)
    measurement = read_measurement(path)
    for normalization, expected in (("none", 5 * 2**29), ("tic", 1.0), ("rms", np.sqrt(5))):
        paths = tmp_path / "p.h5", tmp_path / "p.csv"
        extract(measurement, peaks, *paths, normalization=normalization)
        (intensity,) = PeakMatrix.read(paths[0], "intensity")
        assert intensity.item() == pytest.approx(expected, rel=1e-6)


def test_quotients_by_hand():
    spectra = np.array([[2.0, 2, 8, 0], [1, 1, 1, 3], [0, 0, 0, 4], [0, 0, 0, 0]])
    reference = np.array([2.0, 1, 4, 0])
    np.testing.assert_allclose(quotients(spectra, reference), [2, 0.5, 0, 0])


def test_the_reference_is_the_median_of_spectra_of_equal_total():
    spectra = np.array([[1.0, 3, 0], [20, 20, 0], [3, 3, 6], [0, 0, 0]])
    total = np.array([4.0, 40, 12])
    scaled = spectra[:3] * (total.mean() / total)[:, None]
    np.testing.assert_allclose(reference_spectrum(spectra), np.median(scaled, axis=0))


def test_pqn_brings_dilutions_together_where_one_peak_outshines_all(rng):
    """Dieterle et al. 2006: the total follows the peak, the median quotient does not."""
    true = rng.gamma(3, 100, 60)
    dilution = rng.uniform(0.2, 5, 200)
    spectra = rng.normal(1, 0.02, (200, 60)) * true * dilution[:, None]
    spectra[:, 0] *= rng.uniform(1, 300, 200)
    pqn = quotients(spectra, reference_spectrum(spectra))
    tic = spectra.sum(axis=1)
    spread = {name: np.std(np.log(d / dilution)) for name, d in (("pqn", pqn), ("tic", tic))}
    assert spread["pqn"] < 0.02 < 0.3 < spread["tic"]


def test_pqn_through_the_files(tmp_path, rng):
    spectra = centroid_spectra(rng, 60)
    mz = np.array([420.1, 455.25, 455.4, 500.3, 611.7, 780.05])
    peaks = Peaks.around(mz, mz * 30e-6)
    plain = normalized(tmp_path, spectra, peaks)
    matrix = normalized(tmp_path, spectra, peaks, normalization="pqn")
    # Fewer pixels than the reference takes: all of them are its sample.
    divisor = quotients(plain.intensity, reference_spectrum(plain.intensity))
    np.testing.assert_allclose(matrix.intensity, plain.intensity / divisor[:, None], rtol=1e-5)
    np.testing.assert_array_equal(matrix.total_ion_current, plain.total_ion_current)


def test_pqn_needs_peaks_that_are_common(tmp_path):
    spectra = [([mz], [1.0]) for mz in (400.0, 500.0, 600.0)]
    with pytest.raises(DataError, match="pqn: no peak shows in half of the pixels"):
        normalized(tmp_path, spectra, normalization="pqn")
