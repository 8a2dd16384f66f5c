"""Whatever the rows are, draws of the copula are values that the class has, or lies between."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from imsforge.oversampling import CensoredCopula

#: Many equal values, zeros above all, as whole and as uneven numbers.
ROWS = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12).flatmap(
    lambda shape: arrays(
        np.float64, shape, elements=st.sampled_from([0.0, 0.0, 1 / 3, 1.0, 2.0, 1e-12, 7e9])
    )
)


@settings(deadline=None)
@given(ROWS, st.integers(1, 3), st.integers(0, 5))
def test_draws_stay_within_the_class(X, n_classes, seed):
    y = np.arange(len(X)) % n_classes
    sampler = CensoredCopula(random_state=seed).fit(X, y)
    again = CensoredCopula(random_state=seed).fit(X, y)
    for label in sampler.classes_:
        rows, own = sampler.sample(30, label), X[y == label]
        assert rows.tobytes() == again.sample(30, label).tobytes()
        assert (rows >= own.min(axis=0)).all()
        assert (rows <= own.max(axis=0)).all()


@settings(deadline=None)
@given(ROWS, st.floats(0.5, 100))
def test_a_feature_on_another_scale_is_drawn_on_that_scale(X, factor):
    """Only ranks matter: of a power of two, as no other keeps the digits."""
    factor = 2.0 ** np.round(np.log2(factor))
    y = np.zeros(len(X), dtype=int)
    plain, scaled = (CensoredCopula(random_state=0).fit(rows, y) for rows in (X, X * factor))
    np.testing.assert_array_equal(scaled.sample(20, 0), plain.sample(20, 0) * factor)
