"""Scaling of features: affine, invertible, fitted on training rows."""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from imsforge.artifacts.scales import scaled, unscaled
from imsforge.errors import DataError


def _standard(X):
    return X.mean(axis=0), X.std(axis=0)


def _minmax(X):
    low, high = np.full(X.shape[1], X.min()), np.full(X.shape[1], X.max())
    return (low + high) / 2, (high - low) / 2


def _featurewise_minmax(X):
    low, high = X.min(axis=0), X.max(axis=0)
    return (low + high) / 2, (high - low) / 2


#: Name -> (power that values are raised to first, function of the raised values that returns
#: offset and scale).
METHODS = {
    "standard": (1.0, _standard),
    "minmax": (1.0, _minmax),
    "featurewise-minmax": (1.0, _featurewise_minmax),
    "sqrt": (0.5, _standard),
}


class FeatureScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Scale features by ``(X ** power_ - offset_) / scale_``.

    Thesis row V3: van der Linden (2024), eq. 3-1 to 3-3. Square roots make counting noise alike
    at all intensities (Bartlett 1936), and what is generated in them is never negative.

    Parameters
    ----------
    method : {"standard", "minmax", "featurewise-minmax", "sqrt"}, default="standard"
        Zero mean and unit variance of each feature; -1 to 1 over all features at once; -1 to 1
        in each feature; or zero mean and unit variance of the square root of each feature, none
        of which may be negative.

    Attributes
    ----------
    offset_, scale_ : (n_features,) float64
        A constant feature has scale 1, so that it stays invertible.
    power_ : float, 0.5 with "sqrt", else 1
    """

    def __init__(self, method="standard"):
        self.method = method

    def fit(self, X, y=None):
        """Learn offset and scale from ``X``, (n_rows, n_features)."""
        if self.method not in METHODS:
            raise ValueError(f"method={self.method!r} is not one of {', '.join(METHODS)}")
        X = validate_data(self, X, dtype=np.float64)
        self.power_, learn = METHODS[self.method]
        if self.power_ != 1 and X.min() < 0:
            raise DataError(
                f"scaler {self.method}: there are negative values; choose another scaler"
            )
        self.offset_, scale = learn(X**self.power_)
        # Rounding leaves a constant feature with a spread of about 1e-16 of its value, not zero.
        constant = scale <= 10 * np.finfo(np.float64).eps * np.abs(self.offset_)
        self.scale_ = np.where(constant, 1.0, scale)
        return self

    def transform(self, X):
        """Return the scaled rows."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        return scaled(X, self.offset_, self.scale_, self.power_)

    def inverse_transform(self, X):
        """Return rows in their own units."""
        check_is_fitted(self)
        return unscaled(np.asarray(X), self.offset_, self.scale_, self.power_)


def scale_features(features, method, *, fit_on="train"):
    """Scale features with what is learnt from the training rows.

    Parameters
    ----------
    features : Features
    method : a key of `METHODS`
    fit_on : {"train", "all"}
        Rows that the scaler sees; "all" leaks test rows, as in the thesis.

    Returns
    -------
    Features, with offset, scale and power
    """
    fit_rows = features.train if fit_on == "train" else slice(None)
    fitted = FeatureScaler(method).fit(features.values[fit_rows])
    return replace(
        features,
        values=fitted.transform(features.values),
        offset=fitted.offset_,
        scale=fitted.scale_,
        power=None if fitted.power_ == 1 else np.float64(fitted.power_),
    )
