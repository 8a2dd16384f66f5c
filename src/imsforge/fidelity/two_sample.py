"""Can a classifier tell generated spectra from real ones?

The classifier two-sample test of Lopez-Paz and Oquab (2017), with the area under the ROC curve in
place of the accuracy, since it asks for no threshold.
"""

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

#: Trees of the forest; every spectrum is judged by the third of them that did not see it.
TREES = 200

#: Spectra that a leaf of a tree holds at least: grown further, trees learn single spectra by heart.
LEAF = 5

#: Parts of the training data that the linear classifier is judged on in turn.
FOLDS = 5


def forest_auc(pairs, seed):
    """Let a random forest tell generated from real spectra.

    Each spectrum is judged by the trees that did not see it (out of bag), which takes one fit
    where cross-validation takes several.

    Parameters
    ----------
    pairs : Pairs, without repeated spectra
    seed : int

    Returns
    -------
    whole : float
        Area under the ROC curve: 0.5 where the two cannot be told apart, 1 where every generated
        spectrum is known as such.
    by_class : Series of float, the same among the spectra of one class, by label
    """
    X, made = _stacked(pairs)
    forest = RandomForestClassifier(
        TREES, min_samples_leaf=LEAF, oob_score=True, random_state=seed
    ).fit(X, made)
    suspicion = forest.oob_decision_function_[:, 1]
    rows = pd.DataFrame({"label": np.tile(pairs.label, 2), "made": made, "suspicion": suspicion})
    by_class = rows.groupby("label")[["made", "suspicion"]].apply(
        lambda own: roc_auc_score(own["made"], own["suspicion"])
    )
    return roc_auc_score(made, suspicion), by_class


def linear_auc(pairs, seed):
    """Let a logistic regression tell generated from real spectra.

    What a forest of small trees overlooks, a weighted sum of many features may see, and the other
    way round. Area under the ROC curve, over the folds of a cross-validation.

    Parameters
    ----------
    pairs : Pairs, without repeated spectra; at least `FOLDS`
    seed : int

    Returns
    -------
    float
    """
    X, made = _stacked(pairs)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    suspicion = cross_val_predict(model, X, made, cv=folds, method="decision_function")
    return roc_auc_score(made, suspicion)


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


def _stacked(pairs):
    """Return real above generated rows, and which are generated."""
    X = np.concatenate([pairs.real, pairs.generated])
    return X, np.repeat([False, True], len(pairs.label))
