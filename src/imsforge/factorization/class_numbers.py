"""What speaks for a number of clusters: how well they fit, how stable and how large they are."""

import logging
from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score
from sklearn.utils import check_random_state

from imsforge.factorization.semi_orthogonal import SemiOrthogonalNMF
from imsforge.factorization.spherical import squared_lengths

logger = logging.getLogger(__name__)


def scan_class_numbers(
    X, numbers, *, seeds=5, max_rows=20_000, transform="none", usable=True, seed=0
):
    """Cluster with several numbers of clusters, each from several seeds.

    Parameters
    ----------
    X : (n, m) array, non-negative; rows of zeros are left out
    numbers : sequence of int, the numbers of clusters K
    seeds : int, at least 2
        Fits for each K. They see the same rows and differ in nothing else.
    max_rows : int
        Of more rows, so many are drawn at random.
    transform : {"none", "sqrt"}, as `stabilise` of `SemiOrthogonalNMF`
    usable : (n,) bool, or True for all
        The rows that count.
    seed : int

    Returns
    -------
    DataFrame, a row for each K and seed
        Columns classes; seed; error, the norm of X - W H as a share of that of X; stability, the
        mean adjusted Rand index with the labels of the other seeds; smallest, the share of rows in
        the smallest cluster.

    Raises
    ------
    ValueError
        If there are fewer rows with signal than clusters.
    """
    X = X[X.any(axis=1) & usable]
    if len(X) > max_rows:
        chosen = check_random_state(seed).choice(len(X), max_rows, replace=False)
        X = X[np.sort(chosen)]
    values = np.sqrt(X) if transform == "sqrt" else X
    norm = np.sqrt(squared_lengths(values).sum())
    tables = []
    for number in numbers:
        models = [
            SemiOrthogonalNMF(number, random_state=seed + start).fit(values)
            for start in range(seeds)
        ]
        sizes = [np.bincount(model.labels_, minlength=number) for model in models]
        table = pd.DataFrame(
            {
                "classes": number,
                "seed": range(1, seeds + 1),
                "error": [model.reconstruction_err_ / norm for model in models],
                "stability": _agreement([model.labels_ for model in models]),
                "smallest": [size.min() / len(X) for size in sizes],
            }
        )
        logger.info(
            "%d classes: error %.4f, stability %.3f, smallest class %.4f of %d pixels",
            *(number, *table[["error", "stability", "smallest"]].mean(), len(X)),
        )
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _agreement(labels):
    """Return the mean adjusted Rand index of each labelling with all others."""
    index = np.eye(len(labels))
    for i, j in combinations(range(len(labels)), 2):
        index[i, j] = index[j, i] = adjusted_rand_score(labels[i], labels[j])
    return (index.sum(axis=1) - 1) / (len(labels) - 1)
