"""Distances from healthy rows under their covariance."""

import numpy as np
from sklearn.base import clone
from sklearn.covariance import LedoitWolf, MinCovDet

from imsforge.anomaly.base import Detector


class Mahalanobis(Detector):
    """The distance from the mean under the covariance of healthy rows.

    Parameters
    ----------
    covariance : covariance estimator of scikit-learn or None, default=None
        `LedoitWolf` (2004) when left out, which is defined for fewer rows than features too.
    trimmed : float, default=0
        Share of the rows, the farthest ones, that a second fit leaves out; for masks that may hold
        some abnormal pixels.
    """

    def __init__(self, covariance=None, trimmed=0.0):
        self.covariance = covariance
        self.trimmed = trimmed

    def _learn(self, X):
        self.covariance_ = self._fitted(X)
        if self.trimmed:
            far = self._squared(X)
            self.covariance_ = self._fitted(X[far <= np.quantile(far, 1 - self.trimmed)])

    def _fitted(self, X):
        return clone(self.covariance or LedoitWolf()).fit(X)

    def _score(self, X):
        return np.sqrt(np.maximum(self._squared(X), 0))

    def _squared(self, X):
        # As a product: scikit-learn's own goes pair by pair, eight times as long.
        centred = X - self.covariance_.location_
        return np.einsum("ij,ij->i", centred @ self.covariance_.get_precision(), centred)


def minimum_covariance_determinant(random_state=None):
    """Return `Mahalanobis` under the three quarters of the rows that lie closest together."""
    return Mahalanobis(MinCovDet(support_fraction=0.75, random_state=random_state))
