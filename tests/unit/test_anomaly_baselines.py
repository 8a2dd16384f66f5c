"""Detectors that need no network: figures worked by hand, and rows of every awkward kind."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import EmpiricalCovariance
from sklearn.metrics import roc_auc_score

from imsforge.anomaly.gaussian import Mahalanobis
from imsforge.anomaly.library import DistanceFromMedian, KMeansDistance, KNeighbors
from imsforge.anomaly.registry import DETECTORS
from imsforge.anomaly.residuals import NMFResidual, PCAResidual

BASELINES = [
    name for name, entry in DETECTORS.items() if entry.module.rsplit(".")[-1] in
    ("gaussian", "residuals", "library")
]  # fmt: skip


@pytest.fixture
def healthy(rng):
    """300 rows of 8 positive features that rise and fall together in pairs."""
    common = rng.gamma(30, 1, (300, 4))
    return np.repeat(common, 2, axis=1) + rng.gamma(20, 0.3, (300, 8))


@pytest.fixture(params=BASELINES)
def detector(request):
    return DETECTORS[request.param].make(3)


def test_what_is_abnormal_scores_higher(detector, healthy, rng):
    abnormal = healthy[:60].copy()
    abnormal[:, ::2] *= 3
    fresh = healthy[240:]
    detector.fit(healthy[:240])
    score = detector.anomaly_score(np.concatenate([fresh, abnormal]))
    assert roc_auc_score(np.arange(120) >= 60, score) > 0.9
    assert_array_equal(detector.score_samples(fresh), -detector.anomaly_score(fresh))


def test_scores_do_not_depend_on_the_order_of_rows(detector, healthy, rng):
    order = rng.permutation(300)
    score = detector.fit(healthy).anomaly_score(healthy)
    assert_allclose(detector.anomaly_score(healthy[order]), score[order], rtol=1e-6)


def test_the_same_seed_gives_the_same_bytes_in_whatever_layout(detector, healthy):
    score = detector.fit(healthy).anomaly_score(healthy)
    again = detector.fit(np.asfortranarray(healthy)).anomaly_score(np.asfortranarray(healthy))
    assert score.tobytes() == again.tobytes()


def test_constant_features_and_few_rows_are_no_trouble(detector, healthy):
    constant = np.column_stack([healthy, np.full(300, 7.0), np.zeros(300)])
    assert np.isfinite(detector.fit(constant).anomaly_score(constant)).all()
    wide = np.tile(healthy[:12], (1, 5))  # 12 rows of 40 features
    assert np.isfinite(detector.fit(wide).anomaly_score(wide)).all()


def test_a_single_feature_is_enough(detector, healthy):
    detector.fit(healthy[:, :1])
    assert np.isfinite(detector.anomaly_score(healthy[:, :1])).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(detector, healthy, bad):
    broken = healthy.copy()
    broken[3, 2] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        detector.fit(broken)
    detector.fit(healthy)
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        detector.anomaly_score(broken)


def test_the_distance_is_that_of_a_gaussian(rng):
    covariance = np.array([[4.0, 1.5], [1.5, 1.0]])
    X = rng.multivariate_normal([3, -2], covariance, 2000)
    detector = Mahalanobis(EmpiricalCovariance()).fit(X)
    inverse = np.linalg.inv(np.cov(X.T, bias=True))
    expected = [mahalanobis(row, X.mean(axis=0), inverse) for row in X[:20]]
    assert_allclose(detector.anomaly_score(X[:20]), expected)


def test_a_trimmed_fit_is_not_moved_by_what_it_leaves_out(rng):
    X = rng.normal(size=(1000, 3))
    soiled = np.concatenate([X, np.full((60, 3), 12.0)])
    clean = Mahalanobis().fit(X).anomaly_score(X)
    trimmed = Mahalanobis(trimmed=0.1).fit(soiled).anomaly_score(X)
    drawn_in = Mahalanobis().fit(soiled).anomaly_score(np.full((1, 3), 12.0))
    assert np.corrcoef(clean, trimmed)[0, 1] > 0.97
    assert Mahalanobis(trimmed=0.1).fit(soiled).anomaly_score(np.full((1, 3), 12.0)) > drawn_in


def test_what_lies_in_the_plane_leaves_nothing_over(rng):
    X = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 6))
    detector = PCAResidual(2).fit(X)
    assert_allclose(detector.anomaly_score(X), 0, atol=1e-20)
    off = X[:1] + np.linalg.svd(X)[2][-1]  # one step at right angles, in scaled features
    step = (off - X[:1]) / detector.scaler_.scale_
    assert 0 < detector.anomaly_score(off)[0] <= np.sum(step**2)


def test_what_is_no_sum_of_parts_leaves_its_share_over():
    parts = np.array([[1.0, 0, 0], [0, 1, 0]])
    X = np.random.default_rng(0).gamma(2, 1, (50, 2)) @ parts
    detector = NMFResidual(2).fit(X)
    assert_allclose(detector.anomaly_score(np.array([[3.0, 0, 4.0]])), 0.8, atol=1e-3)


def test_distances_to_neighbours_centres_and_medians():
    X = np.array([[-1.0], [1.0], [3.0], [5.0]])
    scale = X.std()
    assert_allclose(KNeighbors(2).fit(X).anomaly_score([[1.0]]), 2 / scale)
    assert_allclose(KMeansDistance(4, random_state=0).fit(X).anomaly_score([[2.5]]), 0.5 / scale)
    assert_allclose(DistanceFromMedian().fit(X).anomaly_score([[2.0], [0.0]]), [0, 2 / scale])
