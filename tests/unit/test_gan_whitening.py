import numpy as np
import pytest
import torch

from imsforge.errors import DataError
from imsforge.gan import checkpoint, training
from imsforge.gan.model import ConditionalGAN
from imsforge.gan.settings import GANSettings
from imsforge.gan.whitening import DIAGONAL_SHARE, Whitening
from imsforge.stage import limited_threads

SETTINGS = GANSettings(
    generator="noisy", latent_size=4, updates=60, critic_steps=2, average=0.9, whitening=0.25
)


@pytest.fixture(autouse=True)
def one_thread():
    with limited_threads(1):
        yield


@pytest.fixture
def censored(rng):
    """Two classes in four features that go together; the first is often exactly zero."""
    y = np.arange(600) % 2
    X = rng.normal(size=(600, 4)) @ rng.normal(size=(4, 4)) + 2 * y[:, None]
    X[:, 0] = np.where(X[:, 0] > 1, X[:, 0], 0)
    return X.astype(np.float32), y


def learned(X, y, power):
    whitening = Whitening(X.shape[1], power).double()
    whitening.learn(X, y)
    return whitening


def test_whitening_by_hand():
    # Deviations of (2, 0) and (0, 1) from the means of two classes, and two degrees of freedom:
    # variances of 4 and 1 within classes.
    X = np.array([[8, 5], [12, 5], [0, 1], [0, -1.0]])
    whitening = learned(X, np.array([0, 0, 1, 1]), 0.5)
    assert whitening.centre.tolist() == [5, 2.5]
    np.testing.assert_allclose(whitening.there, np.diag([0.5, 1]))
    np.testing.assert_allclose(whitening.back, np.diag([2.0, 1]))
    whitened = whitening(torch.tensor([[9.0, 3.5]], dtype=torch.float64))
    np.testing.assert_allclose(whitened, [[2, 1]])


def test_half_whitening_twice_is_whitening(censored):
    half, whole = learned(*censored, 0.25), learned(*censored, 0.5)
    torch.testing.assert_close(half.there @ half.there, whole.there)
    within = [np.cov(censored[0][censored[1] == code].T) for code in (0, 1)]
    shared = (1 - DIAGONAL_SHARE) * np.mean(within, axis=0)
    shared += DIAGONAL_SHARE * np.diag(np.diag(np.mean(within, axis=0)))
    torch.testing.assert_close(
        whole.there @ torch.from_numpy(shared) @ whole.there,
        torch.eye(4, dtype=torch.float64),
        atol=1e-6,
        rtol=0,
    )


def test_differences_between_classes_are_not_whitened(censored):
    X, y = censored
    far = X + 100 * y[:, None].astype(np.float32)
    torch.testing.assert_close(
        learned(far, y, 0.25).there, learned(X, y, 0.25).there, atol=1e-4, rtol=1e-4
    )


@pytest.mark.parametrize(
    "X",
    [np.ones((6, 3)), np.eye(6, 3), np.arange(18.0).reshape(6, 3), np.ones((2, 5)) * [[1], [2]]],
    ids=["all equal", "sparse", "of one direction", "one row a class"],
)
def test_rows_of_few_directions_can_be_whitened(X):
    whitening = learned(X, np.arange(len(X)) % 2, 0.5)
    rows = torch.from_numpy(X)
    assert torch.isfinite(whitening(rows)).all()
    torch.testing.assert_close(whitening.undo(whitening(rows)), rows, atol=1e-6, rtol=1e-6)


def test_a_whitened_gan_draws_and_scores_rows_as_they_were_given(censored, tmp_path):
    X, y = censored
    model = training.train(X, y, 2, SETTINGS, seed=0)
    rows = model.sample(y, seed=1)
    assert (rows[:, 0] == 0).mean() == pytest.approx((X[:, 0] == 0).mean(), abs=0.05)
    assert not ((rows[:, 0] > 0) & (rows[:, 0] < X[X[:, 0] > 0, 0].min())).any()
    whitened = model.whitening(torch.from_numpy(X))
    # Without a range the noise of a direction that collapses has no slope that is a number.
    assert torch.equal(model.generator.noise.floor, whitened.amin(dim=0))
    with torch.no_grad():
        expected = model.critic(whitened, torch.from_numpy(y))
    np.testing.assert_array_equal(model.score(X, y), expected.numpy())
    model.save(tmp_path / "a.safetensors")
    again = ConditionalGAN.load(tmp_path / "a.safetensors", device="cpu")
    np.testing.assert_array_equal(again.sample(y, seed=1), rows)
    np.testing.assert_array_equal(again.score(X, y), model.score(X, y))
    again.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_a_file_without_its_whitening_is_told(censored, tmp_path, monkeypatch):
    model = training.train(*censored, 2, SETTINGS, seed=0)
    monkeypatch.setattr(ConditionalGAN, "_parts", property(lambda self: self.networks))
    model.save(tmp_path / "model.safetensors")
    monkeypatch.undo()
    with pytest.raises(DataError, match="damaged"):
        ConditionalGAN.load(tmp_path / "model.safetensors", device="cpu")


def test_rows_held_out_are_not_whitened_by(censored):
    X, y = censored
    settings = GANSettings(**vars(SETTINGS) | {"patience": 50})
    whitening = training.train(X, y, 2, settings, seed=0).whitening
    assert not torch.equal(whitening.centre, torch.from_numpy(X.mean(axis=0)))
    held = training.held_out(y, settings, 0)
    expected = X[~held].mean(axis=0, dtype=np.float64)
    np.testing.assert_allclose(whitening.centre, expected, rtol=1e-6, atol=1e-6)


def test_a_whitened_training_goes_on_to_the_same_bytes(censored, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)

    def content(**options):
        model = training.train(*censored, 2, SETTINGS, seed=0, device="cpu", **options)
        model.save(tmp_path / "model.safetensors")
        return (tmp_path / "model.safetensors").read_bytes()

    undisturbed = content()
    calls, draw = [], training.draw_together

    def dying(*arguments):
        calls.append(1)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return draw(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, "draw_together", dying)
        with pytest.raises(KeyboardInterrupt):
            content(checkpoint_dir=tmp_path)
    assert content(checkpoint_dir=tmp_path) == undisturbed
