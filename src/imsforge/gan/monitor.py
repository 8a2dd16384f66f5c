"""What the history of a training run tells: means of losses, and the Fréchet distance."""

import math

import numpy as np

from imsforge.evaluation.frechet import gaussian_of

COLUMNS = [
    "update",
    "epoch",
    "critic_loss",
    "generator_loss",
    "critic_real",
    "critic_fake",
    "gradient_norm",
    "gradient_penalty",
    "frechet",
]
ROWS_PER_CLASS = 50


class Means:
    """Running means that stay on the device until they are read."""

    def __init__(self):
        self._sums, self._counts = {}, {}

    def add(self, **values):
        """Add one detached tensor of shape () to each named mean."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1

    def read(self):
        """Return the means by name, and begin anew."""
        means = {name: float(total) / self._counts[name] for name, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means


class FrechetMonitor:
    """The mean over classes of the distance between real and generated rows (row V6).

    The real rows, at most 50 a class, and the latent numbers stay the same, so that the course
    of the values shows the generator and not the draw. With few rows the values are biased;
    compare them only with each other.

    Parameters
    ----------
    X : array of shape (n_rows, n_features)
    y : array of int, shape (n_rows,)
    model : ConditionalGAN
    seed : int
    """

    def __init__(self, X, y, model, seed):
        random = np.random.default_rng(seed)
        self._model, self._seed = model, seed
        self._real, labels = [], []
        for code in np.unique(y):
            members = random.permutation(np.flatnonzero(y == code))[:ROWS_PER_CLASS]
            if len(members) >= 2:
                self._real.append(gaussian_of(X[members]))
                labels += [code] * len(members)
        self._labels = np.array(labels, dtype=np.int64)

    def distance(self):
        """Return the mean distance: infinite for rows that are not finite, NaN without classes."""
        generated = self._model.sample(self._labels, self._seed)
        if not np.isfinite(generated).all():
            return math.inf
        codes = np.unique(self._labels)
        if len(codes) == 0:
            return math.nan
        made = (gaussian_of(generated[self._labels == code]) for code in codes)
        pairs = zip(self._real, made, strict=True)
        return float(np.mean([real.distance(fake) for real, fake in pairs]))
