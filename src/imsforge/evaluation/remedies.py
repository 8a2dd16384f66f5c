"""What a classifier can do about few and uneven spectra, without any spectrum added.

A generated training set is worth something where it beats these. Whatever they choose, they choose
by cross-validation on the real training rows, also where the training set is generated.
"""

from dataclasses import dataclass

import numpy as np
from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.base import ClassifierMixin
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.utils.class_weight import compute_sample_weight

from imsforge.evaluation.classifiers import CLASSIFIERS, check_held_out, fitted, quiet, with_priors
from imsforge.evaluation.probabilities import brier_score

#: Settings that are tried -> values. Of classifiers that take long, one fifth of the real rows is
#: held out once in place of each fifth in turn, so that all takes about five times one fit.
SETTINGS = {
    "lda": {
        "lineardiscriminantanalysis__solver": ["lsqr"],
        "lineardiscriminantanalysis__shrinkage": [0.0, 0.01, 0.05, *np.arange(0.1, 1, 0.1), 0.95],
    },
    "logistic-regression": {"logisticregression__C": [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]},
    "random-forest": [{"max_features": ["sqrt", 0.15]}, {"min_samples_leaf": [3]}],
    "boosted-trees": {"max_leaf_nodes": [4, 16], "learning_rate": [0.05, 0.15]},
    "nearest-neighbours": {"n_neighbors": [1, 3, 5, 9, 15, 25]},
    "network": {"mlpclassifier__alpha": [1e-4, 0.1, 1.0, 10.0]},
}
SLOW = ("random-forest", "boosted-trees", "network")

FOLDS = 5

#: Strengths of logit adjustment that are tried: 0 keeps the observed priors, 1 makes them equal.
STRENGTHS = np.arange(0, 1.75, 0.25)

#: Steps of the logarithm of one class's weight that are tried, and how often all classes are.
STEPS, ROUNDS = (-1.5, -0.75, -0.3, 0.3, 0.75, 1.5), 2


@dataclass(frozen=True)
class Judge:
    """A fitted classifier, and how its posteriors are to be read.

    Attributes
    ----------
    model : fitted classifier
    learnt : (n_classes,) array
        How frequent it has learnt the classes to be, or multiples.
    decides_by : (n_classes,) array or None
        Class priors that it decides by, in place of those that are asked for.
    """

    model: ClassifierMixin
    learnt: np.ndarray
    decides_by: np.ndarray | None = None

    def read(self, posterior, wanted):
        """Return probabilities under class priors, (n_rows, n_classes), and predicted labels."""
        probabilities = with_priors(posterior, self.learnt, wanted)
        decided = wanted if self.decides_by is None else self.decides_by
        chosen = with_priors(posterior, self.learnt, decided).argmax(axis=1)
        return probabilities, self.model.classes_[chosen]


def fitted_judge(remedy, name, training, real, seed):
    """Train a classifier on a training set, as it is or with a remedy.

    Parameters
    ----------
    remedy : key of `imsforge.methods.REMEDIES`, one that is for the classifier, or None
    name : key of `CLASSIFIERS`
    training, real : (X, y), of shapes (n_rows, n_features) and (n_rows,)
        What the classifier learns from, and the real training rows.
    seed : int

    Returns
    -------
    Judge
    """
    return _FITTED[remedy](name, training, real, seed)


def _as_it_is(name, training, real, seed):
    model = fitted(CLASSIFIERS[name](seed), *training)
    return Judge(model, counts_of(training[1], model.classes_))


def _tuned(name, training, real, seed):
    """Choose settings of the least Brier score on held-out real rows."""
    model = CLASSIFIERS[name](seed).set_params(**chosen_settings(name, *real, seed))
    fitted(model, *training)
    return Judge(model, counts_of(training[1], model.classes_))


def _class_weighted(name, training, real, seed):
    """Weigh rows so that all classes count equally."""
    X, y = training
    model = fitted(CLASSIFIERS[name](seed), X, y, compute_sample_weight("balanced", y))
    return Judge(model, np.ones(len(model.classes_)))


def _balanced_forest(name, training, real, seed):
    """Draw as many rows of each class for each tree (Chen, Liaw and Breiman 2004)."""
    forest = BalancedRandomForestClassifier(
        n_estimators=CLASSIFIERS[name](seed).n_estimators,
        sampling_strategy="all",
        replacement=True,
        bootstrap=False,
        random_state=seed,
    )
    return Judge(fitted(forest, *training), np.ones(len(np.unique(training[1]))))


def _logit_adjusted(name, training, real, seed):
    """Weigh classes by their frequency to a power (Menon et al. 2021)."""
    posterior, code, counts = _held_out(name, *real, seed)
    shares = counts / counts.sum()
    found = [macro_f1(code, posterior * shares**-strength) for strength in STRENGTHS]
    return _deciding(name, training, real, shares ** (1 - STRENGTHS[np.argmax(found)]), seed)


def _threshold_moved(name, training, real, seed):
    """Weigh each class by a number of its own, found one class at a time."""
    posterior, code, counts = _held_out(name, *real, seed)
    weights, best = np.ones(len(counts)), macro_f1(code, posterior)
    for k in list(range(len(counts))) * ROUNDS:
        tried = np.tile(weights, (len(STEPS), 1))
        tried[:, k] *= np.exp(STEPS)
        found = [macro_f1(code, posterior * one) for one in tried]
        # Shares of as many rows differ by rounding.
        if max(found) > best + 1e-9:
            weights, best = tried[np.argmax(found)], max(found)
    return _deciding(name, training, real, counts * weights, seed)


_FITTED = {
    None: _as_it_is,
    "tuned": _tuned,
    "class-weights": _class_weighted,
    "logit-adjustment": _logit_adjusted,
    "moved-thresholds": _threshold_moved,
    "balanced-forest": _balanced_forest,
}


def chosen_settings(name, X, y, seed):
    """Choose the settings of a classifier by its Brier score on held-out rows, a dict.

    A proper score, like log loss; that would have neighbours so many that none has a class without
    any, at the cost of recall.
    """
    splits = _splits(y, seed)
    if name in SLOW:
        splits = splits[:1]
    if name == "network":
        check_held_out(y[splits[0][0]])
    search = GridSearchCV(
        CLASSIFIERS[name](seed),
        SETTINGS[name],
        scoring=_closeness,
        cv=splits,
        refit=False,
        error_score="raise",
    )
    with quiet():
        return search.fit(X.astype(np.float64), y).best_params_


def _closeness(model, X, y):
    return -brier_score(y, model.predict_proba(X), model.classes_)


def _splits(y, seed):
    """Cut rows into folds; a class of fewer rows than folds is missing from some of them."""
    most = np.bincount(y).max()
    folds = StratifiedKFold(int(np.clip(most, 2, FOLDS)), shuffle=True, random_state=seed)
    with quiet():
        return list(folds.split(y, y))


def _held_out(name, X, y, seed):
    """Return posteriors of rows that were held out, their classes from 0, and all counts."""
    _, code, counts = np.unique(y, return_inverse=True, return_counts=True)
    with quiet():
        posterior = cross_val_predict(
            CLASSIFIERS[name](seed),
            X.astype(np.float64),
            y,
            cv=_splits(y, seed),
            method="predict_proba",
        )
    return posterior, code, counts.astype(np.float64)


def _deciding(name, training, real, priors, seed):
    """Fit a classifier as it is, to decide by priors of the real training set's classes."""
    judge = _as_it_is(name, training, real, seed)
    own = np.searchsorted(np.unique(real[1]), judge.model.classes_)
    return Judge(judge.model, judge.learnt, priors[own])


def macro_f1(code, weighted):
    """Return the mean F1 of classes that are decided by the largest weighted posterior.

    Recall alone would always ask for equal priors; F1 sets what small classes gain against what
    is taken for them.

    Parameters
    ----------
    code : (n_rows,) int array, true classes from 0, each present
    weighted : (n_rows, n_classes) array

    Returns
    -------
    float
    """
    n = weighted.shape[1]
    predicted = weighted.argmax(axis=1)
    right = np.bincount(code[code == predicted], minlength=n)
    return np.mean(
        2 * right / (np.bincount(code, minlength=n) + np.bincount(predicted, minlength=n))
    )


def counts_of(y, labels):
    """Return how often each of some labels occurs, as floats."""
    return np.bincount(y, minlength=labels.max() + 1)[labels].astype(np.float64)
