"""The two uses of a fitted sampler: fill up small classes, or replace the training set."""

import numpy as np


def oversample(sampler, X, y):
    """Fill every class up to the size of the largest.

    Parameters
    ----------
    sampler : fitted GenerativeSampler, or None to leave the training set as it is
    X : (n_rows, n_features) array
    y : (n_rows,) array

    Returns
    -------
    dict
        ``values``, ``label`` and ``synthetic`` (bool): the real rows, then the synthetic ones.
    """
    classes, counts = np.unique(y, return_counts=True)
    missing = counts.max() - counts if sampler is not None else np.zeros_like(counts)
    drawn = _draw(sampler, dict(zip(classes, missing, strict=True)), X)
    return {
        "values": np.vstack([X, drawn]).astype(np.float32),
        "label": np.concatenate([y, np.repeat(classes, missing)]),
        "synthetic": np.arange(len(X) + len(drawn)) >= len(X),
    }


def replace(sampler, X, y):
    """Replace every row by a synthetic one of the same class; ``None`` keeps the real rows.

    The sharper test of a generator: a classifier sees nothing but what it made. Parameters and
    return value as in `oversample`.
    """
    if sampler is None:
        return oversample(None, X, y)
    classes, counts = np.unique(y, return_counts=True)
    drawn = _draw(sampler, dict(zip(classes, counts, strict=True)), X)
    return {
        "values": drawn.astype(np.float32),
        "label": np.repeat(classes, counts),
        "synthetic": np.ones(len(drawn), dtype=bool),
    }


def _draw(sampler, counts, X):
    drawn = [sampler.sample(int(n), label) for label, n in counts.items() if n]
    return np.vstack(drawn) if drawn else np.empty((0, X.shape[1]), dtype=X.dtype)


TASKS = {"oversample": oversample, "replace": replace}
