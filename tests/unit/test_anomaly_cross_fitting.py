import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from imsforge.anomaly.cross_fitting import cross_fitted_scores, matched_folds
from imsforge.anomaly.gaussian import Mahalanobis
from imsforge.anomaly.library import KNeighbors
from imsforge.anomaly.thresholds import check_rate, false_alarm_rate, threshold
from imsforge.errors import DataError


def grid(width, height):
    y, x = np.divmod(np.arange(width * height), width)
    return x, y, np.zeros(len(x), dtype=np.int16)


def depth(x, y, fold, k):
    """Return how far a fold reaches from the nearest other healthy pixel."""
    inside = np.column_stack([x, y]).astype(float)
    own, others = inside[fold == k], inside[(fold >= 0) & (fold != k)]
    return np.linalg.norm(own[:, None] - others[None], axis=2).min(axis=1).max()


def test_a_rectangle_beside_far_tissue_is_held_out_in_large_pieces():
    x, y, sample = grid(100, 40)
    healthy = x < 30
    fold = matched_folds(x, y, sample, healthy, 5)
    assert_array_equal(fold == -1, ~healthy)
    assert min(np.bincount(fold[healthy])) > 120
    assert min(depth(x, y, fold, k) for k in range(5)) >= 8


def test_pixels_strewn_over_the_tissue_are_held_out_one_by_one(rng):
    x, y, sample = grid(60, 60)
    healthy = rng.random(3600) < 0.3
    fold = matched_folds(x, y, sample, healthy, 5)
    assert max(depth(x, y, fold, k) for k in range(5)) < 6


def test_patches_are_held_out_in_pieces_of_their_size():
    x, y, sample = grid(120, 120)
    healthy = (x // 12 + y // 12) % 2 == 0
    fold = matched_folds(x, y, sample, healthy, 5)
    assert 3 < max(depth(x, y, fold, k) for k in range(5)) < 30


def test_samples_are_held_out_whole_where_others_are_looked_at():
    x, y, _ = grid(20, 20)
    x, y = np.tile(x, 8), np.tile(y, 8)
    sample = np.repeat(np.arange(8), 400)
    healthy = sample < 5
    fold = matched_folds(x, y, sample, healthy, 5)
    for k in range(5):
        assert len(np.unique(fold[sample == k])) == 1


def test_a_mask_that_is_all_pixels_has_folds():
    x, y, sample = grid(30, 20)
    fold = matched_folds(x, y, sample, np.ones(600, dtype=bool), 5)
    assert min(np.bincount(fold)) > 60
    assert min(depth(x, y, fold, k) for k in range(5)) >= 6


def test_too_few_pixels_for_the_folds():
    x, y, sample = grid(10, 10)
    with pytest.raises(DataError, match=r"folds: 3 healthy pixels make no 5 folds"):
        matched_folds(x, y, sample, np.arange(100) < 3, 5)


def test_nothing_is_scored_by_a_detector_that_saw_it(rng):
    X = rng.normal(size=(300, 4))
    fold = np.where(np.arange(300) < 250, np.arange(300) % 5, -1)
    scores = cross_fitted_scores(KNeighbors(1), X, fold)
    assert (scores[:250] > 0).all()  # the nearest row to one that was learnt is itself
    changed = X.copy()
    changed[fold == 0] += 100
    other = cross_fitted_scores(KNeighbors(1), changed, fold)
    alone = KNeighbors(1).fit(X[(fold > 0)]).anomaly_score(X[fold == 0])
    assert_allclose(scores[fold == 0], alone)
    assert not np.allclose(other[fold == -1], scores[fold == -1])


def test_a_stated_rate_holds_among_exchangeable_pixels(rng):
    X = rng.normal(size=(6000, 5))
    fold = np.where(np.arange(6000) < 1000, np.arange(6000) % 5, -1)
    score = cross_fitted_scores(Mahalanobis(), X, fold)
    limit = threshold(score[fold >= 0], 0.05)
    assert np.mean(score[fold < 0] > limit) == pytest.approx(0.05, abs=0.015)


def test_rates_and_thresholds_agree(rng):
    healthy, score = rng.normal(size=199), rng.normal(size=500)
    rate = false_alarm_rate(score, healthy)
    assert rate.min() >= 1 / 200
    assert_array_equal(score > threshold(healthy, 0.05), rate <= 0.05)
    assert threshold(healthy, 0.001) == np.inf
    assert_array_equal(false_alarm_rate(np.array([1.0, 2.0]), np.array([1.0, 1.0])), [1, 1 / 3])


def test_folds_leave_each_detector_much_to_learn_from():
    # One large sample and four small ones, seen from samples far away: whole samples match best.
    x = np.concatenate([np.arange(2000) % 50, *[np.arange(4)] * 5, np.arange(50)])
    y = np.concatenate([np.arange(2000) // 50, np.zeros(20 + 50, dtype=int)])
    sample = np.repeat(np.arange(7), [2000, 4, 4, 4, 4, 4, 50])
    fold = matched_folds(x, y, sample, sample < 5, 5)
    assert np.bincount(fold[fold >= 0]).max() <= 0.6 * np.count_nonzero(fold >= 0)


@pytest.mark.parametrize("fold", [[0, 0, 0, 1], [0, 0, 0, -1], [0, 1, -1, -1]])
def test_detectors_without_rows_to_learn_from_are_told(fold):
    with pytest.raises(DataError, match=r"^folds: without one of them, [01] healthy pixels"):
        cross_fitted_scores(Mahalanobis(), np.eye(4), np.array(fold))


@pytest.mark.parametrize(
    ("n", "rate", "above"), [(999, 0.059, 59), (249, 0.172, 43), (48, 1 / 49, 1)]
)
def test_a_share_that_is_a_whole_number_of_pixels_is_that_number(n, rate, above):
    check_rate(n, rate)
    healthy = np.arange(n)
    # A pixel beyond the threshold is one of so many among the healthy ones and itself.
    assert np.count_nonzero(healthy > threshold(healthy, rate)) == above - 1
