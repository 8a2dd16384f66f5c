"""What holds for the NMF of any non-negative matrix."""

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.exceptions import ConvergenceWarning

from imsforge.factorization import NMFFeatures

intensities = st.one_of(st.just(0.0), st.floats(1e-3, 1e4))
matrices = st.tuples(st.integers(3, 25), st.integers(3, 8)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=intensities)
)


def fitted(X, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = NMFFeatures(2, **settings)
        return model, model.fit_transform(X)


@settings(max_examples=40, deadline=None)
@given(matrices, st.sampled_from([None, 3]))
def test_factors_are_what_they_claim(X, compression):
    model, W = fitted(X, max_iter=20, compression=compression)
    H = model.components_
    assert (W >= 0).all()
    assert (H >= 0).all()
    error = np.linalg.norm(X - W @ H)
    np.testing.assert_allclose(model.reconstruction_err_, error, atol=1e-6 * np.linalg.norm(X))
    np.testing.assert_allclose(model.inverse_transform(W), W @ H)


@settings(max_examples=40, deadline=None)
@given(matrices)
def test_more_iterations_never_fit_worse(X):
    errors = [fitted(X, max_iter=n, tol=0)[0].reconstruction_err_ for n in (1, 2, 5, 20)]
    assert (np.diff(errors) <= 1e-9 * np.linalg.norm(X)).all()


@settings(max_examples=40, deadline=None)
@given(matrices)
def test_transform_fits_each_row_at_least_as_well_as_the_fit_did(X):
    model, W = fitted(X, max_iter=20)
    H = model.components_
    best = np.linalg.norm(X - model.transform(X) @ H, axis=1)
    fit = np.linalg.norm(X - W @ H, axis=1)
    assert (best <= fit + 1e-5 * np.linalg.norm(X)).all()


@settings(max_examples=40, deadline=None)
@given(matrices)
def test_transform_meets_the_conditions_of_an_optimum(X):
    model, _ = fitted(X, max_iter=20)
    H = model.components_
    W = model.transform(X)
    gradient = (W @ H - X) @ H.T
    scale = np.linalg.norm(X) * np.linalg.norm(H) + 1e-300
    assert (gradient >= -1e-4 * scale).all()
    assert (np.abs(gradient * W) <= 1e-4 * scale * max(W.max(), 1e-300)).all()
