import numpy as np
import pytest
from scipy.stats import ks_2samp, norm, truncnorm

from imsforge.oversampling import CensoredCopula
from imsforge.oversampling.copula import (
    MOST_PARTS,
    PART_ROWS,
    SHRINKAGE,
    at_the_floor,
    augmented_scores,
    borrowed_covariances,
    draw_hidden_scores,
    mixtures_of_parts,
    normal_scores,
    parts_of,
)

CORRELATION = np.array([[1, 0.8, -0.5], [0.8, 1, -0.3], [-0.5, -0.3, 1]])


def latent(rng, n, correlation=CORRELATION):
    return rng.multivariate_normal(np.zeros(len(correlation)), correlation, size=n)


def spectra(z, cut):
    """Skewed intensities of scores, zero below a cut."""
    return np.where(z > cut, np.exp(z), 0)


def drawn(X, n=4000, seed=0):
    y = np.zeros(len(X), dtype=int)
    return CensoredCopula(random_state=seed).fit(X, y).sample(n, 0)


def test_what_lies_at_the_floor_by_hand():
    X = np.array([[0, 5, 7], [0, 6, 7], [1, 6, 7], [2, 7, 7]])
    expected = [
        [True, False, True],
        [True, False, True],
        [False, False, True],
        [False] * 2 + [True],
    ]
    assert at_the_floor(X).tolist() == expected


def test_normal_scores_by_hand():
    scores = normal_scores(np.array([[10.0], [30], [20], [20]]))
    np.testing.assert_allclose(scores[:, 0], norm.ppf([0.125, 0.875, 0.5, 0.5]))


def test_hidden_scores_are_drawn_given_the_others(rng):
    """Half the rows of one feature are hidden: theirs is a truncated normal distribution."""
    correlation = np.array([[1, 0.6], [0.6, 1]])
    scores = np.full((40000, 2), 0.7)
    hidden = np.zeros_like(scores, dtype=bool)
    hidden[:20000, 0] = True
    draw_hidden_scores(scores, hidden, np.zeros(2), correlation, np.random.RandomState(0))
    mean, deviation = 0.6 * 0.7, 0.8
    expected = truncnorm(-np.inf, -mean / deviation, loc=mean, scale=deviation)  # half: below zero
    assert scores[:20000, 0].max() < 0
    np.testing.assert_allclose(scores[:20000, 0].mean(), expected.mean(), atol=0.02)
    np.testing.assert_allclose(scores[:20000, 0].std(), expected.std(), atol=0.02)
    assert (scores[20000:] == 0.7).all()
    assert (scores[:, 1] == 0.7).all()


def test_hidden_scores_far_below_what_the_others_expect_are_finite():
    scores = np.full((1000, 2), 38.0)
    hidden = np.zeros_like(scores, dtype=bool)
    hidden[:10, 0] = True
    correlation = np.array([[1, 0.999], [0.999, 1]])
    limits = np.full(2, norm.ppf(0.01))
    draw_hidden_scores(scores, hidden, limits, correlation, np.random.RandomState(0))
    assert np.isfinite(scores).all()
    assert scores[:10, 0].max() <= norm.ppf(0.01)


def test_correlations_are_found_behind_the_zeros(rng):
    z = latent(rng, 3000)
    X = spectra(z, np.array([0.5, 0, 0.3]))
    (scores,), _ = augmented_scores([X], [X == 0], np.random.RandomState(0))
    np.testing.assert_allclose(np.corrcoef(scores.T), CORRELATION, atol=0.06)
    assert np.corrcoef(X.T)[0, 1] < 0.72


def test_small_classes_borrow_their_correlations(rng):
    large, small = latent(rng, 2000), latent(rng, 4, np.eye(3))
    covariances = borrowed_covariances([large, small])
    pooled = (large.T @ large + small.T @ small) / 2004 + 1e-3 * np.eye(3)
    expected = (small.T @ small + SHRINKAGE * pooled) / (4 + SHRINKAGE)
    np.testing.assert_allclose(covariances[1], expected)
    np.testing.assert_allclose(covariances[0], CORRELATION, atol=0.1)


def test_each_feature_is_distributed_as_in_its_class(rng):
    X = np.concatenate([spectra(latent(rng, 500), 0), 3 + spectra(latent(rng, 200), -1)])
    y = np.repeat([1, 2], (500, 200))
    sampler = CensoredCopula(random_state=0).fit(X, y)
    for label in (1, 2):
        rows, own = sampler.sample(4000, label), X[y == label]
        for j in range(3):
            assert ks_2samp(rows[:, j], own[:, j]).statistic < 0.04
            smallest = own[:, j].min()
            shares = (rows[:, j] == smallest).mean(), (own[:, j] == smallest).mean()
            assert abs(shares[0] - shares[1]) < 0.03


def test_features_go_together_as_in_training(rng):
    z = latent(rng, 1000)
    X = spectra(z, np.array([0.5, -0.5, -9]))
    rows = drawn(X)
    np.testing.assert_allclose(np.corrcoef(np.sqrt(rows).T), np.corrcoef(np.sqrt(X).T), atol=0.08)
    zeros, expected = ((values[:, :2] == 0).astype(float) for values in (rows, X))
    np.testing.assert_allclose(np.corrcoef(zeros.T), np.corrcoef(expected.T), atol=0.08)


def test_nothing_lies_between_zero_and_the_faintest_signal(rng):
    X = spectra(latent(rng, 300), 0.2)
    rows = drawn(X)
    assert rows[rows > 0].min() >= X[X > 0].min()


def test_large_classes_consist_of_parts(rng):
    centres = np.repeat([[-3.0] * 4, [3.0] * 4], 2 * PART_ROWS, axis=0)
    z = centres + rng.normal(size=centres.shape)
    part = parts_of(z, np.random.RandomState(0))
    assert part.max() == 3
    sides = [set(part[: 2 * PART_ROWS]), set(part[2 * PART_ROWS :])]
    assert not sides[0] & sides[1]
    many = rng.normal(size=(PART_ROWS * (MOST_PARTS + 5), 2))
    assert parts_of(many, np.random.RandomState(0)).max() == MOST_PARTS - 1


@pytest.mark.parametrize("rows", [np.zeros((200, 3)), np.zeros((PART_ROWS - 1, 3))])
def test_rows_that_do_not_differ_and_few_rows_are_one_part(rows):
    assert not parts_of(rows, np.random.RandomState(0)).any()


def test_a_class_of_two_clouds_stays_two_clouds(rng):
    """One Gaussian would put a fifth of the rows into the middle, which is empty."""
    side = np.repeat([-1, 1], 150)
    X = side[:, None] * 3 + rng.normal(size=(300, 4))
    rows = drawn(X, 2000)
    assert np.mean(np.abs(rows.mean(axis=1)) < 1) < 0.08
    assert abs(np.mean(rows.mean(axis=1) > 0) - 0.5) < 0.06


def test_a_mixture_has_the_mean_and_covariance_of_its_class(rng):
    z = latent(rng, 2 * MOST_PARTS * PART_ROWS)
    (mixture,) = mixtures_of_parts([z], [parts_of(z, np.random.RandomState(0))])
    rows = mixture.draw(40000, np.random.RandomState(1))
    np.testing.assert_allclose(rows.mean(axis=0), z.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(np.cov(rows.T), np.cov(z.T), atol=0.05)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_tiny_class(size, rng):
    X = np.concatenate([rng.normal(size=(50, 6)), rng.normal(5, 1, size=(size, 6))])
    y = np.repeat([0, 1], [50, size])
    rows = CensoredCopula(random_state=0).fit(X, y).sample(40, 1)
    assert (rows >= X[50:].min(axis=0)).all()
    assert (rows <= X[50:].max(axis=0)).all()


def test_features_that_say_nothing(rng):
    """Constant, constant in each class, without zeros, all zero in one class, whole numbers."""
    y = np.repeat([0, 1], 100)
    counts = rng.poisson(0.5, size=200) * (1 - y)
    columns = [np.full(200, 4.0), y, rng.normal(size=200), counts, rng.poisson(9, size=200)]
    sampler = CensoredCopula(random_state=0).fit(np.stack(columns, axis=1), y)
    rows = sampler.sample(500, 1)
    assert (rows[:, 0] == 4).all()
    assert (rows[:, 1] == 1).all()
    assert (rows[:, 3] == 0).all()
    assert np.isfinite(rows).all()
    assert abs((sampler.sample(2000, 0)[:, 3] == 0).mean() - (counts[:100] == 0).mean()) < 0.05


def test_fewer_rows_than_features(rng):
    X = spectra(rng.normal(size=(30, 80)), 0)
    rows = drawn(X, 200)
    assert np.isfinite(rows).all()
    assert np.linalg.matrix_rank(rows) == 80  # all directions, not those of 30 rows alone
