"""Conditional flow matching as an imbalanced-learn sampler."""

from itertools import pairwise
from numbers import Integral, Real

import numpy as np
import torch
from scipy.stats import norm
from sklearn.utils._param_validation import Interval
from torch import nn

from imsforge.errors import DataError
from imsforge.oversampling.base import GenerativeSampler
from imsforge.oversampling.refinements import quantile, random_rank

#: Rows of all classes that the covariance of a class borrows.
SHRINKAGE = 100
#: Variances below this are of directions that the training rows do not fill.
SMALLEST_VARIANCE = 1e-6
#: Waves that the network is told the angle by.
WAVES = 8

_COUNT = [Interval(Integral, 1, None, closed="left")]


class Flow(GenerativeSampler):
    """A flow from normal noise to the spectra of a class.

    Each feature of a class is taken as normal scores, among equal values at random: what is drawn
    lies between training values of the class, and zeros stay exact. Scores are divided by the root
    of their covariance, which borrows from all classes: a network that says nothing draws a
    Gaussian copula, and what it learns is what such a copula lacks.

    It learns the velocity along paths from noise to rows, ``cos(a) noise + sin(a) row`` for angles
    ``a`` from 0 to 90 degrees: the straight paths of optimal transport (Lipman et al. 2023; Tong
    et al. 2024, independent coupling) at unit scale, along which a normal distribution needs no
    velocity. New noise is moved by the midpoint rule.

    It is trained where it is used, on the CPU, with as many threads as torch has; the same seed and
    number of threads give the same bytes.

    Parameters
    ----------
    sampling_strategy, random_state
        As in `GenerativeSampler`.
    updates : int, default=2000
    batch_size : int, default=256
    hidden : int, default=256
        Width of the three hidden layers.
    learning_rate : float, default=2e-3
        Of Adam; it falls to zero along a cosine.
    steps : int, default=25
        Steps from noise to spectra, each of two evaluations of the network.
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **GenerativeSampler._parameter_constraints,
        "updates": _COUNT,
        "batch_size": _COUNT,
        "hidden": _COUNT,
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "steps": _COUNT,
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        random_state=None,
        updates=2000,
        batch_size=256,
        hidden=256,
        learning_rate=2e-3,
        steps=25,
    ):
        super().__init__(sampling_strategy=sampling_strategy, random_state=random_state)
        self.updates = updates
        self.batch_size = batch_size
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.steps = steps

    def _learn(self, X, y):
        members = [y == label for label in self.classes_]
        self._sorted = [np.sort(X[own], axis=0) for own in members]
        scores = np.empty(X.shape)
        for own, ascending in zip(members, self._sorted, strict=True):
            scores[own] = self._scores(ascending, X[own])
        rows = torch.tensor(self._whitened(scores, members), dtype=torch.float32)
        source = torch.Generator().manual_seed(self._random.randint(2**31))
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self._random.randint(2**31))
            velocity = Velocity(X.shape[1], len(self.classes_), self.hidden)
        codes = torch.as_tensor(np.searchsorted(self.classes_, y))
        self._velocity = self._trained(velocity, rows, codes, source)

    def _scores(self, ascending, values):
        """Return the normal score of each value of a class within its feature."""
        chance = self._random.random_sample(values.shape)
        columns = zip(ascending.T, values.T, chance.T, strict=True)
        return norm.ppf(np.stack([random_rank(*column) for column in columns], axis=1))

    def _whitened(self, scores, members):
        """Return rows of about unit covariance in each class; remember the way back."""
        rows, self._roots = np.empty_like(scores), []
        pooled = scores.T @ scores / len(scores)
        for own in members:
            scatter = scores[own].T @ scores[own] + SHRINKAGE * pooled
            variances, directions = np.linalg.eigh(scatter / (np.sum(own) + SHRINKAGE))
            sigma = np.sqrt(np.maximum(variances, SMALLEST_VARIANCE))
            self._roots.append(directions * sigma @ directions.T)
            rows[own] = scores[own] @ (directions / sigma @ directions.T)
        return rows

    def _trained(self, velocity, rows, codes, source):
        """Return the network, trained."""
        adam = torch.optim.Adam(velocity.parameters(), self.learning_rate, fused=True)
        pace = torch.optim.lr_scheduler.CosineAnnealingLR(adam, self.updates)
        for _ in range(self.updates):
            batch = torch.randint(len(rows), (self.batch_size,), generator=source)
            noise = torch.randn(self.batch_size, rows.shape[1], generator=source)
            angle = torch.pi / 2 * torch.rand(self.batch_size, 1, generator=source)
            cos, sin, ends = angle.cos(), angle.sin(), rows[batch]
            found = velocity(cos * noise + sin * ends, angle, codes[batch])
            loss = nn.functional.mse_loss(found, cos * ends - sin * noise)
            adam.zero_grad()
            loss.backward()
            adam.step()
            pace.step()
        if not loss.isfinite():
            raise DataError("flow: the loss exploded; lower its learning_rate")
        return velocity

    @torch.inference_mode()
    def _draw(self, n, label):
        code = int(np.searchsorted(self.classes_, label))
        codes = torch.full((n,), code)
        source = torch.Generator().manual_seed(self._random.randint(2**31))
        x = torch.randn(n, self.n_features_in_, generator=source)
        step = torch.pi / 2 / self.steps
        for number in range(self.steps):
            angle = torch.full((n, 1), number * step)
            half = x + step / 2 * self._velocity(x, angle, codes)
            x = x + step * self._velocity(half, angle + step / 2, codes)
        ascending, ranks = self._sorted[code], norm.cdf(x.numpy() @ self._roots[code])
        columns = zip(ascending.T, ranks.T, strict=True)
        return np.stack([quantile(*column) for column in columns], 1).astype(ascending.dtype)


class Velocity(nn.Module):
    """The velocity of rows x, (n, n_features), at angles, (n, 1), of class codes, (n,).

    Parameters
    ----------
    n_features, n_classes, hidden : int
    """

    def __init__(self, n_features, n_classes, hidden):
        super().__init__()
        self.n_classes = n_classes
        sizes = [n_features + n_classes + 2 * WAVES, hidden, hidden, hidden]
        layers = [part for sizes in pairwise(sizes) for part in (nn.Linear(*sizes), nn.SiLU())]
        last = nn.Linear(hidden, n_features)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(*layers, last)

    def forward(self, x, angle, codes):
        """Return the velocities, (n, n_features)."""
        waves = 2 * angle * torch.arange(1, WAVES + 1)
        classes = nn.functional.one_hot(codes, self.n_classes)
        return self.layers(torch.cat([x, waves.sin(), waves.cos(), classes], dim=1))
