"""Semi-orthogonal NMF: the labels of a measurement without labels."""

import logging
import math
import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

from imsforge.factorization.magnitude import moderated
from imsforge.factorization.spherical import (
    assign,
    expectation_maximisation,
    one_hot,
    squared_lengths,
)
from imsforge.factorization.swaps import Projection, search

logger = logging.getLogger(__name__)

# The search on a subset sees at least this many rows a cluster, or all rows where there are fewer.
MIN_ROWS_PER_CLUSTER = 200


class SemiOrthogonalNMF(
    ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin, BaseEstimator
):
    """Non-negative factors X ~ W H with exactly one non-zero in each row of W.

    Minimises the Frobenius norm of X - W H over W, H >= 0, where W has orthogonal columns. A row
    of X is thus a multiple of one row of H, its cluster, whatever its total intensity: spectra
    that differ by a gain only fall together (thesis row V1). This is weighted spherical k-means,
    solved by expectation-maximisation as in [1]_, with one warm-started power step in place of
    each singular value decomposition; no step increases the error. A search by random swaps, on
    a subset of the rows, chooses where it starts.

    Parameters
    ----------
    n_clusters : int, default=20
        Number of clusters K, the rows of H.
    stabilise : {"none", "sqrt"}, default="none"
        Factorise X, or its square root, which gives counting noise the same variance in every
        peak. (Named so because `transform` is a method.)
    n_init : int, default=3
        Number of searches from k-means++ seeds, on a subset of the rows; the best outcome is
        polished on all rows. Optima are many.
    n_swaps : int, default=100
        How often a search moves a cluster elsewhere to see whether that lowers the error.
    max_iter : int, default=200
        Limit of iterations, from each of the seeds and in the polish.
    tol : float, default=1e-6
        Stop the polish when an iteration lowers the error by less than this part of the norm of X.
    init_size : float, default=0.25
        Part of the rows, drawn at random, that the searches see, projected on their leading
        singular vectors; never fewer than 200 a cluster.
    random_state : int, RandomState instance or None, default=None
        Draws the subset, the seeds and the swaps; an int makes the result repeatable.

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
        "n_swaps": [Interval(Integral, 0, None, closed="left")],
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
        n_init=3,
        n_swaps=100,
        max_iter=200,
        tol=1e-6,
        init_size=0.25,
        random_state=None,
    ):
        self.n_clusters = n_clusters
        self.stabilise = stabilise
        self.n_init = n_init
        self.n_swaps = n_swaps
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
        X, exponent = self._checked(X, reset=True)
        rng = check_random_state(self.random_state)
        squared_norms = squared_lengths(X)
        usable = np.flatnonzero(squared_norms > 0)
        if len(usable) < self.n_clusters:
            raise ValueError(
                f"n_samples={len(usable)} (rows of zeros left out) should be >= "
                f"n_clusters={self.n_clusters}."
            )
        components = self._search(X, squared_norms, usable, rng)
        result = expectation_maximisation(
            X, squared_norms, components, max_iter=self.max_iter, tol=self.tol
        )
        self.components_ = result.components
        self.labels_ = result.labels
        self.reconstruction_err_ = math.ldexp(result.error, exponent)
        self.n_iter_ = result.n_iter
        self._report_outcome(result.settled)
        return self

    def predict(self, X):
        """Return the cluster of each row of X, shape (n_samples,); 0 for rows of zeros."""
        check_is_fitted(self)
        return assign(self._checked(X, reset=False)[0], self.components_)[0]

    def transform(self, X):
        """Return W, a dense (n_samples, n_clusters) array with at most one non-zero a row."""
        check_is_fitted(self)
        X, exponent = self._checked(X, reset=False)
        labels, weights = assign(X, self.components_)
        return one_hot(labels, np.ldexp(weights, exponent), self.n_clusters).toarray()

    def _checked(self, X, *, reset):
        """Return what is factorised, divided by a power of two, and its exponent."""
        X = validate_data(self, X, reset=reset, dtype=[np.float64, np.float32], order="C")
        check_non_negative(X, "SemiOrthogonalNMF")
        return moderated(np.sqrt(X) if self.stabilise == "sqrt" else X)

    def _search(self, X, squared_norms, usable, rng):
        """Return the best components found on a subset of the rows that have signal."""
        size = max(self.init_size * len(usable), MIN_ROWS_PER_CLUSTER * self.n_clusters)
        if size < len(usable):
            usable = np.sort(rng.choice(usable, int(size), replace=False))
        projection = Projection(X, usable, self.n_clusters)
        components = search(
            projection.rows,
            squared_norms[usable],
            self.n_clusters,
            n_init=self.n_init,
            n_swaps=self.n_swaps,
            max_iter=self.max_iter,
            rng=rng,
        )
        return projection.lift(components)

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
