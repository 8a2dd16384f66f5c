import pickle

import numpy as np
import pytest
import torch
from scipy.spatial.distance import mahalanobis
from scipy.stats import spearmanr
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from imsforge.anomaly.discriminators import Discriminator, LocalDiscriminator, Whitening

BOTH = pytest.mark.parametrize("kind", [Discriminator, LocalDiscriminator])
MIXING = np.eye(6) + 0.5 * np.tri(6)


INLIERS = "no row that was fitted on is called an outlier"


@parametrize_with_checks(
    [
        Discriminator(members=2, hidden=(8,), updates=30, batch_size=16),
        LocalDiscriminator(members=2, hidden=(8,), updates=30, batch_size=16),
    ],
    expected_failed_checks=lambda _: {
        "check_outliers_train": INLIERS,
        "check_outliers_fit_predict": INLIERS,
    },
)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def healthy():
    return np.random.default_rng(0).normal(size=(600, 6)) @ MIXING + 3


@pytest.fixture(scope="module")
def fitted(healthy):
    return {
        kind: kind(updates=500, random_state=0).fit(healthy)
        for kind in (Discriminator, LocalDiscriminator)
    }


def _small(kind, **settings):
    return kind(**({"members": 2, "hidden": (8,), "updates": 40, "batch_size": 16} | settings))


def _directions(n_features, n_directions=60):
    random = np.random.default_rng(1).normal(size=(n_directions, n_features))
    along = np.vstack([random, np.eye(n_features), -np.eye(n_features)])
    return along / np.linalg.norm(along, axis=1, keepdims=True)


@BOTH
def test_abnormal_rows_score_higher(fitted, kind):
    rng = np.random.default_rng(2)
    fresh = rng.normal(size=(500, 6)) @ MIXING + 3
    odd = 4 * rng.normal(size=(500, 6)) @ MIXING + 3
    scores = fitted[kind].anomaly_score(np.vstack([fresh, odd]))
    assert roc_auc_score(np.repeat([0, 1], 500), scores) > 0.9


@BOTH
def test_healthy_rows_score_about_zero(fitted, healthy, kind):
    scores = fitted[kind].anomaly_score(healthy)
    assert scores.dtype == np.float64
    assert abs(scores.mean()) < 1e-6
    assert 0.5 < scores.std() <= 1 + 1e-6


def test_broken_correlations_are_abnormal_to_the_local_one(fitted, healthy):
    rng = np.random.default_rng(3)
    shuffled = rng.permuted(healthy, axis=0)
    scores = fitted[LocalDiscriminator].anomaly_score(np.vstack([healthy, shuffled]))
    assert roc_auc_score(np.repeat([0, 1], len(healthy)), scores) > 0.7


def test_scores_rise_with_the_mahalanobis_distance(fitted):
    rng = np.random.default_rng(4)
    rows = rng.uniform(0.2, 4, size=(800, 1)) * rng.normal(size=(800, 6)) @ MIXING + 3
    precision = np.linalg.inv(MIXING.T @ MIXING)
    distances = [mahalanobis(row, np.full(6, 3.0), precision) for row in rows]
    assert spearmanr(fitted[Discriminator].anomaly_score(rows), distances).statistic > 0.9


def test_a_small_step_off_a_strong_correlation_is_seen():
    rng = np.random.default_rng(13)
    X = rng.normal(size=(800, 1)) + 0.05 * rng.normal(size=(800, 4))
    X, fresh = X[:500], X[500:]
    odd = fresh + 0.3 * rng.choice([-1, 1], size=fresh.shape) * np.array([1, 0, 0, 0])
    scores = (
        Discriminator(updates=300, random_state=0).fit(X).anomaly_score(np.vstack([fresh, odd]))
    )
    assert roc_auc_score(np.repeat([0, 1], 300), scores) > 0.95


@pytest.mark.parametrize("n_features", [1, 2, 6, 50])
def test_a_row_far_away_scores_above_a_near_one_in_every_direction(n_features):
    X = np.random.default_rng(5).normal(size=(600, n_features))
    detector = Discriminator(updates=400, random_state=0).fit(X)
    directions = _directions(n_features)
    centre, near, far, farther = (
        detector.anomaly_score(radius * directions) for radius in (0, 5, 100, 1e4)
    )
    assert (near > centre).all()
    assert (far > near).all()
    assert (farther > far).all()


@BOTH
def test_the_same_seed_gives_the_same_bytes(healthy, kind):
    first, again, other = (
        _small(kind, random_state=seed).fit(healthy).anomaly_score(healthy) for seed in (7, 7, 8)
    )
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, other)


@BOTH
def test_global_random_states_are_left_alone_and_do_not_matter(healthy, kind):
    scores = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
        scores.append(_small(kind, random_state=0).fit(healthy).anomaly_score(healthy))
        assert torch.equal(before[0], torch.get_rng_state())
        np.testing.assert_array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002
    assert scores[0].tobytes() == scores[1].tobytes()


@BOTH
def test_scores_do_not_depend_on_how_rows_lie_in_memory(healthy, kind):
    detector = _small(kind, random_state=0)
    wide = np.zeros((len(healthy), 13))
    wide[:, ::2][:, :6] = healthy
    plain, turned, strided = (
        clone(detector).fit(X).anomaly_score(X)
        for X in (healthy, np.asfortranarray(healthy), wide[:, ::2][:, :6])
    )
    assert plain.tobytes() == turned.tobytes() == strided.tobytes()


@BOTH
def test_a_row_is_scored_on_its_own(fitted, kind):
    rows = np.random.default_rng(6).normal(size=(101, 6)) * 5
    together = fitted[kind].anomaly_score(rows)
    alone = [fitted[kind].anomaly_score(row[None])[0] for row in rows]
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-9)


@BOTH
def test_the_order_of_healthy_rows_hardly_matters(fitted, healthy, kind):
    shuffled = np.random.default_rng(7).permutation(healthy)
    rows = np.random.default_rng(8).normal(size=(500, 6)) * 2 @ MIXING + 3
    other = kind(updates=500, random_state=0).fit(shuffled)
    same = spearmanr(other.anomaly_score(rows), fitted[kind].anomaly_score(rows)).statistic
    assert same > 0.95


@BOTH
def test_seeds_agree(healthy, kind):
    rng = np.random.default_rng(9)
    fresh = rng.normal(size=(300, 6)) @ MIXING + 3
    odd = fresh + 2.5 * rng.normal(size=(300, 6))
    rows, truth = np.vstack([fresh, odd]), np.repeat([0, 1], 300)
    found = [
        roc_auc_score(truth, kind(updates=300, random_state=k).fit(healthy).anomaly_score(rows))
        for k in range(4)
    ]
    assert np.std(found) < 0.02
    assert min(found) > 0.8


@BOTH
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(fitted, healthy, kind, value):
    broken = healthy.copy()
    broken[3, 2] = value
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        kind().fit(broken)
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        kind().fit_folds(broken, np.arange(600) % 3)
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        fitted[kind].anomaly_score(broken)


@BOTH
def test_a_fold_is_never_seen_by_its_own_detector(healthy, kind):
    fold = np.arange(600) * 3 // 600
    absurd = healthy.copy()
    absurd[fold == 0] = 1e6 * np.random.default_rng(10).normal(size=(200, 6))
    before, after = (_small(kind, random_state=0).fit_folds(X, fold) for X in (healthy, absurd))
    same = [
        first.anomaly_score(healthy).tobytes() == second.anomaly_score(healthy).tobytes()
        for first, second in zip(before, after, strict=True)
    ]
    assert same == [True, False, False]
    assert before[0].offset_ == after[0].offset_


@BOTH
def test_detectors_of_folds_stand_alone(healthy, kind):
    fold = np.arange(600) % 3
    detector = _small(kind, members=4, members_per_fold=2, random_state=0)
    found = detector.fit_folds(healthy, fold)
    assert len(found) == 3
    assert not hasattr(detector, "networks_")
    for k, one in enumerate(found):
        assert type(one) is kind
        assert one.n_features_in_ == 6
        assert one.get_params() == detector.get_params() | {"members": 2}
        assert len(one.networks_) == 2
        scores = one.anomaly_score(healthy)
        assert (one.predict(healthy[fold != k]) == 1).all()
        assert pickle.loads(pickle.dumps(one)).anomaly_score(healthy).tobytes() == scores.tobytes()
        assert clone(one).fit(healthy).anomaly_score(healthy).shape == (600,)
    weights = [one.networks_[0].body[0].weight for one in found]
    assert not torch.equal(weights[0], weights[1])  # an ensemble, not the same seed thrice


def test_folds_are_like_fits_of_their_own(healthy):
    fold = np.arange(600) % 3
    rows = np.random.default_rng(11).normal(size=(400, 6)) * 2 @ MIXING + 3
    found = Discriminator(updates=300, random_state=0).fit_folds(healthy, fold)
    for k, one in enumerate(found):
        alone = Discriminator(updates=300, members=1, random_state=9).fit(healthy[fold != k])
        assert spearmanr(one.anomaly_score(rows), alone.anomaly_score(rows)).statistic > 0.95


@BOTH
def test_float32_is_scored_as_its_float64(fitted, healthy, kind):
    single = healthy.astype(np.float32)
    np.testing.assert_array_equal(
        fitted[kind].anomaly_score(single), fitted[kind].anomaly_score(single.astype(np.float64))
    )


@BOTH
def test_units_of_features_do_not_matter(healthy, kind):
    units = np.array([1e-9, 1e9, 1, 1e-3, 1e3, 1])
    plain = _small(kind, random_state=0).fit(healthy).anomaly_score(healthy)
    scaled = _small(kind, random_state=0).fit(healthy * units).anomaly_score(healthy * units)
    assert spearmanr(plain, scaled).statistic > 0.99


@BOTH
@pytest.mark.parametrize(
    "X",
    [
        np.random.default_rng(0).normal(size=(40, 573)),
        np.random.default_rng(0).normal(size=(50, 1)),
        np.random.default_rng(0).normal(size=(50, 2)),
        np.random.default_rng(0).standard_cauchy(size=(300, 8)),
        np.hstack([np.random.default_rng(0).normal(size=(60, 3)), np.full((60, 2), 7.0)]),
        np.full((20, 3), 5.0),
        np.arange(6.0).reshape(2, 3),
        np.repeat(np.random.default_rng(0).normal(size=(60, 2)), 3, axis=1),
    ],
    ids=["few rows", "one", "two", "heavy tails", "constant", "all constant", "two rows", "copies"],
)
def test_awkward_rows_are_scored(kind, X):
    detector = _small(kind, updates=200, random_state=0).fit(X)
    far = X.mean(axis=0) + 1e3 * np.abs(X).max() * _directions(X.shape[1], 5)[:5]
    assert np.isfinite(detector.anomaly_score(X)).all()
    assert np.isfinite(detector.anomaly_score(far)).all()


def test_fewer_rows_than_features_are_told_from_abnormal_ones():
    rng = np.random.default_rng(12)
    X, fresh = rng.normal(size=(40, 573)), rng.normal(size=(100, 573))
    detector = Discriminator(updates=500, members=2, random_state=0).fit(X)
    odd = fresh.copy()
    odd[:, :40] *= 4
    scores = detector.anomaly_score(np.vstack([fresh, odd]))
    assert roc_auc_score(np.repeat([0, 1], 100), scores) > 0.9


def test_whitened_rows_are_uncorrelated(healthy):
    whitened = Whitening().fit(healthy).transform(healthy)
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(6), atol=0.05)


@BOTH
@pytest.mark.parametrize("setting", [{"updates": 0}, {"members": 0}, {"batch_size": 2}])
def test_impossible_settings_are_refused(healthy, kind, setting):
    with pytest.raises(ValueError, match=next(iter(setting))):
        kind(**setting).fit(healthy)


def test_a_random_state_of_numpy_is_taken(healthy):
    first, again = (
        _small(Discriminator, random_state=np.random.RandomState(3)).fit(healthy) for _ in range(2)
    )
    assert first.anomaly_score(healthy).tobytes() == again.anomaly_score(healthy).tobytes()
