import tracemalloc

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from imsforge.artifacts import scales
from imsforge.errors import DataError
from imsforge.scaling import METHODS, FeatureScaler, scale_features


@parametrize_with_checks([FeatureScaler(method) for method in METHODS])
def test_follows_scikit_learn(estimator, check):
    check(estimator)


def test_standard_equals_scikit_learn(rng):
    X = rng.gamma(1.0, 1000.0, size=(50, 6))
    np.testing.assert_allclose(FeatureScaler().fit_transform(X), StandardScaler().fit_transform(X))


def test_featurewise_minmax_equals_scikit_learn(rng):
    X = rng.gamma(1.0, 1000.0, size=(50, 6))
    expected = MinMaxScaler((-1, 1)).fit_transform(X)
    np.testing.assert_allclose(
        FeatureScaler("featurewise-minmax").fit_transform(X), expected, atol=1e-12
    )


def test_minmax_by_hand():
    X = np.array([[0.0, 5.0], [10.0, 2.5]])
    expected = [[-1.0, 0.0], [1.0, -0.5]]  # thesis eq. 3-1, with min 0 and max 10 over all
    np.testing.assert_allclose(FeatureScaler("minmax").fit_transform(X), expected)


@pytest.mark.parametrize("method", METHODS)
def test_every_scaling_is_invertible(method, rng):
    X = rng.gamma(0.5, 1e5, size=(40, 5))
    X[:, 2] = 3.7  # a constant feature must survive too
    scaler = FeatureScaler(method).fit(X)
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(X)), X, rtol=1e-10)


def test_roots_of_negative_values_are_refused_in_one_line(rng):
    X = rng.gamma(1.0, 1.0, size=(5, 2))
    scaler = FeatureScaler("sqrt").fit(X)
    for refuse in (scaler.transform, FeatureScaler("sqrt").fit):
        with pytest.raises(DataError, match=r"^Negative values in data: scaler sqrt .*choose"):
            refuse(-X)


@pytest.mark.parametrize("method", METHODS)
def test_another_number_of_features_is_refused_in_one_line(method, rng):
    X = rng.gamma(1.0, 1.0, size=(5, 3))
    scaler = FeatureScaler(method).fit(X)
    for refuse in (scaler.transform, scaler.inverse_transform):
        with pytest.raises(
            ValueError, match=r"^X has 2 features, but FeatureScaler is expecting 3"
        ):
            refuse(X[:, :2])


@pytest.mark.parametrize("method", METHODS)
def test_blocks_of_rows_change_no_bit(method, rng, monkeypatch):
    X = rng.gamma(0.5, 1e5, size=(300, 6)).astype(np.float32)
    rows = np.flatnonzero(rng.random(300) < 0.7)
    whole = FeatureScaler(method).fit(X, rows=rows)
    values, power = X[rows].astype(np.float64), whole.power_
    if method in ("standard", "sqrt"):
        np.testing.assert_array_equal(whole.offset_, (values**power).mean(axis=0))
        np.testing.assert_array_equal(whole.scale_, (values**power).std(axis=0))
    monkeypatch.setattr(scales, "_BLOCK_VALUES", 50)
    blocks = FeatureScaler(method, copy=False).fit(X, rows=rows)
    np.testing.assert_array_equal(blocks.offset_, whole.offset_)
    np.testing.assert_array_equal(blocks.scale_, whole.scale_)
    expected, original = whole.transform(X), X.copy()
    assert not np.array_equal(expected, X)
    np.testing.assert_array_equal(X, original)
    assert blocks.transform(X) is X
    np.testing.assert_array_equal(X, expected)
    np.testing.assert_allclose(blocks.inverse_transform(X), original, rtol=1e-3, atol=1)


def test_scaling_takes_little_more_memory_than_the_values(rng):
    values = rng.gamma(1.0, 1.0, size=(60_000, 100)).astype(np.float32)
    scaler = FeatureScaler("sqrt", copy=False)
    tracemalloc.start()
    scaler.fit(values, rows=np.arange(0, 60_000, 2)).transform(values)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * values.nbytes


def test_unknown_method_is_named(rng):
    with pytest.raises(ValueError, match="robust"):
        FeatureScaler("robust").fit(rng.normal(size=(5, 2)))


def test_test_rows_do_not_count(features):
    scaled = scale_features(features, "standard")
    changed = features.values.copy()
    changed[~features.train] += 1000
    np.testing.assert_array_equal(
        scaled.offset,
        scale_features(type(features)(**{**vars(features), "values": changed}), "standard").offset,
    )
    X, _ = scaled.training_set
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-5)


def test_unscaling_brings_features_back(features):
    scaled = scale_features(features, "featurewise-minmax")
    np.testing.assert_allclose(scaled.unscale(scaled.values), features.values, atol=1e-5)
