"""What of a pixel a view shows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from imsforge.anomaly.views import PixelRows, rarer, surprise


def rows_of(spectra, total=None):
    weights = spectra[:, :2]
    total = spectra.sum(axis=1) if total is None else total
    return PixelRows(spectra.astype(np.float32), weights.astype(np.float32), total)


@pytest.fixture
def spectra(rng):
    return rng.gamma(3, 5, (40, 6))


def test_counting_noise_has_one_size_in_the_count_view(rng):
    dim, bright = (rng.poisson(level, (20_000, 4)).astype(float) for level in (30, 3000))
    spreads = [rows_of(part).view("count")[:, :2].std(axis=0) for part in (dim, bright)]
    assert_allclose(spreads[0] / spreads[1], 1, atol=0.05)


def test_normalised_spectra_have_the_same_count_view(spectra):
    total = spectra.sum(axis=1)
    normalised = spectra / total[:, None]
    assert_allclose(
        rows_of(normalised, total).view("count"), rows_of(spectra).view("count"), rtol=1e-5
    )


def test_a_gain_changes_the_count_view_and_not_the_composition(spectra):
    gain = np.linspace(0.1, 10, 40)[:, None]
    brighter = rows_of(spectra * gain)
    assert_allclose(brighter.view("composition"), rows_of(spectra).view("composition"), rtol=1e-5)
    change = brighter.view("count")[:, -1] - rows_of(spectra).view("count")[:, -1]
    assert_allclose(change, np.log(gain[:, 0]), rtol=1e-4, atol=1e-5)
    assert_allclose(np.sum(brighter.view("composition") ** 2, axis=1), 1, rtol=1e-5)


def test_other_views_are_what_they_say(spectra):
    rows = rows_of(spectra)
    assert_array_equal(rows.view("weights"), rows.weights)
    assert_array_equal(rows.view("spectra"), rows.spectra)
    assert_allclose(rows.view("total-ion-current")[:, 0], np.log(spectra.sum(axis=1)))
    with pytest.raises(KeyError):
        rows.view("colour")


def test_surprise_rises_with_the_score_beyond_all_healthy_pixels(rng):
    healthy = rng.exponential(2, 2000)
    score = np.linspace(0, 60, 500)
    found = surprise(score, healthy)
    assert (np.diff(found) >= 0).all()
    assert (np.diff(found[score > healthy.max()]) > 0).all()
    assert found[0] == pytest.approx(0, abs=1e-3)
    assert_allclose(found, score / 2, rtol=0.15, atol=0.1)  # the tail of an exponential


def test_the_rarer_view_counts_whatever_its_scale(rng):
    healthy = np.arange(1100) < 1000
    one, other = rng.exponential(1, 1100), rng.exponential(1000, 1100)
    one[1000:1050] += 30
    other[1050:] += 30_000
    both = rarer([one, other], healthy)
    assert both[1000:].min() > both[:1000].max()
    assert_allclose(rarer([one * 7, other], healthy), both)


def test_equal_healthy_scores_are_no_trouble():
    assert np.isfinite(surprise(np.array([0.0, 1.0]), np.zeros(50))).all()
    found = surprise(np.array([0.0, 5.0, 6.0]), np.zeros(50)).astype(np.float32)
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()


def test_residuals_over_the_current_are_alike_whether_spectra_are_normalised_or_not(rng):
    level = rng.uniform(20, 2000, 4000)
    spectra = rng.poisson(level[:, None], (4000, 6)).astype(float)
    total = spectra.sum(axis=1)
    raw, normalised = rows_of(spectra), rows_of(spectra / total[:, None], total)
    residual = np.sum((spectra - level[:, None])[:, :2] ** 2, axis=1)
    expected = residual / total
    assert_allclose(raw.per_current(residual), expected)
    assert_allclose(normalised.per_current(residual / total**2), expected, rtol=1e-5)
    assert abs(np.corrcoef(expected, level)[0, 1]) < 0.1
