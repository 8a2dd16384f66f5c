"""What holds for the semi-orthogonal NMF of any non-negative matrix."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.exceptions import ConvergenceWarning

from imsforge.factorization import SemiOrthogonalNMF

intensities = st.one_of(st.just(0.0), st.floats(1e-3, 1e6))
matrices = st.tuples(st.integers(4, 30), st.integers(1, 8)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=intensities)
)


def fitted(X, **settings):
    """Fit two clusters, or skip what has fewer than two rows with signal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return SemiOrthogonalNMF(n_clusters=2, random_state=0, **settings).fit(X)


signal = matrices.filter(lambda X: X.any(axis=1).sum() >= 2)


@settings(max_examples=30, deadline=None)
@given(signal)
def test_factors_are_what_they_claim(X):
    model = fitted(X)
    W, H = model.transform(X), model.components_
    assert (W >= 0).all()
    assert (H >= 0).all()
    np.testing.assert_allclose(np.linalg.norm(H, axis=1), 1)
    assert (np.count_nonzero(W, axis=1) <= 1).all()
    gram = W.T @ W
    np.testing.assert_array_equal(gram - np.diag(np.diag(gram)), 0)
    np.testing.assert_array_equal(model.labels_, model.predict(X))
    error = np.linalg.norm(X - W @ H)
    assert model.reconstruction_err_ == pytest.approx(error, abs=1e-6 * np.linalg.norm(X))


@settings(max_examples=30, deadline=None)
@given(signal)
def test_each_row_has_its_best_component_and_weight(X):
    model = fitted(X)
    W, H = model.transform(X), model.components_
    error = np.linalg.norm(X - W @ H, axis=1)
    for k in range(2):
        projections = np.outer(X @ H[k], H[k])
        other = np.linalg.norm(X - projections, axis=1)
        assert (error <= other + 1e-6 * np.linalg.norm(X)).all()


@settings(max_examples=20, deadline=None)
@given(signal)
def test_never_worse_than_one_component_for_all(X):
    values = np.linalg.svd(X, compute_uv=False)
    best_of_one = np.sqrt(np.sum(values[1:] ** 2))
    model = fitted(X, n_init=10, max_iter=2000, tol=0)
    assert model.reconstruction_err_ <= best_of_one + 1e-3 * values[0]


@settings(max_examples=20, deadline=None)
@given(signal, st.integers(-20, 20))
def test_units_do_not_matter(X, exponent):
    # A power of two scales floating-point numbers exactly.
    plain, scaled = fitted(X), fitted(X * 2.0**exponent)
    np.testing.assert_array_equal(plain.labels_, scaled.labels_)
    np.testing.assert_allclose(plain.components_, scaled.components_, atol=1e-9)
