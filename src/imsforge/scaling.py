"""Scaling of features: affine, invertible, fitted on training rows."""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data


def _standard(X):
    return X.mean(axis=0), X.std(axis=0)


def _minmax(X):
    low, high = np.full(X.shape[1], X.min()), np.full(X.shape[1], X.max())
    return (low + high) / 2, (high - low) / 2


def _featurewise_minmax(X):
    low, high = X.min(axis=0), X.max(axis=0)
    return (low + high) / 2, (high - low) / 2


METHODS = {
    "standard": _standard,
    "minmax": _minmax,
    "featurewise-minmax": _featurewise_minmax,
}


class FeatureScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Scale features by ``(X - offset_) / scale_``.

    Thesis row V3: van der Linden (2024), eq. 3-1 to 3-3.

    Parameters
    ----------
    method : {"standard", "minmax", "featurewise-minmax"}, default="standard"
        Zero mean and unit variance of each feature; -1 to 1 over all features at once; or -1 to 1
        in each feature.

    Attributes
    ----------
    offset_, scale_ : (n_features,) float64
        A constant feature has scale 1, so that it stays invertible.
    """

    def __init__(self, method="standard"):
        self.method = method

    def fit(self, X, y=None):
        """Learn offset and scale from ``X``, (n_rows, n_features)."""
        if self.method not in METHODS:
            raise ValueError(f"method={self.method!r} is not one of {', '.join(METHODS)}")
        X = validate_data(self, X, dtype=np.float64)
        self.offset_, scale = METHODS[self.method](X)
        # Rounding leaves a constant feature with a spread of about 1e-16 of its value, not zero.
        constant = scale <= 10 * np.finfo(np.float64).eps * np.abs(self.offset_)
        self.scale_ = np.where(constant, 1.0, scale)
        return self

    def transform(self, X):
        """Return the scaled rows."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        return ((X - self.offset_) / self.scale_).astype(X.dtype, copy=False)

    def inverse_transform(self, X):
        """Return rows in their own units."""
        check_is_fitted(self)
        X = np.asarray(X)
        return (X * self.scale_ + self.offset_).astype(X.dtype, copy=False)


def scale_features(features, method, *, fit_on="train"):
    """Scale features with what is learnt from the training rows.

    Parameters
    ----------
    features : Features
    method : {"standard", "minmax", "featurewise-minmax"}
    fit_on : {"train", "all"}
        Rows that the scaler sees; "all" leaks test rows, as in the thesis.

    Returns
    -------
    Features, with offset and scale
    """
    fit_rows = features.train if fit_on == "train" else slice(None)
    fitted = FeatureScaler(method).fit(features.values[fit_rows])
    return replace(
        features,
        values=fitted.transform(features.values),
        offset=fitted.offset_,
        scale=fitted.scale_,
    )
