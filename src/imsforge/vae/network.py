"""Encoder and decoder of censored spectra."""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from imsforge.vae.likelihood import limits_of_detection, log_likelihood

#: Smallest noise of a feature, in its standard deviations: keeps the likelihood bounded.
SMALLEST_SCALE = 0.01
#: Bounds of the encoder's log variances: beyond them exponentials run away.
LOG_VARIANCES = (-8.0, 4.0)


class Spectra(NamedTuple):
    """Rows as the networks learn from them, prepared once and not in every update.

    Attributes
    ----------
    rows : (n, n_features) tensor, in units of ``spread`` from ``centre``
    seen : (n, n_features) tensor
        The same, with the limit of detection where a feature was not detected.
    censored : (n, n_features) bool tensor, where it was not
    classes : (n, n_classes) tensor, one-hot
    """

    rows: torch.Tensor
    seen: torch.Tensor
    censored: torch.Tensor
    classes: torch.Tensor

    def take(self, rows):
        """Return some of the rows."""
        return Spectra(*(values[rows] for values in self))


class ConditionalNetworks(nn.Module):
    """Encoder q(z | x, y) and decoder p(x | z, y) of rows x of classes y.

    The decoder gives a mean and a scale of noise for each feature, so that generated rows fill
    all directions and not only the few that latent numbers span (Kingma & Welling 2014; Sohn et
    al. 2015 for the condition). A feature that is often exactly at its smallest value, as an ion
    that was not detected, is censored there: below the limit of detection only the probability
    of staying below counts (Tobin 1958), and what is drawn there becomes the smallest value.

    Parameters
    ----------
    n_features, n_classes, latent_size, hidden : int

    Attributes
    ----------
    centre, spread : (n_features,) tensors that standardise the rows
    floor : (n_features,) tensor, the value of a feature that was not detected; -inf for none
    limit : (n_features,) tensor, the smallest value of a feature that was detected
    """

    def __init__(self, n_features, n_classes, latent_size, hidden):
        super().__init__()
        self.n_classes = n_classes
        self.encoder = _layers(n_features + n_classes, hidden, 2 * latent_size)
        self.decoder = _layers(latent_size + n_classes, hidden, 2 * n_features)
        for name in ("centre", "floor", "limit"):
            self.register_buffer(name, torch.zeros(n_features))
        self.register_buffer("spread", torch.ones(n_features))

    def look_at(self, X):
        """Take scales and limits of detection from training rows, (n_rows, n_features)."""
        floor, limit = limits_of_detection(X)
        spread = X.std(axis=0)
        found = {
            "centre": X.mean(axis=0),
            "spread": np.where(spread > 0, spread, 1.0),
            "floor": floor,
            "limit": limit,
        }
        for name, values in found.items():
            getattr(self, name).copy_(torch.as_tensor(values))

    def prepare(self, x, codes):
        """Return rows, (n, n_features), and their class codes, (n,), as `Spectra`."""
        censored = x <= self.floor
        rows = self._standardised(x)
        seen = torch.where(censored, self._standardised(self.limit), rows)
        return Spectra(rows, seen, censored, self._one_hot(codes))

    def encode(self, x, codes):
        """Return means and log variances of the latent numbers, (n, latent_size) each."""
        return self._encode(self._standardised(x), self._one_hot(codes))

    def decode(self, z, codes):
        """Return mean and scale of each feature, (n, n_features) each, in units of ``spread``."""
        return self._decode(z, self._one_hot(codes))

    def draw(self, z, codes, noise):
        """Draw rows, (n, n_features); ``noise`` is standard normal, of the same shape."""
        mean, scale = self.decode(z, codes)
        rows = (mean + scale * noise) * self.spread + self.centre
        return torch.where((rows < self.limit) & self.floor.isfinite(), self.floor, rows)

    def losses(self, spectra, noise):
        """Return negative log-likelihood and divergence of each row, (n,) each.

        ``spectra`` come from `prepare`; ``noise`` is standard normal, (n, latent_size).
        """
        mean, log_variance = self._encode(spectra.rows, spectra.classes)
        z = mean + noise * (0.5 * log_variance).exp()
        decoded = self._decode(z, spectra.classes)
        likelihood = log_likelihood(spectra.seen, spectra.censored, *decoded)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
        return -likelihood.sum(dim=1), divergence.sum(dim=1)

    def _encode(self, rows, classes):
        encoded = self.encoder(torch.cat([rows, classes], dim=1))
        mean, log_variance = encoded.chunk(2, dim=1)
        return mean, log_variance.clamp(*LOG_VARIANCES)

    def _decode(self, z, classes):
        mean, scale = self.decoder(torch.cat([z, classes], dim=1)).chunk(2, dim=1)
        return mean, nn.functional.softplus(scale) + SMALLEST_SCALE

    def _standardised(self, x):
        return (x - self.centre) / self.spread

    def _one_hot(self, codes):
        return nn.functional.one_hot(codes, self.n_classes).to(self.centre.dtype)


def _layers(n_inputs, hidden, n_outputs):
    return nn.Sequential(
        nn.Linear(n_inputs, hidden),
        nn.SiLU(),
        nn.Linear(hidden, hidden),
        nn.SiLU(),
        nn.Linear(hidden, n_outputs),
    )
