"""Can a classifier tell generated spectra from real ones?

The classifier two-sample test of Lopez-Paz and Oquab (2017), with the area under the ROC curve in
place of the accuracy, since it asks for no threshold.
"""

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

#: Trees of a forest.
TREES = 75

#: Leaves hold five spectra at least: grown further, trees learn single spectra by heart. A split
#: looks at the binary logarithm of the number of features; at their square root it takes up to
#: twice as long and finds no more, while fewer trees, or trees of fewer spectra, find less.
SETTINGS = {"min_samples_leaf": 5, "max_features": "log2"}

#: Parts of the pairs that a classifier of the others judges in turn.
FOLDS = 5


def forest_auc(pairs, seed):
    """Let a random forest tell generated from real spectra.

    Parameters
    ----------
    pairs : Pairs, without repeated spectra; at least `FOLDS`
    seed : int

    Returns
    -------
    whole : float
        Area under the ROC curve: 0.5 where the two cannot be told apart, 1 where every generated
        spectrum is known as such.
    by_class : Series of float, the same among the spectra of one class, by label
    """
    forest = RandomForestClassifier(TREES, **SETTINGS, random_state=seed)
    suspicion = _judged(forest, pairs, "predict_proba", seed)[:, 1]
    made = _is_generated(pairs)
    rows = pd.DataFrame({"label": np.tile(pairs.label, 2), "made": made, "suspicion": suspicion})
    by_class = rows.groupby("label")[["made", "suspicion"]].apply(
        lambda own: roc_auc_score(own["made"], own["suspicion"])
    )
    return roc_auc_score(made, suspicion), by_class


def linear_auc(pairs, seed):
    """Let a logistic regression tell generated from real spectra.

    What a forest of small trees overlooks, a weighted sum of many features may see, and the other
    way round. Parameters as in `forest_auc`.

    Returns
    -------
    float
    """
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    suspicion = _judged(model, pairs, "decision_function", seed)
    return roc_auc_score(_is_generated(pairs), suspicion)


def _judged(model, pairs, method, seed):
    """Judge real, then generated spectra, each by a classifier of the other folds of the pairs.

    Both spectra of a pair are left out at once, so that a classifier has as many real as generated
    spectra of every class. Out of bag, those of a spectrum's own side are the fewer, and few
    spectra that cannot be told apart come out below 0.5 (Parker, Günter and Bedo 2007).
    """
    n = len(pairs.label)
    folds = [
        tuple(np.concatenate([part, part + n]) for part in parts)
        for parts in KFold(FOLDS, shuffle=True, random_state=seed).split(pairs.label)
    ]
    X = np.concatenate([pairs.real, pairs.generated])
    return cross_val_predict(model, X, _is_generated(pairs), cv=folds, method=method)


def without_repeats(pairs):
    """Drop the pairs with a spectrum that came before.

    A classifier that has seen a spectrum's twin knows the answer by heart.

    Parameters
    ----------
    pairs : Pairs

    Returns
    -------
    Pairs
    """
    return pairs.take(_first_rows(pairs.real) & _first_rows(pairs.generated))


def _first_rows(X):
    """Mark the rows that are not a repeat of an earlier one."""
    return ~pd.DataFrame(X).duplicated().to_numpy()


def _is_generated(pairs):
    """Mark the generated ones of all real, then all generated spectra."""
    return np.repeat([False, True], len(pairs.label))
