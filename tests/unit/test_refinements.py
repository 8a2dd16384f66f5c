import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ks_2samp, spearmanr
from sklearn.frozen import FrozenEstimator

from imsforge.oversampling import Calibrated, Duplicate, Filtered, Gaussian, Noise, fitted_sampler
from imsforge.oversampling.base import GenerativeSampler
from imsforge.oversampling.refinements import quantile, random_rank

SORTED = arrays(np.float64, st.integers(1, 30), elements=st.integers(-5, 5)).map(np.sort)


@pytest.fixture
def spectra(rng):
    """Two classes of skewed features that go together, with exact zeros: X, y."""
    y = np.repeat([1, 2], (400, 60))
    common = rng.normal(size=(460, 1))
    raw = np.exp(common + 0.3 * rng.normal(size=(460, 4))) * y[:, None]
    return np.where(raw > 0.7, raw, 0).astype(np.float32), y


def test_quantiles_by_hand():
    sample = np.array([0, 0, 10, 20.0])
    rank = np.array([0, 0.125, 0.375, 0.45, 0.55, 0.625, 0.75, 0.875, 1])
    # Between zero and the first detected value lies nothing; between detected ones lies the middle.
    assert quantile(sample, rank).tolist() == [0, 0, 0, 0, 10, 10, 15, 20, 20]


def test_random_ranks_by_hand():
    sample = np.array([0, 0, 0, 5.0])
    chance = np.array([0, 0.5, 1, 0, 0, 0])
    values = np.array([0, 0, 0, 5, -1, 9])
    expected = np.array([0, 1.5, 3, 3, 0, 4]) / 5
    np.testing.assert_allclose(random_rank(sample, values, chance), expected)


@given(SORTED, arrays(np.float64, 20, elements=st.floats(0, 1)))
def test_quantiles_rise_and_stay_within_the_sample(sample, rank):
    values = quantile(sample, np.sort(rank))
    assert (np.diff(values) >= 0).all()
    assert (values >= sample[0]).all()
    assert (values <= sample[-1]).all()
    second = sample[sample > sample[0]]
    if len(second):
        assert not np.any((values > sample[0]) & (values < second[0]))


@given(SORTED, arrays(np.float64, 20, elements=st.integers(-6, 6)), st.floats(0, 1))
def test_ranks_rise_with_values(sample, values, chance):
    ranks = random_rank(sample, np.sort(values), np.full(20, chance))
    assert (np.diff(ranks) >= 0).all()
    assert (ranks >= 0).all()
    assert (ranks <= 1).all()


def test_calibrated_features_are_distributed_as_in_training(spectra):
    X, y = spectra
    plain = Gaussian(random_state=0).fit(X, y)
    calibrated = Calibrated(Gaussian(random_state=0), random_state=0).fit(X, y)
    real, before, after = X[y == 1], plain.sample(4000, 1), calibrated.sample(4000, 1)
    for j in range(4):
        assert ks_2samp(before[:, j], real[:, j]).statistic > 0.2
        assert ks_2samp(after[:, j], real[:, j]).statistic < 0.06
    assert np.mean(after == 0) == pytest.approx(np.mean(real == 0), abs=0.03)
    assert (after >= 0).all()
    # How features go together remains the generator's.
    assert spearmanr(after[:, 0], after[:, 1])[0] > 0.6


def test_a_small_class_is_not_held_to_its_few_values(spectra):
    X, y = spectra
    few = np.concatenate([np.flatnonzero(y == 1)[:6], np.flatnonzero(y == 2)])
    calibrated = Calibrated(Noise(), random_state=0).fit(X[few], y[few])
    drawn = calibrated.sample(500, 1)
    assert (drawn.max(axis=0) > X[few][:6].max(axis=0)).any()
    assert (drawn.max(axis=0) <= X[few].max(axis=0)).all()


class Blurred(GenerativeSampler):
    """Rows of any class, whatever is asked for."""

    def _learn(self, X, y):
        self._rows = X

    def _draw(self, n, label):
        return self._rows[self._random.randint(len(self._rows), size=n)]


def test_filtered_rows_are_taken_for_their_class_as_often_as_real_ones(rng):
    X = np.concatenate([rng.normal(0, 1, (900, 3)), rng.normal(1, 1, (300, 3))])
    y = np.repeat([1, 2], (900, 300))
    sampler = Filtered(Blurred(), random_state=0).fit(X, y)
    for label in (1, 2):
        drawn = sampler.sample(2000, label)
        assert drawn.shape == (2000, 3)
        passed = np.mean(sampler.classifier_.predict(drawn) == label)
        real = np.mean(sampler.classifier_.predict(X[y == label]) == label)
        assert passed == pytest.approx(real, abs=0.05)
    assert sampler.sample(0, 1).shape == (0, 3)
    assert sampler.sample(1, 1).shape == (1, 3)


def test_classes_that_are_far_apart_are_kept_apart(rng):
    X = np.concatenate([rng.normal(0, 1, (200, 3)), rng.normal(9, 1, (100, 3))])
    y = np.repeat([1, 2], (200, 100))
    sampler = Filtered(Blurred(), random_state=0).fit(X, y)
    for label in (1, 2):
        assert np.mean(sampler.classifier_.predict(sampler.sample(300, label)) == label) > 0.97


@pytest.mark.parametrize("n", [1, 1000])
def test_a_small_class_is_not_cut_off_at_its_border(n, rng):
    """A class of mean 2 beside one of mean 0 that is twenty times as frequent; both of spread 1."""
    X = np.concatenate([rng.normal(0, 1, (4000, 1)), rng.normal(2, 1, (200, 1))])
    y = np.repeat([1, 2], (4000, 200))
    sampler = Filtered(Gaussian(), random_state=0).fit(X, y)
    drawn = np.concatenate([sampler.sample(n, 2) for _ in range(max(1, 1000 // n))])
    assert drawn.mean() == pytest.approx(X[y == 2].mean(), abs=0.1)
    assert drawn.std() == pytest.approx(X[y == 2].std(), abs=0.1)


def test_more_features_than_rows_do_not_make_every_row_pass(rng):
    """A classifier of such rows knows them all by heart, and others not at all."""
    X, y = rng.normal(size=(60, 200)), np.repeat([1, 2], 30)
    fresh = Blurred(random_state=0).fit(X, y)
    fresh._rows = rng.normal(size=(2000, 200))
    sampler = Filtered(FrozenEstimator(fresh), random_state=0).fit(X, y)
    assert (sampler.classifier_.predict(X) == y).all()
    assert np.mean(sampler.classifier_.predict(sampler.sample(500, 1)) == 1) < 0.7


@pytest.mark.parametrize("size", [1, 2])
def test_a_class_of_a_row_or_two_can_be_filtered(size, rng):
    X, y = rng.normal(size=(40 + size, 2)), np.repeat([1, 2], (40, size))
    sampler = Filtered(Duplicate(), random_state=0).fit(X, y)
    assert sampler.sample(30, 2).shape == (30, 2)


def test_a_blind_sampler_knows_no_class(rng):
    X = np.concatenate([rng.normal(0, 1, (300, 2)), rng.normal(6, 1, (300, 2))]).astype(np.float32)
    y = np.repeat([1, 2], 300)
    blind = fitted_sampler("blind", X, y, seed=1)
    first, second = (blind.sample(4000, label) for label in (1, 2))
    assert ks_2samp(first[:, 0], second[:, 0]).pvalue > 0.001
    np.testing.assert_allclose(first.mean(axis=0), X.mean(axis=0), atol=0.2)
    np.testing.assert_allclose(np.cov(first.T), np.cov(X.T), rtol=0.1)
    # The filter gives it the classes that it does not know.
    filtered = fitted_sampler("blind+filter", X, y, seed=1)
    assert filtered.sample(500, 2).mean() > filtered.sample(500, 1).mean() + 2
    np.testing.assert_array_equal(
        fitted_sampler("blind", X, y, seed=1).sample(5, 1),
        fitted_sampler("blind", X, y, seed=1).sample(5, 2),
    )


def test_where_nothing_passes_the_most_probable_are_taken(rng):
    X = np.concatenate([rng.normal(0, 1, (200, 2)), rng.normal(30, 1, (20, 2))])
    y = np.repeat([1, 2], (200, 20))
    blurred = Blurred(random_state=0).fit(X, y)
    blurred._rows = X[:200]
    sampler = Filtered(FrozenEstimator(blurred), random_state=0).fit(X, y)
    drawn = sampler.sample(20, 2)
    assert drawn.shape == (20, 2)
    assert drawn.sum(axis=1).mean() > X[:200].sum(axis=1).mean() + 1


@pytest.mark.parametrize("refinement", [Calibrated, Filtered])
def test_refined_samplers_are_imbalanced_learn_s(refinement, spectra):
    X, y = spectra
    filled, y_filled = refinement(Duplicate(random_state=0), random_state=1).fit_resample(X, y)
    np.testing.assert_array_equal(filled[:460], X)
    assert np.bincount(y_filled)[1:].tolist() == [400, 400]
    again, _ = refinement(Duplicate(random_state=0), random_state=1).fit_resample(X, y)
    np.testing.assert_array_equal(filled, again)


def test_refinements_follow_a_name(spectra):
    X, y = spectra
    sampler = fitted_sampler("gaussian+calibrate+filter", X, y, seed=3)
    assert isinstance(sampler, Filtered)
    assert isinstance(sampler.sampler_, FrozenEstimator)
    np.testing.assert_array_equal(
        sampler.sample(5, 2), fitted_sampler("gaussian+calibrate+filter", X, y, seed=3).sample(5, 2)
    )
