import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from imsforge.scaling import METHODS, FeatureScaler, scale_features


@parametrize_with_checks([FeatureScaler()])
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
