"""What a GPU must share with the CPU; skipped where there is none."""

import numpy as np
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from imsforge.gan import cycle, training
from imsforge.gan.model import ConditionalGAN
from imsforge.gan.settings import RECIPES, GANSettings
from imsforge.gan.training import Run

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
SETTINGS = GANSettings(updates=1000, critic_steps=5, batch_size=64)


def blobs(seed):
    random = np.random.default_rng(seed)
    y = random.integers(4, size=2000)
    return random.normal(size=(2000, 10)) + 2 * np.eye(4, 10)[y], y


def recall(model, seed=9):
    X, y = blobs(seed)
    learned = LinearDiscriminantAnalysis().fit(model.sample(y, seed=1), y)
    return learned.score(X, y)


def test_scores_agree_with_those_of_a_cpu():
    means = {}
    for device in ("cpu", "cuda"):
        runs = [Run(*blobs(0), seed) for seed in range(3)]
        models = training.train_together(runs, 4, SETTINGS, device=device)
        means[device] = np.mean([recall(model) for model in models])
    assert means["cuda"] == pytest.approx(means["cpu"], abs=0.03)


def test_a_captured_cycle_does_what_the_cycle_does(monkeypatch):
    X, y = blobs(0)
    captured = training.train(X, y, 4, SETTINGS, seed=0, device="cuda")
    monkeypatch.setattr(training, "fast_cycle", lambda *state: cycle.Cycle(*state[:2]))
    plain = training.train(X, y, 4, SETTINGS, seed=0, device="cuda")
    np.testing.assert_allclose(
        captured.history["critic_loss"][:5], plain.history["critic_loss"][:5], rtol=1e-3
    )


def test_same_seed_same_weights():
    X, y = blobs(0)
    first, second = (training.train(X, y, 4, SETTINGS, seed=0, device="cuda") for _ in range(2))
    for ours, other in zip(first.critic.parameters(), second.critic.parameters(), strict=True):
        assert torch.equal(ours, other)


def test_whitened_rows_agree_with_those_of_a_cpu(tmp_path):
    X, y = blobs(0)
    X = np.maximum(X, [-0.5, *[-9.0] * 9])  # a limit of detection in the first feature
    settings = GANSettings(**RECIPES["full-spectra"] | {"updates": 1000})
    models = [training.train(X, y, 4, settings, seed=0, device=name) for name in ("cpu", "cuda")]
    here, there = (recall(model) for model in models)
    assert there == pytest.approx(here, abs=0.03)
    zeros = [np.mean(model.sample(y, seed=1)[:, 0] == np.float32(-0.5)) for model in models]
    assert zeros[1] == pytest.approx(zeros[0], abs=0.05)
    for model in models:
        assert {value.device.type for value in model.whitening.buffers()} == {model.device.type}
    models[1].save(tmp_path / "model.safetensors")
    again = ConditionalGAN.load(tmp_path / "model.safetensors", device="cpu")
    scores = again.score(X, y)
    np.testing.assert_allclose(models[1].score(X, y), scores, rtol=1e-2, atol=1e-2)
