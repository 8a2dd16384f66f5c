"""The conditional VAE as an imbalanced-learn sampler."""

import numpy as np

from imsforge.oversampling.trained import TrainedSampler
from imsforge.vae.marginals import NormalScores
from imsforge.vae.model import ConditionalVAE
from imsforge.vae.settings import VAESettings
from imsforge.vae.training import train


class VAE(TrainedSampler):
    """Conditional variational autoencoder with noise and exact zeros in each feature.

    Give it square roots of intensities, for example by ``FeatureScaler("sqrt")``. Parameters and
    attributes as in `TrainedSampler`; ``settings`` are fields of
    `imsforge.vae.settings.VAESettings`, for example ``{"updates": 5000}``.
    """

    def _learn(self, X, y):
        codes = np.searchsorted(self.classes_, y)
        settings = VAESettings.from_dict(self.settings or {})
        seed = self._random.randint(2**31)
        marginals = NormalScores.of(X)
        X = marginals.scores(X)
        model = train(X, codes, len(self.classes_), settings, seed=seed, device=self.device)
        model.classes, model.marginals = self.classes_, marginals
        self.model_ = model

    @staticmethod
    def _load_model(path, device):
        return ConditionalVAE.load(path)
