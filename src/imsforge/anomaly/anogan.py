"""AnoGAN and f-AnoGAN: how far a row is from all that a GAN of healthy rows generates."""

from abc import abstractmethod
from numbers import Integral, Real

import torch
from sklearn.utils._param_validation import Interval
from torch import nn

from imsforge.anomaly.fully_connected import (
    Descent,
    draw_rows,
    frozen,
    fully_connected,
    weights_from,
)
from imsforge.anomaly.generative import ReconstructingDetector, ResidualDistance
from imsforge.gan.settings import GANSettings
from imsforge.gan.training import train
from imsforge.seeding import derive_seed


class _LatentSpaceDetector(ReconstructingDetector):
    """A WGAN-GP of healthy rows, by `imsforge.gan`, in whose latent space rows are looked for.

    A subclass implements ``_locate(X)``, which returns latent numbers (n, latent_size).
    """

    _parameter_constraints = ReconstructingDetector._parameter_constraints

    #: Small networks of `imsforge.gan.architectures`: every step of a search goes through them.
    generator, critic = "fc3", "mirrored"

    def _train_gan(self, X, seed):
        settings = GANSettings(
            generator=self.generator,
            critic=self.critic,
            latent_size=int(self.latent_size),
            batch_size=int(self.batch_size),
            updates=int(self.updates),
            learning_rate=float(self.learning_rate),
        )
        codes = torch.zeros(len(X), dtype=torch.long)
        model = train(X.numpy(), codes.numpy(), 1, settings, seed=seed, device="cpu")
        return nn.ModuleDict({"generator": model.generator, "critic": model.critic})

    def _generate(self, latent):
        return self.networks_["generator"](latent, _codes(latent))

    def _features(self, X):
        """Return the last hidden layer of the critic, (n, n_units)."""
        critic = self.networks_["critic"]
        return critic.body[:-1](torch.cat([X, critic.embedding(_codes(X))], dim=1))

    def _rebuild(self, X):
        return self._generate(self._locate(X))

    @abstractmethod
    def _locate(self, X):
        """Return the latent numbers of the generated rows that are most like rows X."""


class AnoGAN(_LatentSpaceDetector):
    """How unlike a row is the generated one that a search through the latent numbers ends at.

    The search begins at the mean of the latent numbers, the same for every row, and follows the
    gradient (Adam) of the loss that is the score: the absolute residual, and that in the last
    hidden layer of the critic, summed. It takes few steps, where the authors take 500: each goes
    forth and back through both networks for every row, and scoring costs as many.

    Parameters
    ----------
    latent_size : int, default=32
    updates : int, default=2000
        Of the critic; half as many of the generator.
    batch_size : int, default=64
    learning_rate : float, default=1e-3
        Of the critic's Adam.
    steps : int, default=30
        Of the search.
    step_size : float, default=0.2
        Of the search's Adam, at the start; it falls evenly to zero.
    critic_share : float, default=0.1
        Share of the critic's part in the score, and in what the search minimises.
    random_state : int, RandomState instance or None, default=None
        The same int gives the same scores.

    Attributes
    ----------
    networks_ : torch.nn.ModuleDict of generator and critic, in float64

    References
    ----------
    T. Schlegl, P. Seeböck, S. M. Waldstein, U. Schmidt-Erfurth, G. Langs, "Unsupervised anomaly
    detection with generative adversarial networks to guide marker discovery", IPMI 2017.
    """

    def __init__(
        self,
        latent_size=32,
        updates=2000,
        batch_size=64,
        learning_rate=1e-3,
        steps=30,
        step_size=0.2,
        critic_share=0.1,
        random_state=None,
    ):
        self.latent_size = latent_size
        self.updates = updates
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.steps = steps
        self.step_size = step_size
        self.critic_share = critic_share
        self.random_state = random_state

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **_LatentSpaceDetector._parameter_constraints,
        "steps": [Interval(Integral, 1, None, closed="left")],
        "step_size": [Interval(Real, 0, None, closed="neither")],
        "critic_share": [Interval(Real, 0, 1, closed="both")],
    }

    def _train(self, X, seed):
        self.networks_ = frozen(self._train_gan(X, seed))

    @torch.enable_grad()
    def _locate(self, X):
        features = self._features(X)
        place = nn.ParameterList([X.new_zeros(len(X), self.latent_size)])
        descent = Descent([place], self.step_size, self.steps)
        for _ in range(self.steps):
            # Summed over rows: the search of each is its own.
            descent.step(self._losses(X, features, place[0]).sum())
        return place[0].detach()

    def _rate(self, X):
        return self._losses(X, self._features(X), self._locate(X))

    def _losses(self, X, features, latent):
        generated = self._generate(latent)
        residual = (X - generated).abs().sum(dim=1)
        unlike = (features - self._features(generated)).abs().sum(dim=1)
        return torch.lerp(residual, unlike, self.critic_share)


class FAnoGAN(_LatentSpaceDetector):
    """How unlike a row is the generated one that a trained encoder leads to.

    f-AnoGAN: in place of `AnoGAN`'s search, an encoder learns on healthy rows to lead back to them,
    and to their values in the critic's last hidden layer (the training that the authors call
    izi_f). The score is the loss that it learns by: the mean squared residual, and that of the
    critic's layer.

    Parameters
    ----------
    latent_size : int, default=32
    hidden : sequence of int, default=(128, 64)
        Widths of the encoder's hidden layers.
    updates : int, default=2000
        Of the critic; half as many of the generator.
    encoder_updates : int, default=1000
    batch_size : int, default=64
    learning_rate : float, default=1e-3
        Of Adam: of the critic's, and, falling evenly to zero, of the encoder's.
    critic_weight : float, default=1
        Weight of the critic's part.
    random_state : int, RandomState instance or None, default=None
        The same int gives the same scores.

    Attributes
    ----------
    networks_ : torch.nn.ModuleDict of generator, critic and encoder, in float64

    References
    ----------
    T. Schlegl, P. Seeböck, S. M. Waldstein, G. Langs, U. Schmidt-Erfurth, "f-AnoGAN: fast
    unsupervised anomaly detection with generative adversarial networks", Medical Image Analysis 54,
    2019.
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **_LatentSpaceDetector._parameter_constraints,
        "hidden": ["array-like"],
        "encoder_updates": [Interval(Integral, 1, None, closed="left")],
        "critic_weight": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        latent_size=32,
        hidden=(128, 64),
        updates=2000,
        encoder_updates=1000,
        batch_size=64,
        learning_rate=1e-3,
        critic_weight=1.0,
        random_state=None,
    ):
        self.latent_size = latent_size
        self.hidden = hidden
        self.updates = updates
        self.encoder_updates = encoder_updates
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.critic_weight = critic_weight
        self.random_state = random_state

    def _train(self, X, seed):
        self.networks_ = self._train_gan(X, seed)
        with weights_from(derive_seed(seed, "encoder")):
            encoder = fully_connected(X.shape[1], tuple(self.hidden), self.latent_size)
        self.networks_["encoder"] = encoder
        descent = Descent([encoder], self.learning_rate, self.encoder_updates)
        source = torch.Generator().manual_seed(derive_seed(seed, "encoder batches"))
        for _ in range(self.encoder_updates):
            descent.step(self._rate(draw_rows(X, self.batch_size, source)).mean())
        self.networks_ = frozen(self.networks_)

    def _locate(self, X):
        return self.networks_["encoder"](X)

    def _rate(self, X):
        generated = self._rebuild(X)
        unlike = (self._features(X) - self._features(generated)).square().mean(dim=1)
        return (X - generated).square().mean(dim=1) + self.critic_weight * unlike


def f_anogan_distance(updates=2000, random_state=None):
    """Return an `FAnoGAN` whose residual is judged by those of healthy rows."""
    return ResidualDistance(FAnoGAN(updates=updates, random_state=random_state))


def _codes(X):
    return torch.zeros(len(X), dtype=torch.long)
