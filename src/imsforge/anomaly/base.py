"""The interface of all detectors: learn what is healthy, then say how abnormal a row is."""

from abc import ABC, abstractmethod

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from imsforge.artifacts.scales import row_blocks

#: How much a row's score may differ, relatively, with the rows that it is scored together with.
_ROUNDING = 1e-9


class Detector(OutlierMixin, BaseEstimator, ABC):
    """A one-class outlier detector in the manner of scikit-learn.

    A subclass implements ``_learn(X)`` and ``_score(X)``, on float64 rows that are all finite and
    scaled by the healthy rows' means and standard deviations.

    Attributes
    ----------
    scaler_ : fitted transformer
    offset_ : float
        Minus the largest score of a fitted row: `predict` calls nothing an outlier that is no more
        abnormal. Thresholds with a stated false-alarm rate come from held-out rows instead, see
        `imsforge.anomaly.thresholds`.
    """

    def fit(self, X, y=None):
        """Learn from rows that are healthy.

        Parameters
        ----------
        X : (n_rows, n_features) array, two rows or more
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a value is not finite, or there are fewer than two rows.
        """
        self._learn(self._fit_scaler(X))
        self._fit_offset(X)
        return self

    def anomaly_score(self, X):
        """Return how abnormal rows are; higher is more abnormal.

        Parameters
        ----------
        X : (n_rows, n_features) array

        Returns
        -------
        (n_rows,) float64 array
        """
        check_is_fitted(self)
        return self._blocks(validate_data(self, X, dtype=None, reset=False))

    def score_samples(self, X):
        """Return minus the anomaly score: in scikit-learn, higher is more normal."""
        return -self.anomaly_score(X)

    def decision_function(self, X):
        """Return how far rows are from being outliers; negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """Return 1 for rows that are no more abnormal than fitted ones, -1 for others."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def fit_folds(self, X, fold):
        """Fit a detector for each fold on the rows of all others.

        Parameters
        ----------
        X : (n_rows, n_features) array
        fold : (n_rows,) int array, from 0, none of them empty

        Returns
        -------
        list of Detector, one a fold
        """
        return [clone(self).fit(X[fold != k]) for k in range(fold.max() + 1)]

    def _fit_scaler(self, X):
        """Learn how healthy rows are scaled; return them scaled."""
        # In rows, since how sums are rounded depends on how values lie in memory.
        X = validate_data(self, X, dtype=np.float64, order="C", ensure_min_samples=2)
        self.scaler_ = self._scaler().fit(X)
        return self.scaler_.transform(X)

    def _fit_offset(self, X):
        """Learn the largest score of fitted rows, and what its rounding may differ by."""
        scores = self._blocks(np.asarray(X))
        self.offset_ = -float(np.max(scores) + _ROUNDING * np.max(np.abs(scores)))

    def _blocks(self, X):
        """Score rows block by block, so that memory does not grow with their number."""
        blocks = (X[rows].astype(np.float64, order="C") for rows in row_blocks(*X.shape))
        return np.concatenate([self._score(self.scaler_.transform(block)) for block in blocks])

    def _scaler(self):
        """Return what rows are scaled by, not yet fitted."""
        return StandardScaler()

    @abstractmethod
    def _learn(self, X):
        """Learn from healthy rows."""

    @abstractmethod
    def _score(self, X):
        """Return how abnormal rows are."""
