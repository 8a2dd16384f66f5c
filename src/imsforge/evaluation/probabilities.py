"""How good probabilities of classes are, beyond which class is the likeliest."""

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

#: Least probability that log loss counts with; a forest may give a true class none.
LEAST = 1e-6

#: Equally wide bins of confidence.
BINS = 10


def log_loss(truth, probabilities, labels):
    """Return the mean negative logarithm of the probability of the true class.

    Parameters
    ----------
    truth : (n_rows,) array of labels
    probabilities : (n_rows, n_classes) array
    labels : (n_classes,) array, ascending; a row of another class has the probability `LEAST`

    Returns
    -------
    float
        Zero or more, in nats; lower is better.
    """
    own = (_one_hot(truth, labels) * probabilities).sum(axis=1)
    return float(-np.log(np.clip(own, LEAST, 1)).mean())


def brier_score(truth, probabilities, labels):
    """Return the mean squared distance of probabilities to the truth, over all classes.

    Parameters as in `log_loss`.

    Returns
    -------
    float
        0 to 2; lower is better (Brier 1950).
    """
    known = _one_hot(truth, labels)
    distance = ((probabilities - known) ** 2).sum(axis=1)
    return float(np.mean(distance + (1 - known.sum(axis=1))))


def probability_scores(truth, probabilities, labels, names):
    """Score probabilities: log loss and Brier score over all rows, average precision by class.

    Parameters
    ----------
    truth, probabilities, labels
        As in `log_loss`.
    names : (n_classes,) str array, the name of label k at k - 1

    Returns
    -------
    DataFrame with columns class, metric, value, support
        Log loss and Brier score stand in the row ``weighted``; average precision is that of each
        class that occurs in ``truth`` against all others, and ``macro`` their mean.
    """
    n = len(truth)
    rows = [
        ("weighted", "log_loss", log_loss(truth, probabilities, labels), n),
        ("weighted", "brier", brier_score(truth, probabilities, labels), n),
    ]
    tested, counts = np.unique(truth, return_counts=True)
    known = dict(zip(labels, probabilities.T, strict=True))
    precision = [average_precision_score(truth == k, known.get(k, np.zeros(n))) for k in tested]
    rows += [
        (names[k - 1], "average_precision", value, count)
        for k, value, count in zip(tested, precision, counts, strict=True)
    ]
    rows.append(("macro", "average_precision", np.mean(precision), n))
    return pd.DataFrame(rows, columns=["class", "metric", "value", "support"])


def reliability_table(truth, probabilities, labels):
    """Set the probability of the likeliest class against how often it is the true one.

    Parameters as in `log_loss`.

    Returns
    -------
    DataFrame with columns bin (from 1), confidence, accuracy, count
        Means over the rows of each of `BINS` that has any.
    """
    confidence = probabilities.max(axis=1)
    table = pd.DataFrame(
        {
            "bin": np.minimum((confidence * BINS).astype(int), BINS - 1) + 1,
            "confidence": confidence,
            "accuracy": (truth == labels[probabilities.argmax(axis=1)]).astype(float),
            "count": 1,
        }
    )
    how = {"confidence": "mean", "accuracy": "mean", "count": "sum"}
    return table.groupby("bin").agg(how).reset_index()


def _one_hot(y, labels):
    return (np.asarray(y)[:, None] == labels).astype(np.float64)
