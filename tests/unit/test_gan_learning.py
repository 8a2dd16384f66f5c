"""What a generator learns where the truth is known: a ring of Gaussians, and a covariance."""

import numpy as np
import pytest

from imsforge.gan import training
from imsforge.gan.architectures import CRITICS, GENERATORS
from imsforge.gan.settings import GANSettings
from imsforge.stage import limited_threads

N_MODES, SPREAD = 8, 0.05


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    monkeypatch.setitem(CRITICS, "small", "linear 64, leaky, linear 64, leaky, linear out")
    monkeypatch.setitem(GENERATORS, "small", "linear 64, leaky, linear 64, norm, leaky, linear out")
    monkeypatch.setattr(training, "HISTORY_ROWS", 3)
    with limited_threads(1):
        yield


def generated(X, n, **changes):
    settings = {
        "generator": "small",
        "critic": "small",
        "latent_size": 8,
        "updates": 3000,
        "critic_steps": 2,
        "learning_rate": 1e-3,
        "generator_learning_rate": 1e-3,
        "average": 0.99,
    }
    settings = GANSettings(**(settings | changes))
    model = training.train(X, np.zeros(len(X), dtype=int), 1, settings, seed=0, device="cpu")
    return model.sample(np.zeros(n, dtype=int), seed=1)


def test_all_modes_of_a_ring_are_covered():
    angles = 2 * np.pi * np.arange(N_MODES) / N_MODES
    centres = np.c_[np.cos(angles), np.sin(angles)]
    random = np.random.default_rng(0)
    X = centres[random.integers(N_MODES, size=2000)]
    X = X + SPREAD * random.normal(size=X.shape)
    distances = np.linalg.norm(generated(X, 4000, penalty_weight=0.1)[:, None] - centres, axis=2)
    nearest = np.bincount(distances.argmin(axis=1), minlength=N_MODES) / 4000
    close = np.bincount(
        distances.argmin(axis=1)[distances.min(axis=1) < 3 * SPREAD], minlength=N_MODES
    )
    # One mode dropped would leave a share near zero; an even ring has 1/8 each.
    assert nearest.min() > 0.06
    assert close.min() > 0.02 * 4000


def test_a_gaussian_is_matched_in_mean_and_covariance():
    mixing = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, -0.5, 0.5]])
    mean = np.array([1.0, -1.0, 0.0])
    X = np.random.default_rng(0).normal(size=(2000, 3)) @ mixing.T + mean
    rows = generated(X, 5000)
    np.testing.assert_allclose(rows.mean(axis=0), mean, atol=0.15)
    np.testing.assert_allclose(np.cov(rows.T), mixing @ mixing.T, atol=0.2)
