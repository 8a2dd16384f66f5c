"""Scaling of features: affine, invertible, fitted on training rows."""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from imsforge.artifacts.scales import row_blocks, scaled, unscaled
from imsforge.errors import DataError


class NegativeValueError(DataError, ValueError):
    """A scaler that takes roots is given negative values."""


class _Rows:
    """Some rows of X, raised to a power, as float64 blocks: sums need no copy of them all.

    Parameters
    ----------
    X : (n, n_features) array
    rows : (n_chosen,) int
    power : float
    """

    def __init__(self, X, rows, power):
        self.X, self.rows, self.power = X, rows, power

    def __iter__(self):
        for part in row_blocks(len(self.rows), self.X.shape[1]):
            block = self.X[self.rows[part]].astype(np.float64)
            yield block if self.power == 1 else np.power(block, self.power, out=block)

    def mean(self, of=lambda block: block):
        """Return the mean of each column, or of a function of the blocks; summed row by row."""
        total = np.zeros((1, self.X.shape[1]))
        for block in self:
            total = np.concatenate([total, of(block)]).sum(axis=0, keepdims=True)
        return total[0] / len(self.rows)

    def range(self):
        """Return the smallest and the largest value of each column."""
        extremes = [(block.min(axis=0), block.max(axis=0)) for block in self]
        low, high = zip(*extremes, strict=True)
        return np.min(low, axis=0), np.max(high, axis=0)


def _standard(rows):
    mean = rows.mean()
    return mean, np.sqrt(rows.mean(lambda block: np.square(block - mean)))


def _minmax(rows):
    low, high = rows.range()
    return _centre_and_half(np.full_like(low, low.min()), np.full_like(high, high.max()))


def _featurewise_minmax(rows):
    return _centre_and_half(*rows.range())


def _centre_and_half(low, high):
    return (low + high) / 2, (high - low) / 2


#: Name -> (power that values are raised to first, function of the raised `_Rows` that returns
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
    copy : bool, default=True
        False lets `transform` write over what it is given, where its type allows.

    Attributes
    ----------
    offset_, scale_ : (n_features,) float64
        A constant feature has scale 1, so that it stays invertible.
    power_ : float, 0.5 with "sqrt", else 1
    """

    def __init__(self, method="standard", *, copy=True):
        self.method = method
        self.copy = copy

    def fit(self, X, y=None, *, rows=None):
        """Learn offset and scale.

        Parameters
        ----------
        X : (n_rows, n_features) array
        y : ignored
        rows : (n,) int array or None
            The rows of X to learn from; all of them when left out.

        Raises
        ------
        ValueError
            If the method is unknown, or X holds values that are not finite, or negative ones where
            roots are taken (a `DataError` too).
        """
        if self.method not in METHODS:
            raise ValueError(f"method={self.method!r} is not one of {', '.join(METHODS)}")
        self.power_, learn = METHODS[self.method]
        X = self._checked(X, reset=True)
        rows = np.arange(len(X)) if rows is None else rows
        self.offset_, scale = learn(_Rows(X, rows, self.power_))
        # Rounding leaves a constant feature with a spread of about 1e-16 of its value, not zero.
        constant = scale <= 10 * np.finfo(np.float64).eps * np.abs(self.offset_)
        self.scale_ = np.where(constant, 1.0, scale)
        return self

    def transform(self, X):
        """Return the scaled rows, in their own precision."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        out = None if self.copy or not X.flags.writeable else X
        return scaled(X, self.offset_, self.scale_, self.power_, out=out)

    def inverse_transform(self, X):
        """Return rows in their own units, in their own precision."""
        check_is_fitted(self)
        X = check_array(X, dtype=(np.float64, np.float32))
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but FeatureScaler is expecting "
                f"{self.n_features_in_} features as input"
            )
        return unscaled(X, self.offset_, self.scale_, self.power_)

    def _checked(self, X, *, reset):
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=reset)
        if self.power_ != 1 and X.min() < 0:
            raise NegativeValueError(
                f"Negative values in data: scaler {self.method} takes roots; choose another scaler"
            )
        return X

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        power, _ = METHODS.get(self.method, (1, None))
        tags.input_tags.positive_only = power != 1
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def scale_features(features, method, *, fit_on="train", copy=True):
    """Scale features with what is learnt from the training rows.

    Parameters
    ----------
    features : Features
    method : a key of `METHODS`
    fit_on : {"train", "all"}
        Rows that the scaler sees; "all" leaks test rows, as in the thesis.
    copy : bool
        False scales the values in place, which saves as much memory as they take.

    Returns
    -------
    Features, with offset, scale and power
    """
    rows = np.flatnonzero(features.train) if fit_on == "train" else None
    fitted = FeatureScaler(method, copy=copy).fit(features.values, rows=rows)
    return replace(
        features,
        values=fitted.transform(features.values),
        offset=fitted.offset_,
        scale=fitted.scale_,
        power=None if fitted.power_ == 1 else np.float64(fitted.power_),
    )
