import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.covariance import LedoitWolf
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from imsforge.anomaly.anogan import AnoGAN, FAnoGAN, f_anogan_distance
from imsforge.anomaly.bigan import EGBAD
from imsforge.anomaly.critic import Critic, TrainedCritic
from imsforge.anomaly.fully_connected import Descent, fully_connected, weights_from
from imsforge.anomaly.ganomaly import GANomaly, ganomaly_distance
from imsforge.anomaly.generative import ResidualDistance
from imsforge.anomaly.registry import trained_critic
from imsforge.anomaly.vae import VAELikelihood, VAEReconstruction
from imsforge.gan.settings import GANSettings
from imsforge.gan.training import train

TINY_GAN = {"updates": 6, "batch_size": 8, "latent_size": 2}
TINY = {
    "critic": Critic(updates=6, settings={"batch_size": 8, "latent_size": 2}, random_state=0),
    "vae-reconstruction": VAEReconstruction(2, 8, updates=6, batch_size=8, random_state=0),
    "vae-likelihood": VAELikelihood(2, 8, updates=6, batch_size=8, random_state=0),
    "anogan": AnoGAN(**TINY_GAN, steps=3, random_state=0),
    "f-anogan": FAnoGAN(**TINY_GAN, hidden=(8,), encoder_updates=6, random_state=0),
    "egbad": EGBAD(2, (8,), updates=6, batch_size=8, random_state=0),
    "ganomaly": GANomaly(2, (8,), updates=6, batch_size=8, random_state=0),
}
TINY["distance"] = ResidualDistance(TINY["ganomaly"])

TRAINED = {
    "vae-reconstruction": VAEReconstruction(4, 32, updates=300, warm_up=100, random_state=0),
    "vae-likelihood": VAELikelihood(4, 32, updates=300, warm_up=100, random_state=0),
    "anogan": AnoGAN(4, updates=200, steps=20, random_state=0),
    "f-anogan": FAnoGAN(4, updates=200, encoder_updates=300, random_state=0),
    "egbad": EGBAD(4, (32,), updates=400, random_state=0),
    "ganomaly": GANomaly(4, (32,), updates=300, random_state=0),
}
TRAINED["ganomaly-distance"] = ResidualDistance(TRAINED["ganomaly"])

ALL = pytest.mark.parametrize("name", TINY)


@pytest.fixture(scope="module")
def sheet():
    """Rows near a plane in ten dimensions, far from the origin, features of several sizes."""
    rng = np.random.default_rng(0)
    directions, size = rng.normal(size=(2, 10)), 10.0 ** np.arange(-4, 6)

    def rows(n, off=0.0):
        noise = 0.05 + off
        return (rng.normal(size=(n, 2)) @ directions + noise * rng.normal(size=(n, 10)) + 5) * size

    return rows(400), rows(200), rows(100, off=4.0)


INLIERS = "no row that was fitted on is called an outlier"


def _failing(estimator):
    known = {"check_outliers_train": INLIERS, "check_outliers_fit_predict": INLIERS}
    if isinstance(estimator, Critic):
        known["check_methods_subset_invariance"] = "imsforge.gan scores in float32"
    return known


@pytest.mark.slow
@parametrize_with_checks(list(TINY.values()), expected_failed_checks=_failing)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def trained(sheet):
    return {name: clone(detector).fit(sheet[0]) for name, detector in TRAINED.items()}


@pytest.mark.parametrize("name", TRAINED)
def test_rows_off_the_sheet_are_abnormal(sheet, trained, name):
    _, healthy, abnormal = sheet
    scores = trained[name].anomaly_score(np.vstack([healthy, abnormal]))
    assert scores.dtype == np.float64
    assert roc_auc_score(np.repeat([0, 1], [200, 100]), scores) > 0.9


@ALL
def test_same_seed_same_bytes(sheet, name):
    learnt, healthy, _ = sheet
    before = torch.get_rng_state()
    first, again = (clone(TINY[name]).fit(learnt).anomaly_score(healthy) for _ in range(2))
    assert first.tobytes() == again.tobytes()
    assert np.isfinite(first).all()
    assert torch.equal(before, torch.get_rng_state())
    key = "detector__random_state" if name == "distance" else "random_state"
    other = clone(TINY[name]).set_params(**{key: 1}).fit(learnt).anomaly_score(healthy)
    assert not np.allclose(first, other)


@ALL
def test_a_row_is_scored_by_itself(sheet, name, monkeypatch):
    learnt, healthy, _ = sheet
    detector = clone(TINY[name]).fit(learnt)
    scores = detector.anomaly_score(healthy)
    # The networks of `imsforge.gan` are asked in float32.
    same = {"rtol": 1e-9, "atol": 1e-5 if name == "critic" else 1e-9}
    order = np.random.default_rng(1).permutation(len(healthy))
    np.testing.assert_allclose(detector.anomaly_score(healthy[order]), scores[order], **same)
    monkeypatch.setattr("imsforge.anomaly.generative._ROWS_TOGETHER", 7)
    parts = [detector.anomaly_score(part) for part in np.array_split(healthy, 3)]
    np.testing.assert_allclose(np.concatenate(parts), scores, **same)


@ALL
def test_what_is_not_finite_is_refused(sheet, name):
    learnt, healthy, _ = sheet
    broken = healthy.copy()
    broken[3, 4] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        clone(TINY[name]).fit(broken)
    with pytest.raises(ValueError, match="NaN"):
        clone(TINY[name]).fit(learnt).anomaly_score(broken)


@ALL
def test_few_rows_and_constant_features(sheet, name):
    learnt, healthy, _ = sheet
    learnt, healthy = learnt[:50].copy(), healthy.copy()
    learnt[:, [0, 9]] = healthy[:, [0, 9]] = [0.0, 7.7]
    detector = clone(TINY[name]).fit(learnt)
    assert np.isfinite(detector.anomaly_score(healthy)).all()
    healthy[:, 9] = 1e6
    assert np.isfinite(detector.anomaly_score(healthy)).all()


@ALL
def test_a_detector_can_be_kept(sheet, name):
    learnt, healthy, _ = sheet
    detector = clone(TINY[name]).fit(learnt)
    again = pickle.loads(pickle.dumps(detector))
    assert again.anomaly_score(healthy).tobytes() == detector.anomaly_score(healthy).tobytes()


@pytest.mark.parametrize("name", ["vae-likelihood", "anogan", "f-anogan", "ganomaly"])
def test_reconstructions_of_healthy_rows_are_near_them(sheet, trained, name):
    _, healthy, _ = sheet
    rebuilt = trained[name].reconstruct(healthy)
    assert rebuilt.shape == healthy.shape
    residual = (rebuilt - healthy) / healthy.std(axis=0)
    assert np.mean(residual**2) < 0.5


def test_a_longer_search_finds_what_is_more_alike(sheet):
    learnt, healthy, _ = sheet
    detector = AnoGAN(2, updates=50, steps=1, random_state=0).fit(learnt)
    at_once = detector.anomaly_score(healthy)
    after_ten = detector.set_params(steps=10).anomaly_score(healthy)
    after_forty = detector.set_params(steps=40).anomaly_score(healthy)
    assert after_forty.mean() < after_ten.mean() < at_once.mean()


def test_the_evidence_bound_is_reconstruction_and_divergence(sheet):
    learnt, healthy, _ = sheet
    settings = TINY["vae-likelihood"].get_params()
    bound = VAELikelihood(**settings).fit(learnt)
    unlikely = VAEReconstruction(**settings).fit(learnt).anomaly_score(healthy)
    X = torch.from_numpy(bound.scaler_.transform(healthy)).float().double()
    mean, log_variance = bound.networks_.encode(X, torch.zeros(len(X), dtype=torch.long))
    encoded = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    divergence = torch.distributions.kl_divergence(encoded, torch.distributions.Normal(0, 1))
    expected = unlikely + divergence.sum(dim=1).detach().numpy()
    np.testing.assert_allclose(bound.anomaly_score(healthy), expected, rtol=1e-9)


def test_what_was_not_detected_stays_so_to_the_vae():
    """A third is no float32: rounded otherwise than the rows learnt from, it would be a value."""
    rng = np.random.default_rng(0)
    X = np.maximum(rng.normal(size=(200, 3)), 0) + 1 / 3
    detector = VAEReconstruction(2, 8, updates=30, batch_size=32, random_state=0).fit(X)
    lifted = X.copy()
    lifted[X == 1 / 3] += 1e-9
    np.testing.assert_allclose(detector.anomaly_score(lifted), detector.anomaly_score(X), rtol=1e-4)


def test_the_distance_of_the_residual_by_hand(sheet):
    learnt, healthy, _ = sheet
    detector = clone(TINY["distance"]).fit(learnt)

    def residual(rows):
        scaled = detector.scaler_.transform(rows)
        return scaled - detector.detector_.reconstruct(scaled)

    fitted = residual(learnt)
    mean, size = fitted.mean(axis=0), fitted.std(axis=0)
    measure = LedoitWolf().fit((fitted - mean) / size)
    expected = np.sqrt(measure.mahalanobis((residual(healthy) - mean) / size))
    np.testing.assert_allclose(detector.anomaly_score(healthy), expected, rtol=1e-6)


def test_distances_by_name_take_a_seed():
    for make, inner in ((f_anogan_distance, FAnoGAN), (ganomaly_distance, GANomaly)):
        detector = make(updates=3, random_state=5).detector
        assert isinstance(detector, inner)
        assert (detector.updates, detector.random_state) == (3, 5)
        assert make().detector.updates == inner().updates


def test_a_trained_critic_scores_below_the_mean_of_healthy_rows():
    X = np.random.default_rng(0).normal(size=(60, 4))
    codes = np.zeros(60, dtype=int)
    settings = GANSettings(updates=4, batch_size=8, latent_size=2)
    model = train(X, codes, 1, settings, seed=3, device="cpu")
    rating = model.score(X, codes).astype(np.float64)
    critic = trained_critic(model, X[:40])
    assert isinstance(critic, TrainedCritic)
    np.testing.assert_allclose(critic.anomaly_score(X), rating[:40].mean() - rating, atol=1e-5)
    assert critic.anomaly_score(X[:40]).mean() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="expecting 4 features"):
        critic.anomaly_score(X[:, :3])


@pytest.mark.parametrize(
    "detector",
    [
        GANomaly(updates=0),
        EGBAD(discriminator_share=2),
        AnoGAN(steps=0),
        FAnoGAN(critic_weight=-1),
        VAELikelihood(hidden=0),
        Critic(settings=[]),
    ],
    ids=str,
)
def test_impossible_parameters_are_told(sheet, detector):
    with pytest.raises(ValueError, match=r"The '\w+' parameter of \w+ must be"):
        detector.fit(sheet[0])


def test_descent_moves_only_its_own_networks():
    with weights_from(0):
        own, other = fully_connected(3, (4,), 2), fully_connected(2, (), 1)
    before = [weights.clone() for weights in (*own.parameters(), *other.parameters())]
    loss = other(own(torch.ones(5, 3))).square().mean()
    Descent([own], learning_rate=0.01, updates=10).step(loss)
    assert all(not torch.equal(*pair) for pair in zip(own.parameters(), before[:4], strict=True))
    assert all(torch.equal(*pair) for pair in zip(other.parameters(), before[4:], strict=True))
    assert other(own(torch.ones(5, 3))).square().mean() < loss
