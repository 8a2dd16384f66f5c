"""Scores of pixels by detectors that did not learn from them."""

import numpy as np

from imsforge.errors import DataError


def stripes(x, y, sample, n_folds):
    """Cut healthy pixels into stripes, so that what is held out does not lie beside what is learnt.

    Pixels that are drawn at random lie among those that a detector learns from, and a threshold set
    on them fails on tissue elsewhere.

    Parameters
    ----------
    x, y : (n_pixels,) int arrays, coordinates of the healthy pixels within their samples
    sample : (n_pixels,) int array
    n_folds : int
        Of equally many pixels each, along the longer side of what the pixels of a sample span.

    Returns
    -------
    (n_pixels,) int array, 0 to n_folds - 1

    Raises
    ------
    DataError
        If the pixels cannot be cut so often.
    """
    fold = np.zeros(len(x), dtype=np.int64)
    for k in np.unique(sample):
        own = np.flatnonzero(sample == k)
        along, across = (x, y) if np.ptp(x[own]) >= np.ptp(y[own]) else (y, x)
        order = np.lexsort([across[own], along[own]])
        fold[own[order]] = np.arange(len(own)) * n_folds // len(own)
    if len(np.unique(fold)) < n_folds:
        raise DataError(
            f"folds: {len(x)} healthy pixels cannot be cut into {n_folds}; choose fewer"
        )
    return fold


def cross_fitted_scores(detector, X, fold):
    """Score each row by detectors that did not see it.

    One detector is fitted for each fold, on the rows of all others. A row of a fold is scored by its
    own detector; any other row by all of them, the mean of which varies less than each.

    Parameters
    ----------
    detector : Detector, not fitted
    X : (n_rows, n_features) array
    fold : (n_rows,) int array, the fold of the rows to learn from, -1 for all others

    Returns
    -------
    (n_rows,) float64 array
    """
    learnt = np.flatnonzero(fold >= 0)
    detectors = detector.fit_folds(X[learnt], fold[learnt])
    scores = np.mean([one.anomaly_score(X) for one in detectors], axis=0)
    for k, one in enumerate(detectors):
        held_out = fold == k
        scores[held_out] = one.anomaly_score(X[held_out])
    return scores
