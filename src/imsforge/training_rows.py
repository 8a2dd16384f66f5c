"""Rows and class codes that generators learn from, checked before any long work."""

import numpy as np

from imsforge.errors import DataError


def checked_rows(X, y, n_classes):
    """Return rows as float32 and class codes as int64, or say in one line what is wrong."""
    X = np.array(X, dtype=np.float32)
    if X.ndim != 2 or len(X) < 2 or X.shape[1] < 1:
        raise DataError(
            f"training rows: shape {X.shape}; a generator needs a matrix of two rows or more"
        )
    y = checked_labels(y, n_classes)
    if len(y) != len(X):
        raise DataError(f"training rows: {len(X)} rows but {len(y)} labels; give one label a row")
    finite = np.isfinite(X).all(axis=1)
    if not finite.all():
        raise DataError(
            f"training rows: row {np.argmin(finite)} holds a value that is not finite; "
            "mend or leave out such rows"
        )
    return X, y


def checked_labels(labels, n_classes):
    """Return class codes as int64, or say in one line what is wrong with them."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or (len(labels) and labels.dtype.kind not in "iu"):
        raise DataError(
            f"labels: {labels.ndim}-dimensional {labels.dtype}; give one whole number a row"
        )
    if len(labels) and not (labels.min() >= 0 and labels.max() < n_classes):
        raise DataError(
            f"labels: run from {labels.min()} to {labels.max()}; "
            f"{n_classes} classes have the codes 0 to {n_classes - 1}"
        )
    return labels.astype(np.int64)
