import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import erfcx
from scipy.stats import norm

from imsforge.errors import ConfigError, DamagedError, DataError
from imsforge.oversampling import CWGANGP, VAE
from imsforge.vae.latents import SHRINKAGE, ClassLatents
from imsforge.vae.likelihood import limits_of_detection, log_likelihood, log_ndtr
from imsforge.vae.marginals import NormalScores
from imsforge.vae.model import ConditionalVAE
from imsforge.vae.network import ConditionalNetworks
from imsforge.vae.settings import VAESettings
from imsforge.vae.stopping import Keeper, hold_out
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
    spectra = networks.prepare(x, codes)
    ours = log_likelihood(spectra.seen, spectra.censored, mean, scale).detach().numpy()
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


def test_log_ndtr_is_that_of_torch_far_into_the_tails():
    x = torch.cat([torch.linspace(-40, 40, 8001), torch.tensor([-1e3, -1e5, -12.0, 1e4])]).double()
    torch.testing.assert_close(log_ndtr(x), torch.special.log_ndtr(x), rtol=1e-9, atol=2e-8)
    # In single precision too, where the distribution function itself would be zero.
    close = {"rtol": 1e-5, "atol": 1e-6}
    torch.testing.assert_close(log_ndtr(x.float()).double(), log_ndtr(x), **close)


def test_slope_of_log_ndtr_is_the_inverse_of_the_mills_ratio():
    """The one of torch is off by 1e-4 of itself at -1e6."""
    x = torch.tensor([-1e6, -1e3, -30, -12.01, -11.99, -3, 0, 3, 8.0], dtype=torch.float64)
    x.requires_grad_()
    (slope,) = torch.autograd.grad(log_ndtr(x).sum(), x)
    expected = np.sqrt(2 / np.pi) / erfcx(-x.detach().numpy() / np.sqrt(2))
    np.testing.assert_allclose(slope.numpy(), expected, rtol=1e-6)
    assert torch.autograd.gradcheck(log_ndtr, x[2:])


def test_divergence_is_that_of_torch(censored):
    X, y = censored
    networks = ConditionalNetworks(3, 2, latent_size=2, hidden=8)
    networks.look_at(X)
    x, codes = torch.from_numpy(X), torch.from_numpy(y)
    mean, log_variance = networks.encode(x, codes)
    encoded = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    expected = torch.distributions.kl_divergence(encoded, torch.distributions.Normal(0, 1))
    spectra = networks.prepare(x, codes)
    _, divergence = networks.losses(spectra, torch.zeros(len(x), 2))
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
    settings = VAESettings(latent_size=2, hidden=64, updates=500)
    model = train(X, y, 2, settings, seed=0, device="cpu")
    for code in (0, 1):
        real, made = X[y == code], model.sample(np.full(3000, code), seed=1)
        assert np.mean(made[:, 0] == 0) == pytest.approx(np.mean(real[:, 0] == 0), abs=0.08)
        np.testing.assert_allclose(made.mean(axis=0), real.mean(axis=0), atol=0.25)
        np.testing.assert_allclose(made.std(axis=0), real.std(axis=0), atol=0.25)
        expected = np.corrcoef(real[:, 0], real[:, 1])[0, 1]
        assert np.corrcoef(made[:, 0], made[:, 1])[0, 1] == pytest.approx(expected, abs=0.15)


def test_the_history_tells_a_loss_that_falls(censored):
    history = train(*censored, 2, replace(QUICK, updates=220), seed=0, device="cpu").history
    losses = ["negative_log_likelihood", "divergence", "held_out_loss"]
    assert list(history) == ["update", "epoch", *losses]
    assert history["update"].tolist() == [50, 100, 150, 200, 220]
    assert history["epoch"].iloc[-1] == pytest.approx(220 * 32 / 540)
    for name in ("negative_log_likelihood", "held_out_loss"):
        assert history[name].iloc[-1] < history[name].iloc[0]


def test_a_tenth_of_each_class_is_held_out_and_none_of_small_ones():
    codes = torch.tensor([0] * 50 + [1] * 9 + [2] * 10)
    held_out = hold_out(codes, 3, torch.Generator().manual_seed(0))
    assert [int(held_out[codes == code].sum()) for code in range(3)] == [5, 0, 1]
    other = hold_out(codes, 3, torch.Generator().manual_seed(1))
    assert not torch.equal(held_out, other)


def test_training_ends_when_held_out_rows_grow_no_likelier(rng):
    """Forty rows of noise can only be learnt by heart."""
    X, y = rng.normal(size=(40, 30)).astype(np.float32), np.zeros(40, dtype=int)
    settings = VAESettings(hidden=64, updates=2000, warm_up=1, patience=3)
    model = train(X, y, 1, settings, seed=0, device="cpu")
    losses = model.history["held_out_loss"]
    assert model.history["update"].iloc[-1] < settings.updates
    assert len(losses) - 1 - losses.argmin() <= settings.patience
    shorter = replace(settings, updates=int(model.history["update"][losses.argmin()]))
    again = train(X, y, 1, shorter, seed=0, device="cpu")
    for ours, theirs in zip(model.networks.parameters(), again.networks.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_the_longest_training_follows_the_rows_unless_it_is_given():
    assert VAESettings(batch_size=32).longest(100) == 313
    assert VAESettings().longest(10**6) == 6000
    assert VAESettings(updates=7).longest(10**6) == 7


def test_without_rows_to_hold_out_the_training_has_its_full_length(censored):
    X, y = censored
    few = np.r_[:9, 300:309]
    history = train(X[few], y[few], 2, QUICK, seed=0, device="cpu").history
    assert history["update"].iloc[-1] == QUICK.updates
    assert history["held_out_loss"].isna().all()


def test_small_gains_are_kept_but_not_waited_for(monkeypatch):
    networks = ConditionalNetworks(3, 2, latent_size=2, hidden=8)
    keeper = Keeper(networks, None, torch.zeros(0, 2), patience=2)
    losses = iter([3.0, 2.0, 1.99, 1.985])
    monkeypatch.setattr(Keeper, "_loss", lambda self: next(losses))
    exhausted = []
    for value in range(4):
        torch.nn.init.constant_(keeper.averaged.encoder[0].bias, value)
        keeper.judge()
        exhausted.append(keeper.exhausted)
    assert exhausted == [False, False, False, True]
    keeper.restore()
    assert (networks.encoder[0].bias == 3).all()


def test_weights_that_wander_are_averaged_over_their_last_tenth(censored):
    X, y = censored
    networks = ConditionalNetworks(3, 2, latent_size=2, hidden=8)
    networks.look_at(X)
    spectra = networks.prepare(torch.from_numpy(X), torch.from_numpy(y))
    keeper = Keeper(networks, spectra, torch.zeros(len(X), 2), patience=1)
    weight = networks.encoder[0].weight
    for update in range(1000):
        torch.nn.init.constant_(weight, update)
        keeper.follow()
    # Of a ramp, the average lags by its reach.
    assert keeper.averaged.encoder[0].weight.mean().item() == pytest.approx(910, abs=5)


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


def test_draws_have_mean_and_covariance_of_the_class_and_lie_near_no_row():
    source = torch.Generator().manual_seed(0)
    mean = torch.randn(2000, 3, generator=source) * torch.tensor([2.0, 1.0, 0.5]) + 3
    codes = torch.zeros(2000, dtype=torch.long)
    drawn = ClassLatents(mean, torch.full_like(mean, -300.0), codes, 1).draw(0, 20000, source)
    torch.testing.assert_close(drawn.mean(dim=0), mean.mean(dim=0), atol=0.06, rtol=0)
    torch.testing.assert_close(drawn.T.cov(), mean.T.cov(), atol=0.15, rtol=0)
    assert not (drawn[:, None, 0] == mean[None, :50, 0]).any()


def test_small_classes_borrow_their_spread():
    """Two equal rows without uncertainty: what varies comes from the Gaussian."""
    mean = torch.cat([torch.randn(180, 2), torch.ones(2, 2)])
    codes = torch.cat([torch.zeros(180, dtype=torch.long), torch.ones(2, dtype=torch.long)])
    latents = ClassLatents(mean, torch.full_like(mean, -300.0), codes, 2)
    drawn = latents.draw(1, 4000, torch.Generator().manual_seed(0))
    own = torch.isclose(drawn, torch.ones(2)).all(dim=1)
    assert own.double().mean().item() == pytest.approx(2 / (2 + SHRINKAGE), abs=0.02)
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
        ({"patience": 0}, r"^vae\.patience: must be a whole number of at least 1, not 0$"),
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


def test_scores_are_normal_and_lead_back(rng):
    X = rng.gamma(1.0, size=(500, 3)).astype(np.float32)
    X[:100, 1] = 0  # a limit of detection: left alone
    marginals = NormalScores.of(X)
    scores = marginals.scores(X)
    assert marginals.features.tolist() == [0, 2]
    np.testing.assert_array_equal(scores[:, 1], X[:, 1])
    np.testing.assert_allclose(np.sort(scores[:, 0]), norm.ppf((np.arange(500) + 0.5) / 500), 1e-5)
    np.testing.assert_allclose(marginals.rows(scores), X, rtol=1e-4, atol=1e-6)
    far = marginals.rows(np.full((1, 3), 9.0))
    np.testing.assert_allclose(far[0, [0, 2]], X[:, [0, 2]].max(axis=0))


def test_a_sharp_lower_end_that_is_no_limit_is_kept_to(rng):
    X, y = 1 + rng.gamma(1.0, size=(300, 4)).astype(np.float32), np.repeat([0, 1], 150)
    settings = {"hidden": 32, "latent_size": 2, "updates": 300, "warm_up": 50}
    made = VAE(settings=settings, random_state=0, device="cpu").fit(X, y).sample(500, 0)
    assert made.min() >= X.min()
    for quantile in (0.05, 0.5, 0.95):
        expected = np.quantile(X[:150], quantile)
        assert np.quantile(made, quantile) == pytest.approx(expected, rel=0.25)
