"""Whatever the unit of intensities: classes stay, and factors and scales follow it."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from imsforge.factorization import NMFFeatures, SemiOrthogonalNMF
from imsforge.factorization.class_numbers import scan_class_numbers
from imsforge.factorization.magnitude import moderate_exponent, moderated
from imsforge.fidelity.frechet import frechet_distance
from imsforge.labels.clustering import cluster_pixels
from imsforge.scaling import METHODS, FeatureScaler

#: Exponents of ten; what is multiplied has values from 0.1 to 1e4.
powers = st.integers(-30, 30)
factors = st.builds(lambda mantissa, power: mantissa * 10.0**power, st.floats(1, 9), powers)
quick = settings(max_examples=25, deadline=None)


def spectra(n=120, m=12, n_classes=3):
    """Three classes of spectra, each with peaks of its own and any gain."""
    rng = np.random.default_rng(5)
    base = rng.gamma(0.5, 300, (n_classes, m)) + 1
    label = np.arange(n) % n_classes
    X = base[label] * rng.uniform(0.3, 3, (n, 1)) * rng.uniform(0.9, 1.1, (n, m))
    return X.astype(np.float32)


X = spectra()


def times(factor):
    scaled = (X.astype(np.float64) * factor).astype(np.float32)
    assert np.isfinite(scaled).all()
    assert scaled.all()
    return scaled


@quick
@given(
    factors,
    st.sampled_from(["semi-orthogonal-nmf", "kmeans"]),
    st.sampled_from(["none", "sqrt"]),
    st.sampled_from([0, 60]),
)
def test_classes_do_not_depend_on_the_unit(factor, method, transform, merge_below):
    options = {"method": method, "n_classes": 3, "transform": transform, "seed": 0}
    options["merge_below"] = merge_below
    label, components, weight = cluster_pixels(X, **options)
    found, found_components, found_weight = cluster_pixels(times(factor), **options)
    np.testing.assert_array_equal(found, label)
    unit = np.sqrt(factor) if transform == "sqrt" else factor
    if method == "kmeans":
        np.testing.assert_allclose(found_components, components * unit, rtol=1e-3)
    else:
        np.testing.assert_allclose(found_components, components, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(found_weight, weight * unit, rtol=1e-3)


@quick
@given(st.integers(-100, 100), st.sampled_from([np.float32, np.float64]))
def test_powers_of_two_change_no_bit(power, dtype):
    model = SemiOrthogonalNMF(3, random_state=0)
    W = model.fit_transform(X.astype(dtype))
    H, error = model.components_, model.reconstruction_err_
    scaled = np.ldexp(X.astype(dtype), power)
    np.testing.assert_array_equal(model.fit_transform(scaled), np.ldexp(W, power))
    np.testing.assert_array_equal(model.components_, H)
    assert model.reconstruction_err_ == np.ldexp(error, power)
    np.testing.assert_array_equal(model.predict(scaled), model.labels_)


@quick
@given(factors)
def test_features_follow_the_unit(factor):
    model = NMFFeatures(3).fit(X)
    W, WH = model.transform(X), model.transform(X) @ model.components_
    assert np.linalg.norm(WH - X) < 0.2 * np.linalg.norm(X)
    scaled = times(factor)
    other = NMFFeatures(3)
    found = other.fit_transform(scaled).astype(np.float64) @ other.components_.astype(np.float64)
    assert np.linalg.norm(found / factor - WH) < 1e-2 * np.linalg.norm(WH)
    assert other.reconstruction_err_ / factor == pytest.approx(model.reconstruction_err_, rel=1e-2)
    # Of one fit: whatever the unit of the rows, their weights follow it.
    np.testing.assert_allclose(
        model.transform(scaled).astype(np.float64) / factor, W, rtol=1e-3, atol=1e-5 * W.max()
    )


@settings(max_examples=6, deadline=None)
@given(factors)
def test_numbers_of_classes_do_not_depend_on_the_unit(factor):
    def scanned(values):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return scan_class_numbers(values, [2, 3], seeds=2)

    expected, found = scanned(X), scanned(times(factor))
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-3)


@quick
@given(factors, st.sampled_from(sorted(METHODS)))
def test_scaled_features_do_not_depend_on_the_unit(factor, method):
    found = FeatureScaler(method).fit_transform(times(factor))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, FeatureScaler(method).fit_transform(X), atol=1e-4)


@quick
@given(factors)
def test_frechet_distances_follow_the_unit(factor):
    distance = frechet_distance(X[::3], X[1::3])
    found = frechet_distance(times(factor)[::3], times(factor)[1::3])
    assert found == pytest.approx(distance * factor, rel=1e-4)


@given(st.floats(0, 3e38))
def test_ordinary_values_are_left_alone_and_others_become_moderate(largest):
    exponent = moderate_exponent(largest)
    assert exponent % 2 == 0
    left = np.ldexp(largest, -exponent)
    assert left == 0 or 2**-10 <= left < 2**40
    if 1e-3 < largest < 1e12:
        assert exponent == 0
        values = np.array([[largest, 0.0]])
        assert moderated(values)[0] is values
