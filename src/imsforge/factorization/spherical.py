"""Weighted spherical k-means by expectation-maximisation: the iteration of semi-orthogonal NMF."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from imsforge.factorization.subspace import is_exact, leading_eigenvectors


class Factors(NamedTuple):
    """Where an expectation-maximisation ended.

    Attributes
    ----------
    components : (k, m) array, rows of length 1
    labels : (n,) array, each row's component
    weights : (n,) array, each row's inner product with it
    error : float, norm of X - W H
    n_iter : int
    settled : bool, whether the error fell by no more than the tolerance
    """

    components: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    error: float
    n_iter: int
    settled: bool


def expectation_maximisation(X, squared_norms, components, *, max_iter, tol):
    """Alternate assignment and power steps from the given components (rows of length 1).

    Parameters
    ----------
    X : (n, m) array
    squared_norms : (n,) float64, of the rows; more than those of X where X is a projection
    components : (k, m) array
    max_iter : int
    tol : float, part of the norm of X

    Returns
    -------
    Factors
    """
    norm = np.sqrt(squared_norms.sum())
    labels, weights = assign(X, components)
    error = _error(squared_norms, weights)
    for n_iter in range(1, max_iter + 1):
        components = _power_step(X, labels, weights, components)
        components = _reseed_empty(X, squared_norms, labels, weights, components)
        labels, weights = assign(X, components)
        previous, error = error, _error(squared_norms, weights)
        settled = previous - error <= tol * norm
        if settled or n_iter == max_iter:
            return Factors(components, labels, weights, error, n_iter, settled)


def assign(X, components):
    """Return each row's component of largest inner product, and that product: W's non-zero."""
    products = X @ components.T
    labels = products.argmax(axis=1)
    return labels, products[np.arange(len(X)), labels]


def one_hot(labels, weights, n_clusters):
    """W in sparse form: one stored value a row."""
    return csr_array((weights, labels, np.arange(len(labels) + 1)), shape=(len(labels), n_clusters))


def squared_lengths(X):
    """Return the squared norms of the rows of X, in float64."""
    return np.einsum("ij,ij->i", X, X, dtype=np.float64)


def residuals(squared_norms, weights):
    """Return the squared distance of each row from its direction, in float64."""
    return squared_norms - np.square(weights, dtype=np.float64)


def _power_step(X, labels, weights, components):
    """Return h <- X_k^T (X_k h), normalised, of each cluster; an empty one keeps its h."""
    # Relative weights: sums of products of intensities could leave float32.
    sums = one_hot(labels, weights / weights.max(), len(components)).T @ X
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.divide(sums, lengths, out=components.copy(), where=lengths > 0)


def _reseed_empty(X, squared_norms, labels, weights, components):
    """Point the component of each cluster without a row at a worst-fitted row, in place."""
    populated = np.zeros(len(components), dtype=bool)
    populated[labels[weights > 0]] = True
    empty = np.flatnonzero(~populated)
    if len(empty):
        distances = residuals(squared_norms, weights)
        distances[squared_norms == 0] = -np.inf
        worst = np.argsort(-distances, kind="stable")[: len(empty)]
        components[empty] = directions(X[worst])
    return components


def directions(X):
    """Return the rows of X, scaled to length 1; rows of zeros stay."""
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return np.divide(X, lengths, out=np.zeros_like(X), where=lengths > 0)


def leading_direction(X):
    """Return the h >= 0 of length 1 that makes X - (X h) h^T smallest, for X >= 0."""
    return np.abs(leading_directions(lambda: [X], X.shape, 1)[:, 0]).astype(X.dtype)


def leading_directions(blocks, shape, rank):
    """Return the leading right singular vectors of X, (m, rank) float64, in any order.

    Exact ones, up to `is_exact` columns; of more, at most as many as there are rows.

    Parameters
    ----------
    blocks : callable that returns the rows of X in blocks, anew each time
    shape : (n, m), of X
    rank : int, at most m
    """
    n_rows, n_columns = shape
    if is_exact(n_columns, rank):
        gram = np.zeros((n_columns, n_columns))
        for rows in blocks():
            gram += rows.T @ rows
        return np.linalg.eigh(gram)[1][:, -rank:]

    def product(Q):
        total = np.zeros(Q.shape)
        for rows in blocks():
            total += rows.T @ (rows @ Q.astype(rows.dtype))
        return total

    return leading_eigenvectors(product, n_columns, min(rank, n_rows))[1]


def _error(squared_norms, weights):
    """Norm of X - W H for components of length 1: the part of each row off its direction."""
    return float(np.sqrt(max(residuals(squared_norms, weights).sum(), 0.0)))
