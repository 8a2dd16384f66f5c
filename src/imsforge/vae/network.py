"""Encoder, decoder and the likelihood of a censored spectrum."""

import math

import numpy as np
import torch
from torch import nn

#: Smallest noise of a feature, in its standard deviations: keeps the likelihood bounded.
SMALLEST_SCALE = 0.01
#: Bounds of the encoder's log variances: beyond them exponentials run away.
LOG_VARIANCES = (-8.0, 4.0)

#: Spectra of a class that weigh as much as what all classes have in common.
SHRINKAGE = 20


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

    def encode(self, x, codes):
        """Return means and log variances of the latent numbers, (n, latent_size) each."""
        inputs = torch.cat([(x - self.centre) / self.spread, self._one_hot(codes)], dim=1)
        mean, log_variance = self.encoder(inputs).chunk(2, dim=1)
        return mean, log_variance.clamp(*LOG_VARIANCES)

    def decode(self, z, codes):
        """Return mean and scale of each feature, (n, n_features) each, in units of ``spread``."""
        mean, scale = self.decoder(torch.cat([z, self._one_hot(codes)], dim=1)).chunk(2, dim=1)
        return mean, nn.functional.softplus(scale) + SMALLEST_SCALE

    def draw(self, z, codes, noise):
        """Draw rows, (n, n_features); ``noise`` is standard normal, of the same shape."""
        mean, scale = self.decode(z, codes)
        rows = (mean + scale * noise) * self.spread + self.centre
        return torch.where((rows < self.limit) & self.floor.isfinite(), self.floor, rows)

    def losses(self, x, codes, noise):
        """Return negative log-likelihood and divergence of each row, (n,) each.

        ``noise`` is standard normal, (n, latent_size).
        """
        mean, log_variance = self.encode(x, codes)
        z = mean + noise * (0.5 * log_variance).exp()
        likelihood = self._log_likelihood(x, *self.decode(z, codes))
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
        return -likelihood.sum(dim=1), divergence.sum(dim=1)

    def _log_likelihood(self, x, mean, scale):
        """Return a log density where a feature was detected, else a log probability."""
        censored = x <= self.floor
        seen = (torch.where(censored, self.limit, x) - self.centre) / self.spread
        distance = (seen - mean) / scale
        density = -0.5 * (distance.square() + math.log(2 * math.pi)) - scale.log()
        return torch.where(censored, torch.special.log_ndtr(distance), density)

    def _one_hot(self, codes):
        return nn.functional.one_hot(codes, self.n_classes).to(self.centre.dtype)


def limits_of_detection(X):
    """Find the value that stands for "not detected" in each feature, and the smallest one above.

    Parameters
    ----------
    X : (n_rows, n_features) array

    Returns
    -------
    floor : (n_features,) array
        The smallest value, where several rows have it; -inf elsewhere.
    limit : (n_features,) array
        The smallest value above it; where all rows are equal, that value.
    """
    smallest = X.min(axis=0)
    above = np.where(smallest < X, X, np.inf).min(axis=0)
    censored = np.sum(smallest == X, axis=0) > 1
    return np.where(censored, smallest, -np.inf), np.where(np.isfinite(above), above, smallest)


def _layers(n_inputs, hidden, n_outputs):
    return nn.Sequential(
        nn.Linear(n_inputs, hidden),
        nn.SiLU(),
        nn.Linear(hidden, hidden),
        nn.SiLU(),
        nn.Linear(hidden, n_outputs),
    )


class ClassLatents:
    """The latent numbers of each class, from which new ones are drawn.

    A draw begins at the encoded spectrum of a training row of its class, and adds what the
    encoder leaves uncertain of it; or, the more often the smaller the class, it comes from a
    Gaussian with the mean of the class and a covariance that borrows from all classes: with n
    rows, one draw in ``1 + n / SHRINKAGE``.

    Parameters
    ----------
    mean, log_variance : (n_rows, latent_size) tensors, what the encoder says of training rows
    codes : (n_rows,) int64 tensor of class codes
    n_classes : int
    """

    def __init__(self, mean, log_variance, codes, n_classes):
        self.mean, self.log_variance, self.codes = mean, log_variance, codes
        self._members = [torch.nonzero(codes == code).flatten() for code in range(n_classes)]
        self._gaussians = _gaussians(mean, log_variance, self._members)

    def draw(self, code, n, source):
        """Draw latent numbers of a class.

        Parameters
        ----------
        code : int
        n : int
        source : torch.Generator

        Returns
        -------
        (n, latent_size) tensor
        """
        members, (centre, root) = self._members[code], self._gaussians[code]
        rows = members[torch.randint(len(members), (n,), generator=source)]
        noise = torch.randn(n, self.mean.shape[1], generator=source)
        near_a_row = self.mean[rows] + noise * (0.5 * self.log_variance[rows]).exp()
        anywhere = centre + noise @ root.T
        own = len(members) / (len(members) + SHRINKAGE)
        choice = torch.rand(n, 1, generator=source) < own
        return torch.where(choice, near_a_row, anywhere)


def _gaussians(mean, log_variance, members):
    """Return centre and root of the covariance of each class."""
    centres = [mean[rows].mean(dim=0) for rows in members]
    scatters = []
    for rows, centre in zip(members, centres, strict=True):
        centred = mean[rows] - centre
        # A row's own uncertainty is part of the spread of its class.
        within = torch.diag(log_variance[rows].exp().sum(dim=0))
        scatters.append(centred.T @ centred + within)
    pooled = sum(scatters) / len(mean)
    return [
        (
            centre,
            torch.linalg.cholesky((scatter + SHRINKAGE * pooled) / (len(rows) + SHRINKAGE)),
        )
        for rows, centre, scatter in zip(members, centres, scatters, strict=True)
    ]
