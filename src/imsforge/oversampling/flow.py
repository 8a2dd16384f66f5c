"""Conditional flow matching as an imbalanced-learn sampler."""

from numbers import Integral, Real

import numpy as np
import torch
from sklearn.utils._param_validation import Interval
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from imsforge.errors import DataError
from imsforge.oversampling.base import GenerativeSampler
from imsforge.vae.network import limits_of_detection

#: Waves that the time between noise and spectra is told to the network by.
TIME_WAVES = 8
#: How much of the average weights each update keeps.
AVERAGE_KEEPS = 0.999

_COUNT = [Interval(Integral, 1, None, closed="left")]


class Flow(GenerativeSampler):
    """A flow from normal noise to the spectra of a class.

    A network learns the velocity of straight paths from noise to spectra, which are those of
    optimal transport from noise to each spectrum (Lipman et al. 2023; Tong et al. 2024, independent
    coupling). New noise is moved along it by the midpoint rule. What ends below the limit of
    detection of its feature becomes the value of a feature that was not detected.

    Give it square roots of intensities, for example by ``FeatureScaler("sqrt")``. It is trained
    where it is used, on the CPU, with as many threads as torch has; the same seed and number of
    threads give the same bytes.

    Parameters
    ----------
    sampling_strategy, random_state
        As in `GenerativeSampler`.
    updates : int, default=4000
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
        updates=4000,
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
        self._floor, self._limit = limits_of_detection(X)
        codes = np.searchsorted(self.classes_, y)
        self._mean = np.stack([X[codes == code].mean(axis=0) for code in range(len(self.classes_))])
        scores, self._directions = _principal(X - self._mean[codes])
        self._sigma = torch.tensor(scores.std(axis=0), dtype=torch.float32)
        source = torch.Generator().manual_seed(self._random.randint(2**31))
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self._random.randint(2**31))
            velocity = Velocity(len(self._sigma), len(self.classes_), self.hidden)
        rows = torch.tensor(scores, dtype=torch.float32) / self._sigma
        self._velocity = self._train(velocity, rows, torch.as_tensor(codes), source)

    def _train(self, velocity, rows, codes, source):
        """Return the network with the running average of its weights (Polyak & Juditsky 1992)."""
        average = AveragedModel(velocity, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE_KEEPS))
        adam = torch.optim.Adam(velocity.parameters(), self.learning_rate, fused=True)
        pace = torch.optim.lr_scheduler.CosineAnnealingLR(adam, self.updates)
        for _ in range(self.updates):
            batch = torch.randint(len(rows), (self.batch_size,), generator=source)
            spectra = rows[batch]
            noise = torch.randn(spectra.shape, generator=source)
            time = torch.rand(self.batch_size, 1, generator=source)
            angle = self._angle(time)
            cos, sin = angle.cos(), angle.sin()
            found = velocity(cos * noise + sin * spectra, time, codes[batch])
            wanted = cos * spectra - sin * noise
            loss = ((found - wanted) * self._weight(time)).square().mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            pace.step()
            average.update_parameters(velocity)
        if not loss.isfinite():
            raise DataError("flow: the loss exploded; scale the features, or lower learning_rate")
        return average.module.eval()

    WEIGHT = "v"

    def _weight(self, time):
        if self.WEIGHT == "v":
            return self._sigma / ((time * self._sigma).square() + (1 - time).square()).sqrt()
        return self._sigma**self.WEIGHT

    def _angle(self, time):
        return torch.atan2(time * self._sigma, 1 - time)

    @torch.inference_mode()
    def _draw(self, n, label):
        source = torch.Generator().manual_seed(self._random.randint(2**31))
        code = int(np.searchsorted(self.classes_, label))
        codes = torch.full((n,), code)
        x = torch.randn(n, len(self._sigma), generator=source)
        for step in range(self.steps):
            start, middle, end = (
                torch.full((n, 1), (step + part) / self.steps) for part in (0, 0.5, 1)
            )
            half = x + (self._angle(middle) - self._angle(start)) * self._velocity(x, start, codes)
            x = x + (self._angle(end) - self._angle(start)) * self._velocity(half, middle, codes)
        rows = (x * self._sigma).numpy() @ self._directions + self._mean[code]
        undetected = (rows < self._limit) & np.isfinite(self._floor)
        return np.where(undetected, self._floor, rows).astype(self._mean.dtype)


def _principal(rows):
    left, singular, directions = np.linalg.svd(rows, full_matrices=False)
    kept = singular > 1e-5 * singular[0]
    return left[:, kept] * singular[kept], directions[kept]


class Velocity(nn.Module):
    """The velocity of rows x, (n, n_features), at times from 0 to 1, (n, 1), of class codes, (n,).

    Parameters
    ----------
    n_features, n_classes, hidden : int
    """

    def __init__(self, n_features, n_classes, hidden):
        super().__init__()
        self.n_classes = n_classes
        sizes = [n_features + n_classes + 2 * TIME_WAVES, hidden, hidden, hidden]
        layers = [
            part
            for n_inputs, n_outputs in zip(sizes[:-1], sizes[1:], strict=True)
            for part in (nn.Linear(n_inputs, n_outputs), nn.SiLU())
        ]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden, n_features))

    def forward(self, x, time, codes):
        """Return the velocities, (n, n_features)."""
        angles = torch.pi * time * torch.arange(1, TIME_WAVES + 1)
        classes = nn.functional.one_hot(codes, self.n_classes)
        return self.layers(torch.cat([x, angles.sin(), angles.cos(), classes], dim=1))
