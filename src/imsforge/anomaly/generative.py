"""Detectors that generate healthy rows or reconstruct rows as healthy ones, by networks."""

from abc import abstractmethod
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from imsforge.anomaly.base import Detector
from imsforge.anomaly.gaussian import Mahalanobis
from imsforge.artifacts.scales import row_blocks

#: Rows that go through the networks together: what they become stays in a processor's cache.
_ROWS_TOGETHER = 1024


class ReconstructingDetector(Detector):
    """Networks that make of any row the healthy one that is most like it.

    A subclass implements ``_train(X, seed)`` on float32 rows, and, on float64 rows, ``_rebuild(X)``
    and ``_rate(X)``; all are torch tensors.
    """

    _parameter_constraints: ClassVar[dict] = {
        "latent_size": [Interval(Integral, 1, None, closed="left")],
        "updates": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
    }

    def reconstruct(self, X):
        """Return rows as the detector would have them.

        Parameters
        ----------
        X : (n_rows, n_features) array

        Returns
        -------
        (n_rows, n_features) float64 array, in the units of X
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        blocks = (self.scaler_.transform(X[rows]) for rows in row_blocks(*X.shape))
        rebuilt = [self.scaler_.inverse_transform(_apply(self._rebuild, block)) for block in blocks]
        return np.concatenate(rebuilt)

    def _learn(self, X):
        self._validate_params()
        seed = check_random_state(self.random_state).randint(2**31)
        self._train(torch.tensor(X, dtype=torch.float32), int(seed))

    def _score(self, X):
        return _apply(self._rate, X)

    @abstractmethod
    def _train(self, X, seed):
        """Learn from healthy rows."""

    @abstractmethod
    def _rebuild(self, X):
        """Return rows as healthy ones, (n, n_features)."""

    @abstractmethod
    def _rate(self, X):
        """Return how abnormal rows are, (n,)."""


class ResidualDistance(Detector):
    """How far a row's reconstruction is off, by the measure of how far it is for healthy rows.

    The plain residual counts what is never reconstructed well, such as noise, as much as what
    always is. Here the residuals of healthy rows give the scale: a residual's score is its
    `Mahalanobis` distance from theirs, the covariance shrunk as Ledoit and Wolf (2004) say. These
    rows were reconstructed by networks that had learnt from them.

    Parameters
    ----------
    detector : ReconstructingDetector
        Not fitted; a copy of it is.

    Attributes
    ----------
    detector_ : fitted detector
    distance_ : Mahalanobis, fitted on the residuals of healthy rows
    """

    def __init__(self, detector):
        self.detector = detector

    def _learn(self, X):
        self.detector_ = clone(self.detector).fit(X)
        self.distance_ = Mahalanobis().fit(X - self.detector_.reconstruct(X))

    def _score(self, X):
        return self.distance_.anomaly_score(X - self.detector_.reconstruct(X))


def _apply(function, X):
    """Apply a function of tensors to an array, some rows at a time."""
    parts = torch.from_numpy(np.ascontiguousarray(X)).split(_ROWS_TOGETHER)
    with torch.no_grad():
        return np.concatenate([function(part).numpy() for part in parts])
