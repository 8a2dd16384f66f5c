"""The two uses of a fitted sampler: fill up small classes, or replace the training set."""

import numpy as np


def oversample(sampler, X, y, *, fill=1.0):
    """Fill every class up to the size of the largest, or to a multiple of it.

    Parameters
    ----------
    sampler : fitted GenerativeSampler, or None to leave the training set as it is
    X : (n_rows, n_features) array
    y : (n_rows,) array
    fill : float
        Size of a filled class as a multiple of the largest; a class that is larger stays as it is.

    Returns
    -------
    dict
        ``values``, ``label`` and ``synthetic`` (bool): the real rows, then those that were drawn.
    """
    classes, counts = np.unique(y, return_counts=True)
    missing = np.maximum(round(fill * counts.max()) - counts, 0)
    drawn, labels = _draw(sampler, classes, missing, X)
    return {
        "values": np.vstack([X, drawn]).astype(np.float32),
        "label": np.concatenate([y, labels]),
        "synthetic": np.arange(len(X) + len(drawn)) >= len(X),
    }


def replace(sampler, X, y):
    """Replace every row by a synthetic one of the same class; ``None`` keeps the real rows.

    The sharper test of a generator: a classifier sees nothing but what it made. Parameters and
    return value as in `oversample`.
    """
    if sampler is None:
        return oversample(None, X, y)
    drawn, labels = _draw(sampler, *np.unique(y, return_counts=True), X)
    return {
        "values": drawn.astype(np.float32),
        "label": labels,
        "synthetic": np.ones(len(drawn), dtype=bool),
    }


def _draw(sampler, classes, counts, X):
    """Draw rows of each class, and say which they are: a sampler may have fewer than are asked."""
    short = counts > 0 if sampler is not None else np.zeros(len(counts), dtype=bool)
    pairs = zip(classes[short], counts[short], strict=True)
    drawn = [sampler.sample(int(n), label) for label, n in pairs]
    return np.vstack([X[:0], *drawn]), np.repeat(classes[short], list(map(len, drawn)))


TASKS = {"oversample": oversample, "replace": replace}


def training_sets(sampler, X, y, tasks, *, fill=1.0):
    """Make the training sets of a sampler.

    Parameters
    ----------
    sampler, X, y, fill
        As in `oversample`.
    tasks : list of keys of `TASKS`

    Returns
    -------
    dict of task to dict, as `oversample` returns it
    """
    own = {"oversample": {"fill": fill}}
    return {task: TASKS[task](sampler, X, y, **own.get(task, {})) for task in tasks}
