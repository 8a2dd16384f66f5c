"""Non-negative matrix factorisation of many rows, in memory or out of it, on a CPU or a GPU."""

import logging
import math
import warnings
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

from imsforge.device import resolve_device
from imsforge.factorization.least_squares import factorise, non_negative_weights
from imsforge.factorization.magnitude import moderated
from imsforge.factorization.nndsvd import leading_directions, nndsvd
from imsforge.factorization.row_blocks import CompressedRows, Rows

logger = logging.getLogger(__name__)


class NMFFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Non-negative factors X ~ W H of spectra: the features W, and the spectra H of the features.

    Minimises the Frobenius norm of X - W H over W, H >= 0 as scikit-learn's
    ``NMF(init="nndsvd", solver="cd")`` does, by the same updates in the same order from the same
    start, so that both take the same path; see docs/factorization.md for how close they stay. It is
    faster: NNDSVD comes from X^T X, sweeps run over blocks of rows that stay in the cache, and each
    iteration passes over X once. That pass may read a file, so X need not fit in memory.

    Parameters
    ----------
    n_components : int, default=50
        Number of features k, at most the smaller side of X.
    max_iter : int, default=500
        Limit of iterations.
    tol : float, default=1e-4
        Stop when the violation of the optimality conditions is at most this part of that of the
        first iteration (scikit-learn's rule, but looked at every tenth iteration).
    compression : int or None, default=None
        Factorise X as it is, or its projection on so many leading singular vectors, which are at
        least `n_components`: each iteration then takes time in proportion to this number instead of
        that of peaks. W, H >= 0 still holds, and the error is that of X itself.
    device : {"cpu", "cuda", "auto"}, default="cpu"
        Where to compute.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        H.
    reconstruction_err_ : float
        Frobenius norm of X - W H, of the whole X.
    n_iter_ : int
    n_features_in_ : int

    Notes
    -----
    X is an array, computed in float32 where it is float32; or a dataset of an HDF5 file opened
    with h5py, of which a block of rows is in memory at a time. Beside X or its blocks, memory holds
    W twice at most, and with compression `n_samples` x `compression` numbers.

    Sparse X and starts other than NNDSVD are left to scikit-learn. Thesis row V2.

    Examples
    --------
    >>> import numpy as np
    >>> from imsforge.factorization import NMFFeatures
    >>> X = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [1.0, 3.0]])
    >>> model = NMFFeatures(n_components=2)
    >>> W = model.fit_transform(X)
    >>> np.allclose(model.inverse_transform(W), X, atol=1e-3)
    True
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "compression": [None, Interval(Integral, 1, None, closed="left")],
        "device": [StrOptions({"cpu", "cuda", "auto"})],
    }

    def __init__(self, n_components=50, *, max_iter=500, tol=1e-4, compression=None, device="cpu"):
        self.n_components = n_components
        self.max_iter = max_iter
        self.tol = tol
        self.compression = compression
        self.device = device

    def fit(self, X, y=None):
        """Factorise X.

        Parameters
        ----------
        X : array-like or h5py.Dataset of shape (n_samples, n_features), non-negative
        y : ignored

        Returns
        -------
        self : NMFFeatures

        Raises
        ------
        ValueError
            If X holds NaN, infinite or negative values, or has a side below `n_components`.
        """
        self._factorise(X)
        return self

    def fit_transform(self, X, y=None):
        """Factorise X and return W, (n_samples, n_components); parameters as those of `fit`."""
        return _assembled(self._factorise(X))

    def transform(self, X):
        """Return the weights W >= 0 that give the best W H for the fitted H.

        Each row is a problem of its own, solved until further sweeps gain nothing.

        Parameters
        ----------
        X : array-like or h5py.Dataset of shape (n_samples, n_features), non-negative

        Returns
        -------
        W : ndarray of shape (n_samples, n_components)
        """
        check_is_fitted(self)
        rows = self._rows(X, reset=False).moderated()
        components, exponent = moderated(self.components_)
        H = torch.tensor(components.astype(rows.dtype), device=rows.device)
        W = _assembled(non_negative_weights(rows, H))
        return np.ldexp(W, rows.exponent - exponent)

    def inverse_transform(self, W):
        """Return the spectra W H, (n_samples, n_features), of features W."""
        check_is_fitted(self)
        return np.asarray(W) @ self.components_

    @torch.inference_mode()
    def _factorise(self, X):
        self._validate_params()
        rows = self._rows(X, reset=True).moderated()
        limit = min(rows.shape)
        if self.n_components > limit:
            raise ValueError(
                f"n_components={self.n_components} should be <= {limit}, the smaller side of X."
            )
        rank = max(self.n_components, self.compression or 0)
        values, vectors = leading_directions(rows, rank)
        W, H = nndsvd(rows, values[: self.n_components], vectors[:, : self.n_components])
        if self.compression is not None and rank < rows.shape[1]:
            data = CompressedRows(rows, vectors.to(H.dtype))
        else:
            data = rows
        self.n_iter_, settled = factorise(data, W, H, max_iter=self.max_iter, tol=self.tol)
        del data
        self.reconstruction_err_ = math.ldexp(_error(rows, W, H), rows.exponent)
        # Both factors take their share of the magnitude, as they would from the rows themselves.
        for part in (*W, H):
            part.mul_(2.0 ** (rows.exponent // 2))
        self.components_ = H.cpu().numpy()
        if not settled and self.tol > 0:
            warnings.warn(
                f"max_iter={self.max_iter} reached before the factors settled.",
                ConvergenceWarning,
                stacklevel=4,  # past torch's decorator
            )
        logger.info(
            "NMF: %d features of %d spectra, %d iterations, residual %.4g",
            *(self.n_components, rows.shape[0], self.n_iter_, self.reconstruction_err_),
        )
        return W

    def _rows(self, X, *, reset):
        """Validate X as far as that needs no pass over a file, and cut it into blocks."""
        if hasattr(X, "read_direct"):  # h5py.Dataset
            self._check_shape(X, reset)
        else:
            X = validate_data(self, X, reset=reset, dtype=[np.float64, np.float32], order="C")
            check_non_negative(X, "NMFFeatures")
        return Rows(X, resolve_device(self.device))

    def _check_shape(self, dataset, reset):
        if dataset.ndim != 2:
            raise ValueError(f"Expected a dataset of 2 dimensions, got {dataset.ndim}.")
        if reset:
            self.n_features_in_ = dataset.shape[1]
        elif dataset.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {dataset.shape[1]} features, but NMFFeatures is expecting "
                f"{self.n_features_in_} features as input."
            )

    @property
    def _n_features_out(self):
        return self.components_.shape[0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _error(rows, W, H):
    """Frobenius norm of X - W H, summed in float64."""
    total = 0.0
    for block, weights in zip(rows, W, strict=True):
        rest = torch.addmm(block, weights.T, H, alpha=-1)
        total += float(rest.square_().sum(dim=1).sum(dtype=torch.float64))
    return total**0.5


def _assembled(W):
    """Return blocks of W, transposed, (k, n_block), as one array, (n_rows, k)."""
    return torch.cat([block.T for block in W]).cpu().numpy()
