"""A search among the many optima of semi-orthogonal NMF: clusters are moved one by one."""

import numpy as np
from sklearn.cluster import kmeans_plusplus

from imsforge.factorization.spherical import (
    directions,
    expectation_maximisation,
    leading_directions,
    residuals,
)
from imsforge.factorization.subspace import block_rows

# The starts of the search stop at this tolerance: swaps undo what more iterations settle.
_START_TOLERANCE = 1e-4

# Iterations after which a moved cluster has to have paid.
_TRIAL_ITERATIONS = 2

# Singular vectors a cluster, and at least, that spectra are projected on.
_RANK_PER_CLUSTER = 5
_MIN_RANK = 50

_BLOCK_ROWS = 16384


def search(X, squared_norms, n_clusters, *, n_init, n_swaps, max_iter, rng):
    """Return good components, (n_clusters, m) rows of length 1, to polish on all data.

    Expectation-maximisation from k-means++ seeds, and from there random swaps [1]_: a cluster that
    can be spared is moved to a row drawn by how badly it is fitted, and stays there if two
    iterations later the error has fallen. The best of several such searches counts.

    Parameters
    ----------
    X : (n, m) array of rows with signal
    squared_norms : (n,) float64
    n_clusters, n_init, n_swaps, max_iter, rng
        As in `SemiOrthogonalNMF`.

    References
    ----------
    .. [1] P. Fränti, "Efficiency of random swap clustering", Journal of Big Data 5 (2018) 13.
    """
    unit = directions(X)
    found = []
    for _ in range(n_init):
        seeds, _ = kmeans_plusplus(unit, n_clusters, sample_weight=squared_norms, random_state=rng)
        start = expectation_maximisation(
            X, squared_norms, seeds, max_iter=max_iter, tol=_START_TOLERANCE
        )
        swaps = n_swaps if n_clusters > 1 else 0
        found.append(_swapped(X, unit, squared_norms, start, swaps, rng))
    return min(found, key=lambda factors: factors.error).components


def _swapped(X, unit, squared_norms, best, n_swaps, rng):
    """Improve factors by random swaps."""
    runner_up = _second_products(X, best)
    for _ in range(n_swaps):
        candidate = unit[_badly_fitted(squared_norms, best, rng)]
        moved = best.components.copy()
        moved[_spared(X, best, runner_up, candidate, rng)] = candidate
        trial = expectation_maximisation(X, squared_norms, moved, max_iter=_TRIAL_ITERATIONS, tol=0)
        if trial.error < best.error:
            best, runner_up = trial, _second_products(X, trial)
    return best


class Projection:
    """Rows projected on their leading right singular vectors, which iterations are faster on.

    Parameters
    ----------
    X : (n, m) array
    chosen : (n_chosen,) int, rows that are projected
    n_clusters : int

    Attributes
    ----------
    rows : (n_chosen, rank) array
    """

    def __init__(self, X, chosen, n_clusters):
        rank = max(_RANK_PER_CLUSTER * n_clusters, _MIN_RANK)
        if rank >= X.shape[1]:
            self.rows, self._basis = X[chosen], None
            return
        size = block_rows(X.shape[1], _BLOCK_ROWS)
        blocks = [chosen[i : i + size] for i in range(0, len(chosen), size)]
        shape = len(chosen), X.shape[1]
        basis = leading_directions(lambda: map(X.__getitem__, blocks), shape, rank)
        basis = basis.astype(X.dtype)
        self.rows = np.concatenate([X[block] @ basis for block in blocks])
        self._basis = basis

    def lift(self, components):
        """Return components of the rows, (k, rank), as components of X, (k, m), non-negative."""
        if self._basis is None:
            return components
        return directions(np.maximum(components @ self._basis.T, 0))


def _second_products(X, factors):
    """Return each row's inner product with its second-best component, at least 0."""
    products = X @ factors.components.T
    products[np.arange(len(X)), factors.labels] = 0
    return np.maximum(products.max(axis=1), 0)


def _badly_fitted(squared_norms, factors, rng):
    """Draw a row in proportion to its squared distance from its direction."""
    heap = np.cumsum(np.maximum(residuals(squared_norms, factors.weights), 0))
    return min(np.searchsorted(heap, rng.uniform() * heap[-1]), len(heap) - 1)


def _spared(X, factors, runner_up, candidate, rng):
    """Draw one of the clusters whose loss costs least once the candidate is a component too."""
    products = X @ candidate
    kept = np.square(np.maximum(factors.weights, products), dtype=np.float64)
    left = np.square(np.maximum(runner_up, products), dtype=np.float64)
    costs = np.bincount(factors.labels, weights=kept - left, minlength=len(factors.components))
    # Always the cheapest would try the same move again and again.
    return rng.choice(np.argsort(costs, kind="stable")[: -(-len(costs) // 4)])
