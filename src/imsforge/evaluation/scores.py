"""What a training set is worth: scores on real test spectra, one number a row."""

import logging

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from imsforge.evaluation.classifiers import PRIORS, lda_is_determined
from imsforge.evaluation.probabilities import probability_scores, reliability_table
from imsforge.evaluation.remedies import counts_of, fitted_judge
from imsforge.methods import is_remedy_of, parse_method

logger = logging.getLogger(__name__)

#: Columns of every ``scores.csv``.
SCORE_COLUMNS = [
    "dataset",
    "experiment",
    "task",
    "method",
    "classifier",
    "priors",
    "repeat",
    "class",
    "metric",
    "value",
    "support",
    "sample",
]

CONFUSION_COLUMNS = [
    "task",
    "classifier",
    "priors",
    "method",
    "repeat",
    "true",
    "predicted",
    "count",
]
RELIABILITY_COLUMNS = [
    *("task", "classifier", "priors", "method", "repeat"),
    *("bin", "confidence", "accuracy", "count"),
]

#: Stands in the column ``sample`` for scores on all test rows; only these are averaged in tables.
ALL_SAMPLES = "all"


def evaluate(features, resampled, *, classifiers, priors, identity, seed=0):
    """Judge every training set that a method made, on the real test rows.

    Parameters
    ----------
    features : Features, scaled
    resampled : Resampled
    classifiers : list of keys of `CLASSIFIERS`
        Those that the method's remedy is not for are left out.
    priors : list of keys of `PRIORS`
    identity : dict
        The columns dataset, experiment, method and repeat of the result.
    seed : int

    Returns
    -------
    scores : DataFrame with `SCORE_COLUMNS`
        On all test rows and, where the dataset has several samples, on those of each sample.
    confusion : DataFrame with `CONFUSION_COLUMNS`
    reliability : DataFrame with `RELIABILITY_COLUMNS`
    """
    remedy = parse_method(identity["method"]).remedy
    if "lda" in classifiers and remedy != "tuned":
        _warn_of_undetermined_lda(*features.training_set)
    kept = [name for name in classifiers if is_remedy_of(remedy, name)]
    judged = {}
    for task, training in resampled.tasks.items():
        # Tasks share the real training set, which is judged once.
        key = task if training["synthetic"].any() else "real"
        if key not in judged:
            judged[key] = judge(features, training, kept, priors, seed, remedy)
        judged[task] = judged[key]
    who = {"method": identity["method"], "repeat": identity["repeat"]}
    scores, confusion, reliability = (
        pd.concat([judged[task][k].assign(task=task) for task in resampled.tasks]) for k in range(3)
    )
    return (
        scores.assign(**identity)[SCORE_COLUMNS],
        confusion.assign(**who)[CONFUSION_COLUMNS],
        reliability.assign(**who)[RELIABILITY_COLUMNS],
    )


def _warn_of_undetermined_lda(X, y):
    n_classes = len(np.unique(y))
    if not lda_is_determined(len(X), n_classes, X.shape[1]):
        logger.warning(
            "classifier lda is not determined: %d training rows of %d classes for %d features; "
            "a method with +tuned is",
            *(len(X), n_classes, X.shape[1]),
        )


def rows_of_samples(features):
    """Find the test rows that scores are given for.

    Parameters
    ----------
    features : Features

    Returns
    -------
    dict of name to (n_test,) bool array
        All test rows; where the dataset has several samples, also those of each that tests.
    """
    rows = {ALL_SAMPLES: np.ones(np.sum(features.test), dtype=bool)}
    if features.samples is not None and len(features.samples) > 1:
        sample = features.sample[features.test]
        rows |= {str(features.samples[k]): sample == k for k in np.unique(sample)}
    return rows


def classification_scores(truth, predicted, names):
    """Score predictions by class, macro and weighted.

    Thesis row V5: accuracy, recall, precision and F1 (van der Linden 2024, eq. 3-6 to 3-8). A
    class that is never predicted has precision 0. Only classes that occur in ``truth`` are scored
    and averaged; to predict another one is an error like any other. Accuracy stands in the row
    ``weighted``: it is the recall weighted by class size.

    Parameters
    ----------
    truth, predicted : (n_rows,) int arrays of labels
    names : (n_classes,) str array, the name of label k at k - 1

    Returns
    -------
    DataFrame with columns class, metric, value, support
    """
    labels = np.unique(truth)
    by_class = precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0.0)
    precision, recall, f1, support = by_class
    rows = []
    for metric, values in {"recall": recall, "precision": precision, "f1": f1}.items():
        rows += [
            (names[k - 1], metric, v, n) for k, v, n in zip(labels, values, support, strict=True)
        ]
        rows.append(("macro", metric, values.mean(), support.sum()))
        rows.append(("weighted", metric, np.average(values, weights=support), support.sum()))
    rows.append(("weighted", "accuracy", accuracy_score(truth, predicted), support.sum()))
    return pd.DataFrame(rows, columns=["class", "metric", "value", "support"])


def confusion_table(truth, predicted, labels, names):
    """Count predictions by true class.

    Parameters
    ----------
    truth, predicted : (n_rows,) int arrays
    labels : (n,) int array, the classes that were trained or tested
    names : (n_classes,) str array

    Returns
    -------
    DataFrame with columns true, predicted, count; one row for each pair of ``labels``
    """
    counts = confusion_matrix(truth, predicted, labels=labels)
    own = names[labels - 1]
    return pd.DataFrame(
        {
            "true": np.repeat(own, len(own)),
            "predicted": np.tile(own, len(own)),
            "count": counts.ravel(),
        }
    )


def judge(features, training, classifiers, priors, seed, remedy=None):
    """Train each classifier on one training set and score it on the test set.

    A classifier is fitted once: other class priors only weigh its posteriors anew.

    Parameters
    ----------
    features : Features
        Its training rows say how frequent classes are, whatever a classifier was fitted to.
    training : dict of ``values`` (n_rows, n_features) and ``label`` (n_rows,)
    classifiers : list of keys of `CLASSIFIERS`
    priors : list of keys of `PRIORS`
    seed : int
    remedy : key of `imsforge.methods.REMEDIES` or None

    Returns
    -------
    scores : DataFrame with columns classifier, priors, sample, class, metric, value, support
    confusion : DataFrame with columns classifier, priors, true, predicted, count
    reliability : DataFrame with columns classifier, priors, bin, confidence, accuracy, count
        A class that a classifier was not fitted to is never predicted.
    """
    (test_X, test_y), real = features.test_set, features.training_set
    fitted_to = training["values"], training["label"]
    labels, samples = np.union1d(training["label"], test_y), rows_of_samples(features)
    scores, confusion, reliability = [], [], []
    for name in classifiers:
        fitted = fitted_judge(remedy, name, fitted_to, real, seed)
        known = fitted.model.classes_
        posterior = fitted.model.predict_proba(test_X.astype(np.float64))
        for kind in priors:
            wanted = PRIORS[kind](counts_of(real[1], known))
            probabilities, predicted = fitted.read(posterior, wanted)
            who = {"classifier": name, "priors": kind}
            for sample, rows in samples.items():
                of = (test_y[rows], probabilities[rows], known, features.names)
                parts = [
                    classification_scores(test_y[rows], predicted[rows], features.names),
                    probability_scores(*of),
                ]
                scores.append(pd.concat(parts).assign(sample=sample, **who))
            table = confusion_table(test_y, predicted, labels, features.names)
            confusion.append(table.assign(**who))
            bins = reliability_table(test_y, probabilities, known)
            reliability.append(bins.assign(**who))
    return pd.concat(scores), pd.concat(confusion), pd.concat(reliability)
