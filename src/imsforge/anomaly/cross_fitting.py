"""Scores of pixels by detectors that did not learn from them."""

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import wasserstein_distance

from imsforge.errors import DataError

#: Sides of the squares that healthy pixels may be held out in, in pixels.
_SIDES = (1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)

#: Pixels outside whose distances from the healthy ones are looked at.
_LOOKED_AT = 20_000

#: Rows that a detector learns from, at least, as a share of what folds of equal size would leave.
_LEAST_LEARNT = 0.5

#: Samples are this many times as far apart as any two pixels of one.
_APART = 4.0


def matched_folds(x, y, sample, healthy, n_folds):
    """Cut healthy pixels into folds that lie as far from each other as other tissue lies from them.

    Pixels that are held out at random lie among those that a detector learns from, and a threshold
    that is set on them is passed several times too often by healthy tissue elsewhere; pixels that
    are held out too far away make it too cautious. Among stripes, squares of many sizes, and whole
    samples where there are as many as folds, those folds are taken whose distances to the nearest
    pixel of another fold are distributed most like the distances of all other pixels to the nearest
    healthy one (nearest neighbour distance matching: Mila et al. 2022, Linnenbrink et al. 2024).
    Not taken are folds one of which holds so much that too little is left to learn from without it.

    Parameters
    ----------
    x, y : (n_pixels,) int arrays, coordinates within samples
    sample : (n_pixels,) int array
    healthy : (n_pixels,) bool
    n_folds : int

    Returns
    -------
    (n_pixels,) int array, 0 to n_folds - 1 for healthy pixels, -1 for all others

    Raises
    ------
    DataError
        If there are fewer healthy pixels than folds.
    """
    n_healthy = np.count_nonzero(healthy)
    if n_healthy < n_folds:
        raise DataError(f"folds: {n_healthy} healthy pixels make no {n_folds} folds; choose fewer")
    reach = _APART * (max(np.ptp(x), np.ptp(y)) + 1)
    place = np.column_stack([x, y, sample * reach]).astype(np.float64)
    inside, outside = place[healthy], place[~healthy]
    # With no pixel outside, what is farthest apart is the safest.
    far = _nearest(outside[:: len(outside) // _LOOKED_AT + 1], inside) if len(outside) else reach
    most = n_healthy * (1 - _LEAST_LEARNT * (1 - 1 / n_folds))
    ways = [
        way
        for way in _ways(x[healthy], y[healthy], sample[healthy], n_folds)
        if np.bincount(way).max() <= most
    ]
    found = [wasserstein_distance(_between(inside, way), np.atleast_1d(far)) for way in ways]
    fold = np.full(len(x), -1)
    fold[healthy] = ways[int(np.argmin(found))]
    return fold


def cross_fitted_scores(detector, X, fold):
    """Score each row by detectors that did not see it.

    One detector is fitted for each fold, on the rows of all others. A row of a fold is scored by
    its own detector; any other row by all of them, the mean of which varies less than each.

    Parameters
    ----------
    detector : Detector, not fitted
    X : (n_rows, n_features) array
    fold : (n_rows,) int array, the fold of the rows to learn from, -1 for all others

    Returns
    -------
    (n_rows,) float64 array

    Raises
    ------
    DataError
        If a detector would have fewer than two rows to learn from.
    """
    learnt = np.flatnonzero(fold >= 0)
    least = len(learnt) - np.bincount(fold[learnt]).max()
    if least < 2:
        raise DataError(
            f"folds: without one of them, {least} healthy pixels are left to learn from; "
            "choose more, trim less, or mark more healthy pixels"
        )
    detectors = detector.fit_folds(X[learnt], fold[learnt])
    scores = np.mean([one.anomaly_score(X) for one in detectors], axis=0)
    for k, one in enumerate(detectors):
        held_out = fold == k
        scores[held_out] = one.anomaly_score(X[held_out])
    return scores


def _ways(x, y, sample, n_folds):
    """Yield ways to cut pixels into folds as equal as whole pieces allow, none of them empty."""
    along, across = (x, y) if np.ptp(x) >= np.ptp(y) else (y, x)
    stripe = np.empty(len(x), dtype=np.int64)
    stripe[np.lexsort([across, along])] = np.arange(len(x)) * n_folds // len(x)
    yield stripe
    for side in _SIDES:
        squares = np.column_stack([sample, x // side, y // side])
        yield from _dealt(squares, n_folds)
    yield from _dealt(sample[:, None], n_folds)


def _dealt(groups, n_folds):
    """Yield the fold of each row if whole groups can be dealt out, the largest groups first."""
    _, group, sizes = np.unique(groups, axis=0, return_inverse=True, return_counts=True)
    if len(sizes) < n_folds:
        return
    # Mixed up first, so that groups of one size are not dealt out row by row.
    order = np.random.default_rng(0).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    load, fold = np.zeros(n_folds, dtype=np.int64), np.empty(len(sizes), dtype=np.int64)
    for k in order:
        fold[k] = np.argmin(load)
        load[fold[k]] += sizes[k]
    yield fold[group.ravel()]


def _between(place, fold):
    """Return the distance of each pixel to the nearest one of another fold."""
    return np.concatenate(
        [_nearest(place[fold == k], place[fold != k]) for k in range(fold.max() + 1)]
    )


def _nearest(place, others):
    return cKDTree(others).query(place)[0]
