"""Background and noise: what was planted, in sparse and dense regions."""

import numpy as np
import pytest

from imsforge.peaks.noise import background_and_noise

N_POINTS = 40_000
WIDTH = 6.0


def peaks_at(centres, heights):
    """Gaussian peaks of the usual width."""
    spectrum = np.zeros(N_POINTS)
    for centre, height in zip(centres, heights, strict=True):
        near = slice(max(0, int(centre) - 30), int(centre) + 30)
        point = np.arange(N_POINTS)[near]
        spectrum[near] += height * np.exp(-0.5 * ((point - centre) / (WIDTH / 2.355)) ** 2)
    return spectrum


def level(kind):
    x = np.linspace(0, 1, N_POINTS)
    return {"flat": np.full(N_POINTS, 20.0), "falling": 500 * np.exp(-6 * x) + 20}[kind]


@pytest.mark.parametrize("kind", ["flat", "falling"])
@pytest.mark.parametrize("n_peaks", [0, 300, 2000])
def test_what_was_planted_is_found(rng, kind, n_peaks):
    """With 2000 peaks, a third of the points are more than a noise level above the background."""
    true = np.linspace(1, 4, N_POINTS)
    noise = true * rng.normal(size=N_POINTS)
    peaks = peaks_at(rng.uniform(0, N_POINTS, n_peaks), rng.lognormal(4, 2, n_peaks))
    spectrum = level(kind) + noise + peaks
    background, found = background_and_noise(spectrum, spectrum, WIDTH)
    error = (background - level(kind)) / true
    assert np.abs(np.mean(error)) < 0.3
    assert np.percentile(np.abs(error), 95) < 1
    assert np.abs(error[[0, -1]]).max() < 2  # half a segment from the outer centres
    np.testing.assert_allclose(found, true, rtol=0.35)
    np.testing.assert_allclose(found.mean(), true.mean(), rtol=0.12)


def test_noise_in_a_dense_half_is_not_that_of_its_peaks(rng):
    """One half has a peak every other width, so that hardly a point is background."""
    half = np.arange(N_POINTS / 2, N_POINTS, 2 * WIDTH)
    peaks = peaks_at(half, rng.lognormal(4, 1, len(half)))
    spectrum = 50 + rng.normal(size=N_POINTS) + peaks
    background, noise = background_and_noise(spectrum, spectrum, WIDTH)
    dense = np.arange(N_POINTS) > 0.55 * N_POINTS
    np.testing.assert_allclose(noise[: N_POINTS // 3], 1, rtol=0.2)
    assert noise[dense].max() < 6  # where spread alone would say more than 20
    assert np.median(background[dense]) - 50 < 0.5 * np.median(peaks[dense])


def test_correlated_noise_is_noise(rng):
    """Smoothed spectra are less rough than their noise is high."""
    white = rng.normal(size=N_POINTS + 8)
    noise = np.convolve(white, np.ones(9) / 3, mode="valid")
    spectrum = 100 + noise + peaks_at(np.arange(500, N_POINTS, 400), np.full(99, 1e3))
    _, found = background_and_noise(spectrum, spectrum, WIDTH)
    np.testing.assert_allclose(found, 1, rtol=0.3)


def test_no_noise_between_zeros():
    spectrum = peaks_at([5000, 20_000, 35_000], [10.0, 1e4, 1e-3])
    background, noise = background_and_noise(spectrum, spectrum, WIDTH)
    assert np.abs(background).max() == 0
    assert np.abs(noise).max() == 0


@pytest.mark.parametrize("n_points", [1, 2, 5, 100])
def test_short_spectra(rng, n_points):
    spectrum = rng.random(n_points)
    background, noise = background_and_noise(spectrum, spectrum, WIDTH)
    assert background.shape == noise.shape == (n_points,)
    assert np.isfinite(background).all()
    assert (noise >= 0).all()
