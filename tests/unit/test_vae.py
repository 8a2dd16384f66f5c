import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import norm

from imsforge.errors import ConfigError, DamagedError, DataError
from imsforge.oversampling import CWGANGP, VAE
from imsforge.vae.model import ConditionalVAE
from imsforge.vae.network import SHRINKAGE, ClassLatents, ConditionalNetworks, limits_of_detection
from imsforge.vae.settings import VAESettings
from imsforge.vae.training import train

QUICK = VAESettings(latent_size=2, hidden=16, batch_size=32, updates=60, warm_up=10)


@pytest.fixture
def censored(rng):
    """Two classes in three features: often exactly zero, never zero, always one."""
    y = np.repeat([0, 1], 300)
    signal = rng.normal(y * 2.0, 1.0)
    X = np.stack([np.where(signal > 1.5, signal, 0), signal + 10, np.ones(600)], axis=1)
    return X.astype(np.float32), y


def test_limits_of_detection_by_hand():
    X = np.array([[0, 5, 2], [0, 6, 2], [3, 7, 2], [4, 8, 2.0]])
    floor, limit = limits_of_detection(X)
    assert floor.tolist() == [0, -np.inf, 2]  # a smallest value that comes once is a value
    assert limit.tolist() == [3, 6, 2]


def test_likelihood_equals_scipy(censored):
    X, y = censored
    networks = ConditionalNetworks(3, 2, latent_size=2, hidden=8).double()
    networks.look_at(X.astype(np.float64))
    x, codes = torch.tensor(X[:5], dtype=torch.float64), torch.tensor(y[:5])
    mean, scale = networks.decode(torch.zeros(5, 2, dtype=torch.float64), codes)
    ours = networks._log_likelihood(x, mean, scale).detach().numpy()
    centre, spread = X.astype(np.float64).mean(0), X.astype(np.float64).std(0)
    spread[2] = 1.0
    limit = [X[X[:, 0] > 0, 0].min(), None, 1.0]
    for row in range(5):
        for j in range(3):
            m, s = mean[row, j].item(), scale[row, j].item()
            if j != 1 and X[row, j] == X[:, j].min():
                expected = norm.logcdf((limit[j] - centre[j]) / spread[j], m, s)
            else:
                expected = norm.logpdf((X[row, j] - centre[j]) / spread[j], m, s)
            assert ours[row, j] == pytest.approx(expected, rel=1e-5)


def test_divergence_is_that_of_torch(censored):
    X, y = censored
    networks = ConditionalNetworks(3, 2, latent_size=2, hidden=8)
    networks.look_at(X)
    x, codes = torch.from_numpy(X), torch.from_numpy(y)
    mean, log_variance = networks.encode(x, codes)
    encoded = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    expected = torch.distributions.kl_divergence(encoded, torch.distributions.Normal(0, 1))
    _, divergence = networks.losses(x, codes, torch.zeros(len(x), 2))
    torch.testing.assert_close(divergence, expected.sum(dim=1))


def test_nothing_lies_between_zero_and_the_limit(censored):
    X, y = censored
    rows = train(X, y, 2, QUICK, seed=0, device="cpu").sample(np.repeat([0, 1], 200), seed=1)
    smallest = X[X[:, 0] > 0, 0].min()
    assert ((rows[:, 0] == 0) | (rows[:, 0] >= smallest)).all()
    assert (rows[:, 0] == 0).any()
    assert len(np.unique(rows[:, 1])) == 400


def test_it_learns_zeros_means_and_how_features_go_together(censored):
    X, y = censored
    settings = VAESettings(latent_size=2, hidden=64, updates=1000, warm_up=200)
    model = train(X, y, 2, settings, seed=0, device="cpu")
    for code in (0, 1):
        real, made = X[y == code], model.sample(np.full(3000, code), seed=1)
        assert np.mean(made[:, 0] == 0) == pytest.approx(np.mean(real[:, 0] == 0), abs=0.08)
        np.testing.assert_allclose(made.mean(axis=0), real.mean(axis=0), atol=0.25)
        np.testing.assert_allclose(made.std(axis=0), real.std(axis=0), atol=0.25)
        expected = np.corrcoef(real[:, 0], real[:, 1])[0, 1]
        assert np.corrcoef(made[:, 0], made[:, 1])[0, 1] == pytest.approx(expected, abs=0.15)


def test_the_history_tells_a_loss_that_falls(censored):
    history = train(*censored, 2, QUICK, seed=0, device="cpu").history
    assert list(history) == ["update", "epoch", "negative_log_likelihood", "divergence"]
    assert history["update"].iloc[-1] == QUICK.updates
    assert history["epoch"].iloc[-1] == pytest.approx(60 * 32 / 600)
    losses = history["negative_log_likelihood"]
    assert losses.tail(5).mean() < losses.head(5).mean()


def test_same_seed_same_bytes_and_the_global_state_is_left_alone(censored, tmp_path):
    before = torch.get_rng_state()
    digests = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        model = train(*censored, 2, QUICK, seed=seed, device="cpu")
        model.save(tmp_path / name)
        digests.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert digests[0] == digests[1] != digests[2]
    assert torch.equal(before, torch.get_rng_state())


def test_a_model_comes_back_from_its_file(censored, tmp_path):
    model = train(*censored, 2, QUICK, seed=0, device="cpu")
    model.classes = np.array([4, 9])
    model.save(tmp_path / "model.safetensors")
    again = ConditionalVAE.load(tmp_path / "model.safetensors")
    labels = np.array([1, 0, 1])
    np.testing.assert_array_equal(again.sample(labels, seed=3), model.sample(labels, seed=3))
    assert again.classes.tolist() == [4, 9]


def test_files_of_something_else_are_refused(censored, blobs, tmp_path):
    gan = CWGANGP(settings={"updates": 2, "critic_steps": 1}, random_state=0).fit(*blobs)
    gan.save(tmp_path / "gan.safetensors")
    with pytest.raises(DataError, match=r"holds .*GAN.*train the model again"):
        VAE.load(tmp_path / "gan.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"no tensors")
    with pytest.raises(DamagedError, match="damaged"):
        VAE.load(tmp_path / "broken.safetensors")


def test_large_classes_keep_to_their_rows_and_small_ones_to_a_gaussian():
    """Encoded rows without uncertainty: draws are these rows, as often as the class is large."""
    mean = torch.cat([torch.randn(180, 2), torch.zeros(1, 2), torch.ones(1, 2)])
    codes = torch.cat([torch.zeros(180, dtype=torch.long), torch.ones(2, dtype=torch.long)])
    latents = ClassLatents(mean, torch.full_like(mean, -300.0), codes, 2)
    source = torch.Generator().manual_seed(0)
    for code, n_rows in ((0, 180), (1, 2)):
        drawn = latents.draw(code, 4000, source)
        own = (drawn[:, None] == mean[codes == code]).all(dim=2).any(dim=1)
        assert own.double().mean().item() == pytest.approx(n_rows / (n_rows + SHRINKAGE), abs=0.02)
        # The pair of rows borrows its spread from the other class.
        assert drawn[~own].std() > 0.5


def test_what_cannot_be_trained_on_is_told(censored):
    X, y = censored
    with pytest.raises(DataError, match="one label a row"):
        train(X, y[:-1], 2, QUICK, seed=0)
    with pytest.raises(DataError, match="class code 2 has no row"):
        train(X, y, 3, QUICK, seed=0)
    X[7, 1] = np.nan
    with pytest.raises(DataError, match="row 7 holds a value that is not finite"):
        train(X, y, 2, QUICK, seed=0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"latent": 3}, "unknown key 'latent'; known are: latent_size"),
        ({"updates": 0}, r"^vae\.updates: must be a whole number of at least 1, not 0$"),
        ({"hidden": 16.0}, r"^vae\.hidden: must be a whole number of at least 1, not 16\.0$"),
        ({"latent_size": True}, r"^vae\.latent_size: must be a whole number"),
        ({"batch_size": "64"}, r"^vae\.batch_size: must be a whole number"),
        ({"warm_up": None}, r"^vae\.warm_up: must be a whole number"),
        ({"learning_rate": -1}, r"^vae\.learning_rate: must be a number above 0, not -1$"),
        ({"learning_rate": "1e-3"}, r"write 1\.0e-4"),
        ({"learning_rate": float("nan")}, r"^vae\.learning_rate: must be a number above 0"),
    ],
)
def test_impossible_settings_are_told(settings, says):
    with pytest.raises(ConfigError, match=says):
        VAESettings.from_dict(settings)


def test_an_exploding_loss_is_told(censored):
    with pytest.raises(DataError, match="the loss exploded before update"):
        train(*censored, 2, replace(QUICK, learning_rate=1e30), seed=0, device="cpu")
