import numpy as np
import pytest
import torch

from imsforge.anomaly import negatives

KINDS = (
    negatives.permuted,
    negatives.partly_permuted,
    negatives.wide,
    negatives.single,
    negatives.stretched,
    negatives.ball,
)


def _made(kind, n_features=20, n_rows=4000):
    """Return healthy rows of standard deviation one, all correlated, and negatives of one kind."""
    rng = np.random.default_rng(0)
    X = np.sqrt(0.8) * rng.normal(size=(500, 1)) + np.sqrt(0.2) * rng.normal(size=(500, n_features))
    healthy = negatives.Healthy.of(X)
    made = kind(healthy, (4, n_rows // 4), torch.Generator().manual_seed(0))
    return X, healthy, made.double().flatten(0, 1).numpy()


def _changed(X, made):
    """Count the features of each row that are not those of the healthy row it is nearest to."""
    same = np.isclose(made[:, None], X[None].astype(np.float32), atol=1e-6).sum(axis=2)
    return made.shape[1] - same.max(axis=1)


def test_permuted_rows_have_the_right_features_and_no_correlation():
    X, _, made = _made(negatives.permuted)
    assert np.isin(made, X.astype(np.float32)).all()
    np.testing.assert_allclose(made.mean(axis=0), X.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(np.corrcoef(made.T), np.eye(20), atol=0.1)


def test_partly_permuted_rows_are_anything_between():
    X, _, made = _made(negatives.partly_permuted, n_rows=400)
    shares = _changed(X, made) / 20
    assert np.isin(made, X.astype(np.float32)).all()
    assert shares.min() < 0.1
    assert shares.max() > 0.7


def test_wide_rows_have_noise_of_one_size_in_every_feature():
    *_, made = _made(negatives.wide, n_features=400, n_rows=400)
    # Rows have little noise of their own: sqrt(0.2) about a value that all features share.
    sizes = np.sqrt(made.var(axis=1) - 0.2)
    assert 0.25 < sizes.min() < 0.4
    assert 2.5 < sizes.max() < 3.4
    np.testing.assert_allclose(np.median(sizes), np.sqrt(0.3 * 3), rtol=0.15)


def test_single_rows_differ_in_few_features():
    X, _, made = _made(negatives.single, n_rows=400)
    counts = _changed(X, made)
    # On average (1 / 20 + 0.2) / 2 of 20 features.
    np.testing.assert_allclose(counts.mean(), 2.5, atol=0.4)
    assert counts.max() <= 12


def test_stretched_rows_keep_to_the_directions_of_healthy_ones():
    rng = np.random.default_rng(0)
    healthy = negatives.Healthy.of(rng.normal(size=(300, 2)) @ rng.normal(size=(2, 20)))
    made = negatives.stretched(healthy, (1, 400), torch.Generator().manual_seed(0))[0].numpy()
    values = np.linalg.svd(made, compute_uv=False)
    assert values[2] < 1e-4 * values[1]
    assert made.std() > 1.5 * healthy.rows.numpy().std()


def test_ball_rows_lie_around_the_centre():
    X, healthy, made = _made(negatives.ball)
    radius = np.quantile(np.linalg.norm(X, axis=1), 0.99, method="inverted_cdf")
    assert float(healthy.radius) == pytest.approx(radius, rel=1e-6)
    lengths = np.linalg.norm(made, axis=1) / radius
    assert 0.3 <= lengths.min() < 0.32
    assert 2.97 < lengths.max() <= 3.001
    np.testing.assert_allclose(np.corrcoef(made.T), np.eye(20), atol=0.1)


def test_every_batch_holds_equal_shares_of_all_kinds():
    def constant(number):
        return lambda healthy, shape, source: torch.full((*shape, 3), float(number))

    healthy = negatives.Healthy.of(np.zeros((4, 3)))
    kinds = [constant(number) for number in range(5)]
    made = negatives.make_negatives(healthy, kinds, (7, 128), torch.Generator())
    assert made.shape == (7, 128, 3)
    for batch in made[..., 0].int():
        assert sorted(np.bincount(batch)) == [25, 25, 26, 26, 26]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("n_features", [1, 2, 300])
def test_negatives_are_finite_float32_and_repeat_with_the_seed(kind, n_features):
    *_, made = _made(kind, n_features, n_rows=40)
    assert made.shape == (40, n_features)
    assert np.isfinite(made).all()
    np.testing.assert_array_equal(made, _made(kind, n_features, n_rows=40)[2])


@pytest.mark.parametrize("n_features", [1, 50, 1500, 10**6])
def test_memory_of_batches_is_bounded(n_features):
    ahead = negatives.batches_ahead(128, n_features)
    assert 1 <= ahead <= 32
    assert ahead == 1 or ahead * 128 * n_features <= 2**18
