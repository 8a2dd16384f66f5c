"""The leading singular vectors of matrices with many columns, from products alone."""

import numpy as np

# Up to so many columns X^T X is formed, and decomposed exactly: seconds, and 32 MiB.
_EXACT_COLUMNS = 2048

# A subspace that is a small part of the columns is found much faster than all of them.
_EXACT_PART = 4

# As Halko, Martinsson and Tropp advise, and scikit-learn's randomized_svd takes.
_OVERSAMPLING = 10
_ITERATIONS = 7

# A block of rows that is read or copied has at most so many values.
_BLOCK_VALUES = 2**25


def is_exact(n_columns, rank):
    """Return whether so many columns are few enough to decompose X^T X."""
    return n_columns <= max(_EXACT_COLUMNS, _EXACT_PART * rank)


def block_rows(n_columns, most):
    """Return how many rows of so many columns a block has, at most ``most``."""
    return max(1, min(most, _BLOCK_VALUES // max(n_columns, 1)))


def leading_eigenvectors(product, n_columns, rank):
    """Return the leading eigenvalues and eigenvectors of X^T X by subspace iteration [1]_.

    The start is random, but always the same. Memory holds a few matrices of n_columns x rank.

    Parameters
    ----------
    product : callable
        Of (n_columns, k) float64 Q, returns X^T X Q.
    n_columns : int
    rank : int, at most n_columns

    Returns
    -------
    values : (rank,) float64, descending
    vectors : (n_columns, rank) float64, orthonormal columns

    References
    ----------
    .. [1] N. Halko, P.-G. Martinsson, J. A. Tropp, "Finding structure with randomness:
       probabilistic algorithms for constructing approximate matrix decompositions", SIAM Review
       53 (2011) 217-288.
    """
    size = min(rank + _OVERSAMPLING, n_columns)
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((n_columns, size)))[0]
    for _ in range(_ITERATIONS):
        Q = np.linalg.qr(product(Q))[0]
    values, rotation = np.linalg.eigh(Q.T @ product(Q))
    return values[::-1][:rank], (Q @ rotation)[:, ::-1][:, :rank]
