"""What a training set is worth: scores on real test spectra, one number a row."""

import logging

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from imsforge.evaluation.classifiers import (
    PRIORS,
    fitted_classifier,
    lda_is_determined,
    with_priors,
)
from imsforge.fidelity.frechet import gaussian_of

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
FRECHET_COLUMNS = ["method", "repeat", "generated", "real", "distance"]

#: Stands in the columns ``classifier`` and ``priors`` for metrics that need none.
NO_CLASSIFIER = "-"

#: Stands in the column ``sample`` for scores on all test rows; only these are averaged in tables.
ALL_SAMPLES = "all"


def evaluate(features, resampled, *, classifiers, priors, identity, seed=0):
    """Judge every training set that a method made, on the real test rows.

    Parameters
    ----------
    features : Features, scaled
    resampled : Resampled
    classifiers : list of keys of `CLASSIFIERS`
    priors : list of keys of `PRIORS`
    identity : dict
        The columns dataset, experiment, method and repeat of the result.
    seed : int

    Returns
    -------
    scores : DataFrame with `SCORE_COLUMNS`
        On all test rows and, where the dataset has several samples, on those of each sample.
    confusion : DataFrame with `CONFUSION_COLUMNS`
    frechet : DataFrame with columns method, repeat, generated, real, distance
        In the features' own units; for the task "replace" alone, where every class is generated.
    """
    test_X, test_y = features.test_set
    if "lda" in classifiers:
        _warn_of_undetermined_lda(*features.training_set)
    all_scores, all_confusion, frechet = [], [], None
    for task, training in resampled.tasks.items():
        scores, confusion = judge(features, training, classifiers, priors, seed)
        all_scores.append(scores.assign(task=task))
        all_confusion.append(confusion.assign(task=task))
        if task == "replace":
            frechet = frechet_matrix(
                features.unscale(training["values"]),
                training["label"],
                features.unscale(test_X),
                test_y,
                features.names,
            )
            all_scores.append(
                frechet_scores(frechet, test_y, features.names).assign(
                    task=task, sample=ALL_SAMPLES
                ),
            )
    who = {"method": identity["method"], "repeat": identity["repeat"]}
    if frechet is None:
        frechet = pd.DataFrame(columns=["generated", "real", "distance"])
    return (
        pd.concat(all_scores).assign(**identity)[SCORE_COLUMNS],
        pd.concat(all_confusion).assign(**who)[CONFUSION_COLUMNS],
        frechet.assign(**who)[FRECHET_COLUMNS],
    )


def _warn_of_undetermined_lda(X, y):
    n_classes = len(np.unique(y))
    if not lda_is_determined(len(X), n_classes, X.shape[1]):
        logger.warning(
            "classifier lda is not determined: %d training rows of %d classes for %d features; "
            "lda-shrunk is",
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


def judge(features, training, classifiers, priors, seed):
    """Train each classifier on one training set and score it on the test set.

    A classifier is fitted once: other class priors only weigh its posteriors anew.

    Parameters
    ----------
    features : Features
    training : dict of ``values`` (n_rows, n_features) and ``label`` (n_rows,)
    classifiers : list of keys of `CLASSIFIERS`
    priors : list of keys of `PRIORS`
    seed : int

    Returns
    -------
    scores : DataFrame with columns classifier, priors, sample, class, metric, value, support
    confusion : DataFrame with columns classifier, priors, true, predicted, count
    """
    _, test_y = features.test_set
    labels, samples = np.union1d(training["label"], test_y), rows_of_samples(features)
    scores, confusion = [], []
    for name in classifiers:
        model = fitted_classifier(name, training["values"], training["label"], seed)
        for kind, predicted in predictions(model, features, training["label"], priors).items():
            who = {"classifier": name, "priors": kind}
            scores += [
                classification_scores(test_y[rows], predicted[rows], features.names).assign(
                    sample=sample, **who
                )
                for sample, rows in samples.items()
            ]
            table = confusion_table(test_y, predicted, labels, features.names)
            confusion.append(table.assign(**who))
    return pd.concat(scores), pd.concat(confusion)


def predictions(model, features, fitted_to, priors):
    """Predict the test rows by the posteriors of a classifier, under class priors.

    Parameters
    ----------
    model : fitted classifier
    features : Features
        Its training rows say how frequent classes are, whatever the classifier was fitted to.
    fitted_to : (n_rows,) int array, the labels that the classifier was fitted to
    priors : list of keys of `PRIORS`

    Returns
    -------
    dict of key to (n_test,) int array
        A class that the classifier was not fitted to is never predicted.
    """
    test_X, _ = features.test_set
    _, real_y = features.training_set
    posterior = model.predict_proba(test_X.astype(np.float64))
    fitted, real = (_counts(y, model.classes_) for y in (fitted_to, real_y))
    return {
        kind: model.classes_[with_priors(posterior, fitted, PRIORS[kind](real)).argmax(axis=1)]
        for kind in priors
    }


def _counts(y, labels):
    """Return how often each of some labels occurs, as floats."""
    return np.bincount(y, minlength=labels.max() + 1)[labels].astype(np.float64)


def frechet_matrix(generated, generated_y, real, real_y, names):
    """Compare each class of generated spectra with each class of real ones.

    Thesis row V6 (van der Linden 2024, fig. 2-11).

    Returns
    -------
    DataFrame with columns generated, real, distance; classes with fewer than two rows are left out
    """
    made, measured = _gaussians(generated, generated_y), _gaussians(real, real_y)
    return pd.DataFrame(
        [
            (names[g - 1], names[r - 1], first.distance(second))
            for g, first in made.items()
            for r, second in measured.items()
        ],
        columns=["generated", "real", "distance"],
    )


def _gaussians(X, y):
    """Fit a Gaussian to each class that has the two rows it takes."""
    labels, counts = np.unique(y, return_counts=True)
    return {k: gaussian_of(X[y == k]) for k in labels[counts > 1]}


def frechet_scores(matrix, real_y, names):
    """Return the matrix' diagonal as scores: the distance of each class to its own real spectra.

    Returns
    -------
    DataFrame with columns classifier, priors, class, metric, value, support
    """
    sizes = {names[k - 1]: int(np.sum(real_y == k)) for k in np.unique(real_y)}
    own = matrix[matrix["generated"] == matrix["real"]]
    scores = pd.DataFrame(
        {"class": own["real"], "value": own["distance"], "support": own["real"].map(sizes)}
    )
    mean = {"class": "macro", "value": scores["value"].mean(), "support": scores["support"].sum()}
    scores = pd.concat([scores, pd.DataFrame([mean])], ignore_index=True)
    return scores.assign(metric="frechet", classifier=NO_CLASSIFIER, priors=NO_CLASSIFIER)
