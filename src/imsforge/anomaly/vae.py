"""Anomaly scores from a variational autoencoder of healthy rows."""

import torch

from imsforge.anomaly.generative import ReconstructingDetector
from imsforge.vae.settings import VAESettings
from imsforge.vae.training import train


class _VAE(ReconstructingDetector):
    """A VAE of `imsforge.vae` with one class; see `VAELikelihood`."""

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **ReconstructingDetector._parameter_constraints,
        "hidden": ReconstructingDetector._parameter_constraints["latent_size"],
        "warm_up": ReconstructingDetector._parameter_constraints["updates"],
    }

    def __init__(
        self,
        latent_size=16,
        hidden=128,
        updates=1500,
        batch_size=128,
        warm_up=500,
        learning_rate=1e-3,
        random_state=None,
    ):
        self.latent_size = latent_size
        self.hidden = hidden
        self.updates = updates
        self.batch_size = batch_size
        self.warm_up = warm_up
        self.learning_rate = learning_rate
        self.random_state = random_state

    def _train(self, X, seed):
        settings = VAESettings(
            latent_size=int(self.latent_size),
            hidden=int(self.hidden),
            batch_size=int(self.batch_size),
            updates=int(self.updates),
            warm_up=int(self.warm_up),
            learning_rate=float(self.learning_rate),
        )
        model = train(X.numpy(), _codes(X).numpy(), 1, settings, seed=seed, device="cpu")
        self.networks_ = model.networks.double()

    def _rebuild(self, X):
        networks, codes = self.networks_, _codes(X)
        latent, _ = networks.encode(X, codes)
        mean, _ = networks.decode(latent, codes)
        return mean * networks.spread + networks.centre

    def _losses(self, X):
        """Return negative log-likelihood and divergence, at the latent numbers' means."""
        # Rounded as the rows learnt from, or none would equal the value of what is not detected.
        X = X.float().double()
        spectra = self.networks_.prepare(X, _codes(X))
        return self.networks_.losses(spectra, X.new_zeros(len(X), self.latent_size))


class VAEReconstruction(_VAE):
    """How unlikely a row is given its latent numbers: the expected reconstruction, with its noise.

    Each feature's residual counts in units of the noise that the decoder expects of it there, so
    that this is a distance of the residual already.

    Parameters
    ----------
    latent_size, hidden, updates, batch_size, warm_up, learning_rate, random_state :
        As in `VAELikelihood`.

    Attributes
    ----------
    networks_ : ConditionalNetworks of `imsforge.vae`, in float64
    """

    def _rate(self, X):
        unlikely, _ = self._losses(X)
        return unlikely


class VAELikelihood(_VAE):
    """How unlikely a row is: the negative evidence lower bound of a VAE of healthy rows.

    The negative log-likelihood of the row, and how far its latent numbers are from the normal
    distribution (Kingma and Welling 2014), both at the mean that the encoder gives. The network is
    that of `imsforge.vae` with one class.

    Parameters
    ----------
    latent_size : int, default=16
    hidden : int, default=128
        Width of the two hidden layers of encoder and decoder.
    updates : int, default=1500
    batch_size : int, default=128
        Rows an update sees.
    warm_up : int, default=500
        Updates over which the weight of the divergence grows from zero to one.
    learning_rate : float, default=1e-3
    random_state : int, RandomState instance or None, default=None
        The same int gives the same scores.

    Attributes
    ----------
    networks_ : ConditionalNetworks of `imsforge.vae`, in float64

    References
    ----------
    J. An, S. Cho, "Variational autoencoder based anomaly detection using reconstruction
    probability", SNU Data Mining Center, 2015.
    """

    def _rate(self, X):
        return sum(self._losses(X))


def _codes(X):
    return torch.zeros(len(X), dtype=torch.long)
