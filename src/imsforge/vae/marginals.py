"""Features without a limit of detection as normal scores."""

import numpy as np
from scipy.special import ndtri

from imsforge.vae.likelihood import limits_of_detection

#: Most quantiles that a feature's distribution is kept by.
MOST_KNOTS = 1000


class NormalScores:
    """Maps features that have no limit of detection to normal scores, and back.

    Where noise of the detector stands in the place of zeros, values crowd above a sharp lower end
    that is no limit of detection; normally distributed noise of a decoder reaches below it, and
    any tree sees that. Scores have a normal distribution over the training rows, and what is
    mapped back stays between the smallest and the largest of them. Features with a limit of
    detection are left alone: the censored likelihood is made for them.

    Parameters
    ----------
    features : (n_mapped,) int64 array of columns; by default none
    knots : (n_knots, n_mapped) float32 array of their quantiles, ascending
    """

    def __init__(self, features=(), knots=None):
        self.features = np.asarray(features, dtype=np.int64)
        self.knots = np.empty((1, 0), dtype=np.float32) if knots is None else np.asarray(knots)

    @classmethod
    def of(cls, X):
        """Return the map that training rows, (n_rows, n_features), ask for."""
        floor, _ = limits_of_detection(X)
        features = np.flatnonzero(~np.isfinite(floor))
        chances = _chances(min(len(X), MOST_KNOTS))
        knots = np.quantile(X[:, features], chances, axis=0, method="hazen")
        return cls(features, knots.astype(np.float32))

    def scores(self, X):
        """Return rows, (n, n_features), with scores in the place of values."""
        return self._mapped(X, lambda values, knots, scores: np.interp(values, knots, scores))

    def rows(self, S):
        """Return rows, (n, n_features), with values in the place of scores."""
        return self._mapped(S, lambda values, knots, scores: np.interp(values, scores, knots))

    def _mapped(self, X, mapped):
        scores, result = ndtri(_chances(len(self.knots))), np.array(X, dtype=np.float32)
        for feature, knots in zip(self.features, self.knots.T, strict=True):
            result[:, feature] = mapped(result[:, feature], knots, scores)
        return result


def _chances(n):
    return (np.arange(n) + 0.5) / n
