"""Profile or centroid: how spectra of many instruments look."""

import numpy as np
import pytest
from measurements import write_imzml

from imsforge.errors import DataError
from imsforge.ingest.ingest import read_measurement
from imsforge.peaks.extract import find_peaks
from imsforge.readers.mode import settle_mode


def peaks_on(axis, rng, points=6, noise=0.1, n_peaks=30, n_spectra=8):
    """Gaussian peaks of so many points at half height, on an axis, with noise."""
    place, spectra = np.arange(len(axis)), []
    for _ in range(n_spectra):
        intensity = np.abs(rng.normal(0, noise, len(axis)))
        for centre in rng.integers(0, len(axis), n_peaks):
            height = rng.exponential()
            intensity += height * np.exp(-0.5 * ((place - centre) / (points / 2.355)) ** 2)
        spectra.append((axis, intensity))
    return spectra


def linear_tof(rng, step=None, **options):
    """m/z 2,000 to 20,000: even steps, or the square of even steps of time, stored in 32 bits."""
    axis = np.linspace(2000**0.5, 20000**0.5, 15000) ** 2
    axis = axis if step is None else np.arange(2000, 20000, step)
    return peaks_on(axis.astype(np.float32).astype(float), rng, **options)


def without_zeros(spectra, level=0.35):
    return [(mz[high > level], high[high > level]) for mz, high in spectra]


def isotopes(rng, ppm, n_spectra=8):
    """Centroids of peptides, one for each isotope."""
    spectra = []
    for _ in range(n_spectra):
        mz, intensity = [], []
        for first in rng.uniform(800, 3500, 60):
            mean = 0.00055 * first
            height = np.cumprod([1, *(mean / k for k in range(1, 7))])
            seen = np.flatnonzero(height > 0.05 * height.max())
            mz += list(first + 1.00235 * seen)
            intensity += list(height[seen] * rng.exponential())
        mz = np.array(mz) * (1 + rng.normal(0, ppm * 1e-6, len(mz)))
        order = np.argsort(mz)
        spectra.append((mz[order], np.array(intensity)[order]))
    return spectra


def nominal(rng, ppm, n_spectra=8):
    """Chemical noise: a centroid near each nominal mass, weaker towards high ones."""
    mass = np.arange(500, 3000.0)
    return [
        (
            mass * 1.0005 * (1 + rng.normal(0, ppm * 1e-6, len(mass))),
            np.exp(-mass / 500) * rng.gamma(3, 1 / 3, len(mass)),
        )
        for _ in range(n_spectra)
    ]


def scattered(rng, n_points, n_spectra=16):
    return [
        (np.sort(rng.uniform(400, 900, n_points)), rng.exponential(size=n_points))
        for _ in range(n_spectra)
    ]


LOOKS = {
    "linear TOF": ("profile", lambda rng: linear_tof(rng)),
    "linear TOF, one pixel": ("profile", lambda rng: linear_tof(rng, n_spectra=1)),
    "linear TOF, much noise": ("profile", lambda rng: linear_tof(rng, noise=0.5)),
    "linear TOF, 0.4 Da": ("profile", lambda rng: linear_tof(rng, 0.4)),
    "linear TOF, 1 Da": ("profile", lambda rng: linear_tof(rng, 1.0)),
    "linear TOF, 2 Da, narrow": ("profile", lambda rng: linear_tof(rng, 2.0, points=4)),
    "linear TOF, no zeros": ("profile", lambda rng: without_zeros(linear_tof(rng))),
    "quadrupole": ("profile", lambda rng: peaks_on(np.arange(50, 800, 0.1), rng)),
    "Orbitrap, no zeros": (
        "profile",
        lambda rng: without_zeros(peaks_on((0.03 - np.arange(40000) * 2e-7) ** -2, rng)),
    ),
    "noise of a profile": ("profile", lambda rng: peaks_on(np.arange(400, 800, 0.01), rng, 1)),
    "isotopes, FT-ICR": ("centroid", lambda rng: isotopes(rng, 1)),
    "isotopes, TOF": ("centroid", lambda rng: isotopes(rng, 50)),
    "nominal masses": ("centroid", lambda rng: nominal(rng, 10)),
    "unit bins": (
        "centroid",
        lambda rng: [(np.arange(100, 900.0), rng.exponential(size=800)) for _ in range(8)],
    ),
    "lists": ("centroid", lambda rng: scattered(rng, 300)),
    "long lists": ("centroid", lambda rng: scattered(rng, 5000)),
    "7 points": ("centroid", lambda rng: scattered(rng, 7)),
    "3 points": ("centroid", lambda rng: scattered(rng, 3)),
    "1 point": ("centroid", lambda rng: scattered(rng, 1)),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", LOOKS)
def test_spectra_are_read_as_they_look_where_nothing_is_declared(name, seed):
    mode, make = LOOKS[name]
    spectra = make(np.random.default_rng(seed))
    found, (note,) = settle_mode(None, spectra)
    assert found == mode, note
    assert settle_mode(mode, spectra) == (mode, [])
    other = {"profile": "centroid", "centroid": "profile"}[mode]
    declared, (warning,) = settle_mode(other, spectra)
    assert declared == other
    assert f"if so, set ingest.mode to {mode}" in warning


def test_too_little_says_nothing():
    for spectra in ([], [(np.empty(0), np.empty(0))], [(np.arange(400, 400.05, 0.01), None)]):
        assert settle_mode("profile", spectra) == ("profile", [])


def test_points_without_a_number_do_not_hide_a_profile(rng):
    spectra = linear_tof(rng)
    for _, intensity in spectra:
        intensity[::50] = np.nan
    assert settle_mode(None, spectra)[0] == "profile"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "intensity",
    [
        np.zeros(2000),
        np.full(2000, 1e300),
        np.arange(2000) * 1e304,
        np.full(2000, np.nan),
        (np.arange(2000) % 3).astype(np.uint8),
    ],
)
def test_damaged_intensities_are_looked_at_without_complaint(intensity):
    axis = np.arange(400, 500, 0.05)
    # A grid as fine as this is one of a profile, whatever lies on it.
    assert settle_mode("profile", [(axis, intensity)]) == ("profile", [])


def test_where_no_peak_is_found_the_mode_is_named(tmp_path, rng):
    """Seven centroids a spectrum, declared as profile."""
    spectra = scattered(rng, 7, n_spectra=40)
    options = {"mode": "processed", "spec_type": "profile"}
    measurement = read_measurement(write_imzml(tmp_path / "a.imzML", spectra, **options))
    assert "look like centroid (7 points a spectrum" in measurement.warnings[0]
    with pytest.raises(DataError, match=r"no peak found; .* read as profile, .* to centroid$"):
        find_peaks(measurement)


def test_where_the_mode_looks_right_it_is_named_beside_the_limits(tmp_path, rng):
    spectra = peaks_on(np.arange(400, 420, 0.01), rng, n_peaks=0, n_spectra=12)
    options = {"mode": "continuous", "spec_type": "profile"}
    measurement = read_measurement(write_imzml(tmp_path / "a.imzML", spectra, **options))
    with pytest.raises(DataError, match=r"lower minimum_share .* read as profile: .* ingest\.mode"):
        find_peaks(measurement, minimum_snr=20)
