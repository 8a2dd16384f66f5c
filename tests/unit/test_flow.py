import numpy as np
import pytest
import torch

from imsforge.errors import DataError
from imsforge.oversampling.flow import Flow

SHORT = {"updates": 400, "batch_size": 128, "hidden": 64}


def off_the_parabola(rows):
    return np.mean(np.abs(rows[:, 1] - rows[:, 0] ** 2) > 0.5)


def test_a_dependence_that_no_gaussian_copula_has_is_learnt(rng):
    x = rng.normal(size=600)
    parabola = np.stack([x, x**2 + 0.1 * rng.normal(size=600)], axis=1)
    X = np.concatenate([parabola, rng.normal(9, 1, (200, 2))])
    y = np.repeat([0, 1], [600, 200])
    copula = Flow(random_state=0, **SHORT | {"updates": 1}).fit(X, y)
    flow = Flow(random_state=0, **SHORT | {"updates": 1500}).fit(X, y)
    assert off_the_parabola(copula.sample(500, 0)) > 0.5
    assert off_the_parabola(flow.sample(500, 0)) < 0.25
    np.testing.assert_allclose(flow.sample(500, 1).mean(axis=0), X[600:].mean(axis=0), atol=0.3)


def test_covariance_is_that_of_the_class(rng):
    A = rng.normal(size=(6, 6)) * [5, 3, 1, 0.5, 0.1, 0.02]
    X = np.concatenate([rng.normal(size=(800, 6)) @ A.T, rng.normal(size=(800, 6)) @ A.T + 7])
    drawn = Flow(random_state=0, **SHORT).fit(X, np.repeat([0, 1], 800)).sample(20000, 1)
    spread = X[800:].std(axis=0)
    wanted, found = (np.cov((rows / spread).T) for rows in (X[800:], drawn))
    np.testing.assert_allclose(found, wanted, atol=0.12)


def test_undetected_values_are_exactly_zero_as_often_as_they_were(rng):
    X = np.repeat([[2.0], [1.0]], 300, axis=0) + rng.normal(size=(600, 3))
    X[X < 0.5] = 0
    y = np.repeat([0, 1], 300)
    flow = Flow(random_state=0, **SHORT).fit(X, y)
    for label in (0, 1):
        drawn = flow.sample(2000, label)
        assert not np.any((drawn > 0) & (drawn < X[X > 0].min()))
        zeros = (X[y == label] == 0).mean(axis=0)
        np.testing.assert_allclose((drawn == 0).mean(axis=0), zeros, atol=0.08)


def test_a_feature_that_never_changes_stays_as_it_is(rng):
    X = np.hstack([rng.normal(size=(60, 2)), np.full((60, 1), 3.0)])
    drawn = (
        Flow(random_state=0, **SHORT | {"updates": 20}).fit(X, np.repeat([0, 1], 30)).sample(9, 0)
    )
    np.testing.assert_allclose(drawn[:, 2], 3, atol=1e-6)


def test_fewer_rows_than_features(rng):
    X = rng.normal(size=(12, 30)).astype(np.float32)
    drawn = (
        Flow(random_state=0, **SHORT | {"updates": 20}).fit(X, np.repeat([0, 1], 6)).sample(9, 1)
    )
    assert drawn.shape == (9, 30)
    assert np.isfinite(drawn).all()


def test_the_global_random_state_of_torch_is_left_alone(blobs):
    before = torch.random.get_rng_state()
    Flow(random_state=0, **SHORT | {"updates": 3}).fit(*blobs).sample(4, 1)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_loss_that_explodes_is_told(blobs):
    X, y = blobs
    with pytest.raises(DataError, match="flow: the loss exploded"):
        Flow(random_state=0, **SHORT | {"updates": 30}, learning_rate=1e30).fit(X, y)
