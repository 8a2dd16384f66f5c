"""Samplers that must not succeed: what a score of theirs shows is no merit of a generator."""

import numpy as np

from imsforge.oversampling.base import GenerativeSampler
from imsforge.oversampling.baselines import Gaussian


class Blind(GenerativeSampler):
    """One Gaussian of all classes pooled, whichever class is asked for.

    It knows nothing of classes, so a classifier learns nothing from its rows. What it scores with
    ``+filter`` is what the filter's own classifier hands on by choosing rows for a label.
    Parameters as in `GenerativeSampler`.
    """

    def _learn(self, X, y):
        self._pooled = Gaussian(random_state=self._random).fit(X, np.zeros(len(X), dtype=int))

    def _draw(self, n, label):
        return self._pooled.sample(n, 0)
