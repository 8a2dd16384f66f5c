"""Semi-orthogonal NMF: the labels of a measurement without labels."""

import logging
import warnings
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.cluster import kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

logger = logging.getLogger(__name__)

# Restarts on a subset see at least this many rows a cluster, or all rows where there are fewer.
MIN_ROWS_PER_CLUSTER = 200


class SemiOrthogonalNMF(
    ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin, BaseEstimator
):
    """Non-negative factors X ~ W H with exactly one non-zero in each row of W.

    Minimises the Frobenius norm of X - W H over W, H >= 0, where W has orthogonal columns. A row
    of X is thus a multiple of one row of H, its cluster, whatever its total intensity: spectra
    that differ by a gain only fall together (thesis row V1). This is weighted spherical k-means,
    solved by expectation-maximisation as in [1]_, with one warm-started power step in place of
    each singular value decomposition; no step increases the error.

    Parameters
    ----------
    n_clusters : int, default=20
        Number of clusters K, the rows of H.
    stabilise : {"none", "sqrt"}, default="none"
        Factorise X, or its square root, which gives counting noise the same variance in every
        peak. (Named so because `transform` is a method.)
    n_init : int, default=5
        Number of restarts from k-means++ seeds; the best one is polished on all rows.
    max_iter : int, default=200
        Limit of iterations, in each restart and in the polish.
    tol : float, default=1e-6
        Stop when an iteration lowers the error by less than this part of the norm of X.
    init_size : float, default=0.1
        Part of the rows, drawn at random, that the restarts see; never fewer than 200 a cluster.
    random_state : int, RandomState instance or None, default=None
        Draws the subset and the seeds; an int makes the result repeatable.

    Attributes
    ----------
    components_ : ndarray of shape (n_clusters, n_features)
        H, each row of Euclidean length 1; of the square root of X with `stabilise="sqrt"`. The
        scale is in W.
    labels_ : ndarray of shape (n_samples,), int64
        The column of the non-zero of each row of W, 0 to n_clusters - 1. A row of zeros has no
        direction and weighs nothing; its label is 0, its row of W all zero.
    reconstruction_err_ : float
        Frobenius norm of the difference between X (or its square root) and W H.
    n_iter_ : int
        Iterations of the polish.
    n_features_in_ : int
        Number of features seen during fit.

    References
    ----------
    .. [1] F. Pompili, N. Gillis, P.-A. Absil, F. Glineur, "Two algorithms for orthogonal
       nonnegative matrix factorization with application to clustering", Neurocomputing 141
       (2014) 15-25.

    Examples
    --------
    >>> import numpy as np
    >>> from imsforge.factorization import SemiOrthogonalNMF
    >>> X = np.array([[2.0, 0.0], [4.0, 0.0], [0.0, 3.0]])
    >>> model = SemiOrthogonalNMF(n_clusters=2, random_state=0).fit(X)
    >>> bool(model.labels_[0] == model.labels_[1] != model.labels_[2])
    True
    >>> np.allclose(model.transform(X) @ model.components_, X)
    True
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "stabilise": [StrOptions({"none", "sqrt"})],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "init_size": [Interval(Real, 0, 1, closed="right")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_clusters=20,
        *,
        stabilise="none",
        n_init=5,
        max_iter=200,
        tol=1e-6,
        init_size=0.1,
        random_state=None,
    ):
        self.n_clusters = n_clusters
        self.stabilise = stabilise
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.init_size = init_size
        self.random_state = random_state

    def fit(self, X, y=None):
        """Factorise X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), non-negative
            The spectra. float32 is computed in float32.
        y : ignored

        Returns
        -------
        self : SemiOrthogonalNMF

        Raises
        ------
        ValueError
            If X holds NaN, infinite or negative values, or fewer than `n_clusters` rows with
            signal.
        """
        self._validate_params()
        X = self._checked(X, reset=True)
        rng = check_random_state(self.random_state)
        squared_norms = _squared_norms(X)
        usable = np.flatnonzero(squared_norms > 0)
        if len(usable) < self.n_clusters:
            raise ValueError(
                f"n_samples={len(usable)} (rows of zeros left out) should be >= "
                f"n_clusters={self.n_clusters}."
            )
        seeds = self._best_seeds(X, squared_norms, usable, rng)
        result = _expectation_maximisation(X, squared_norms, seeds, self.max_iter, self.tol)
        self.components_ = result.components
        self.labels_ = result.labels
        self.reconstruction_err_ = result.error
        self.n_iter_ = result.n_iter
        self._report_outcome(result.settled)
        return self

    def predict(self, X):
        """Return the cluster of each row of X, shape (n_samples,); 0 for rows of zeros."""
        check_is_fitted(self)
        return _assign(self._checked(X, reset=False), self.components_)[0]

    def transform(self, X):
        """Return W, a dense (n_samples, n_clusters) array with at most one non-zero a row."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        labels, weights = _assign(X, self.components_)
        return _one_hot(labels, weights, self.n_clusters).toarray()

    def _checked(self, X, *, reset):
        X = validate_data(self, X, reset=reset, dtype=[np.float64, np.float32], order="C")
        check_non_negative(X, "SemiOrthogonalNMF")
        return np.sqrt(X) if self.stabilise == "sqrt" else X

    def _best_seeds(self, X, squared_norms, usable, rng):
        """Components of the best restart on a subset of the rows that have signal."""
        size = max(self.init_size * len(usable), MIN_ROWS_PER_CLUSTER * self.n_clusters)
        if size < len(usable):
            usable = np.sort(rng.choice(usable, int(size), replace=False))
        X, squared_norms = X[usable], squared_norms[usable]
        directions = X / np.sqrt(squared_norms).astype(X.dtype)[:, None]
        restarts = []
        for _ in range(self.n_init):
            seeds, _ = kmeans_plusplus(
                directions, self.n_clusters, sample_weight=squared_norms, random_state=rng
            )
            restarts.append(
                _expectation_maximisation(X, squared_norms, seeds, self.max_iter, self.tol)
            )
        return min(restarts, key=lambda restart: restart.error).components

    def _report_outcome(self, settled):
        n_found = len(np.unique(self.labels_))
        if n_found < self.n_clusters:
            warnings.warn(
                f"Only {n_found} of n_clusters={self.n_clusters} clusters hold a row: X has too "
                "few distinct directions.",
                ConvergenceWarning,
                stacklevel=3,
            )
        if not settled:
            warnings.warn(
                f"max_iter={self.max_iter} reached before the error settled.",
                ConvergenceWarning,
                stacklevel=3,
            )
        logger.info(
            "semi-orthogonal NMF: %d rows in %d clusters, error %.6g after %d iterations",
            len(self.labels_),
            n_found,
            self.reconstruction_err_,
            self.n_iter_,
        )

    @property
    def _n_features_out(self):
        return self.components_.shape[0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class _Factors(NamedTuple):
    components: np.ndarray
    labels: np.ndarray
    error: float
    n_iter: int
    settled: bool


def _expectation_maximisation(X, squared_norms, components, max_iter, tol):
    """Alternate assignment and power steps from the given components (rows of length 1)."""
    norm = np.sqrt(squared_norms.sum())
    labels, weights = _assign(X, components)
    error = _error(squared_norms, weights)
    for n_iter in range(1, max_iter + 1):
        components = _power_step(X, labels, weights, components)
        components = _reseed_empty(X, squared_norms, labels, weights, components)
        labels, weights = _assign(X, components)
        previous, error = error, _error(squared_norms, weights)
        settled = previous - error <= tol * norm
        if settled or n_iter == max_iter:
            return _Factors(components, labels, error, n_iter, settled)


def _assign(X, components):
    """Return each row's component of largest inner product, and that product: W's non-zero."""
    products = X @ components.T
    labels = products.argmax(axis=1)
    return labels, products[np.arange(len(X)), labels]


def _power_step(X, labels, weights, components):
    """Return h <- X_k^T (X_k h), normalised, of each cluster; an empty one keeps its h."""
    # Relative weights: sums of products of intensities could leave float32.
    sums = _one_hot(labels, weights / weights.max(), len(components)).T @ X
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.divide(sums, lengths, out=components.copy(), where=lengths > 0)


def _reseed_empty(X, squared_norms, labels, weights, components):
    """Point the component of each cluster without a row at a worst-fitted row, in place."""
    populated = np.zeros(len(components), dtype=bool)
    populated[labels[weights > 0]] = True
    empty = np.flatnonzero(~populated)
    if len(empty):
        residuals = squared_norms - np.square(weights, dtype=np.float64)
        residuals[squared_norms == 0] = -np.inf
        worst = np.argsort(-residuals, kind="stable")[: len(empty)]
        components[empty] = X[worst] / np.sqrt(squared_norms[worst]).astype(X.dtype)[:, None]
    return components


def _one_hot(labels, weights, n_clusters):
    """W in sparse form: one stored value a row."""
    return csr_array((weights, labels, np.arange(len(labels) + 1)), shape=(len(labels), n_clusters))


def _squared_norms(X):
    return np.einsum("ij,ij->i", X, X, dtype=np.float64)


def _error(squared_norms, weights):
    """Norm of X - W H for components of length 1: the part of each row off its direction."""
    residuals = squared_norms - np.square(weights, dtype=np.float64)
    return float(np.sqrt(max(residuals.sum(), 0.0)))
