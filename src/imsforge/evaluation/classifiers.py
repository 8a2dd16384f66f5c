"""The classifiers that judge a training set, and how frequent they take the classes to be."""

import logging
import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from imsforge.errors import DataError

logger = logging.getLogger(__name__)


class WithinClassUnits(TransformerMixin, BaseEstimator):
    """Measure features in units of their spread within classes; leave out those without any.

    LDA does so by itself, but what is left of no spread in single precision, in a measurement or
    in rows that were generated, would be the surest feature of all. In these units LDA's shrinkage,
    which is towards a multiple of the identity, is towards the diagonal of the covariance within
    classes.
    """

    def fit(self, X, y):
        """Learn how features vary; X (n_rows, n_features), y (n_rows,)."""
        _, code = np.unique(y, return_inverse=True)
        means = np.stack([X[code == k].mean(axis=0) for k in range(code.max() + 1)])
        spread = np.sqrt(np.mean((X - means[code]) ** 2, axis=0))
        self.varies_ = spread > ROUNDING * np.abs(X).max(axis=0)
        self.spread_ = spread[self.varies_]
        if not self.varies_.any():
            raise DataError(
                f"classifier lda: none of {X.shape[1]} features varies within the classes of the "
                "training rows, so that it has no covariance; judge by another of `classifiers`"
            )
        return self

    def transform(self, X):
        """Return the features that vary, (n_rows, n_varying), in their units."""
        return X[:, self.varies_] / self.spread_


#: Spread of a feature within classes, over its largest value, that single precision may make up.
ROUNDING = 1e-5


def _logistic_regression(seed):
    # Standardised features let it converge in some hundred iterations. A larger tolerance would be
    # faster still, but costs the macro recall a point where classes are well apart.
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=seed))


def _network(seed):
    return make_pipeline(
        StandardScaler(), MLPClassifier((100,), early_stopping=True, random_state=seed)
    )


def _boosted_trees(seed):
    # Few leaves and a fifth of the features a split: several times faster than the defaults, and
    # better. Few bins, since those of weighted rows take long to find. Without a penalty, trees of
    # classes of some twenty rows diverge.
    return HistGradientBoostingClassifier(
        max_bins=63,
        max_leaf_nodes=8,
        max_features=0.2,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )


#: Name in the configuration -> function of a seed that returns an unfitted classifier.
CLASSIFIERS = {
    "lda": lambda seed: make_pipeline(WithinClassUnits(), LinearDiscriminantAnalysis()),
    "logistic-regression": _logistic_regression,
    "random-forest": lambda seed: RandomForestClassifier(n_estimators=200, random_state=seed),
    "boosted-trees": _boosted_trees,
    "nearest-neighbours": lambda seed: KNeighborsClassifier(n_neighbors=5),
    "network": _network,
}

#: Name in the configuration -> function of the counts of the classes in the real training set,
#: (n_classes,), that returns their prior probabilities, or multiples of them.
PRIORS = {
    "observed": lambda counts: counts,
    "balanced": np.ones_like,
}


def fitted(model, X, y, weights=None):
    """Return a classifier of `CLASSIFIERS`, fitted to a training set in double precision.

    In single precision a feature that is constant within every class has a little spread by
    rounding, which LDA would take for the surest feature of all.

    Parameters
    ----------
    model : classifier
    X : (n_rows, n_features) array
    y : (n_rows,) int array
    weights : (n_rows,) array or None
        How much each row counts.

    Raises
    ------
    DataError
        If the rows are too few for a network.
    """
    last = model[-1] if isinstance(model, Pipeline) else model
    if isinstance(last, MLPClassifier):
        check_held_out(y)
    name = f"{model.steps[-1][0]}__sample_weight" if last is not model else "sample_weight"
    with quiet():
        return model.fit(X.astype(np.float64), y, **({} if weights is None else {name: weights}))


@contextmanager
def quiet():
    """Keep warnings back that are no news to the reader of a table."""
    with warnings.catch_warnings():
        for message in (
            "Variables are collinear",  # features that are constant in every class
            "Only one sample available",  # classes of one row
            "The least populated class",  # fewer rows than folds
            "Number of classes in training fold",
        ):
            warnings.filterwarnings("ignore", message=message)
        yield


def lda_is_determined(n_rows, n_classes, n_features):
    """Tell whether training rows are enough for the pooled covariance of plain LDA.

    It has ``n_rows - n_classes`` degrees of freedom. With fewer than features it is singular: LDA
    then sees nothing but the directions in which the training set happens to vary, so that it
    judges how many of them a method fills.
    """
    return n_rows - n_classes >= n_features


def check_held_out(y):
    """Make sure that the tenth which tells a network when to stop can hold every class."""
    _, counts = np.unique(y, return_counts=True)
    if counts.min() < 2 or len(y) < 10 * len(counts):
        raise DataError(
            f"classifier network: {len(y)} training rows of {len(counts)} classes, {counts.min()} "
            "of the smallest; it needs ten a class and two of each, so give it more, or leave it "
            "out of `classifiers`"
        )


def with_priors(posterior, fitted, wanted):
    """Turn posteriors into those of other class priors.

    ``p(k|x)`` is proportional to ``p_fitted(k|x) wanted_k / fitted_k``, as the densities of the
    classes stay what they are (Elkan 2001; Saerens, Latinne and Decaestecker 2002).

    Parameters
    ----------
    posterior : (n_rows, n_classes) array, as a classifier gives it
    fitted : (n_classes,) array, rows of each class that the classifier was fitted to, all positive
    wanted : (n_classes,) array, the prior probabilities that are wanted, or multiples of them

    Returns
    -------
    (n_rows, n_classes) float64 array, rows of sum 1

    Examples
    --------
    Nine in ten training rows were of the first class. A row at which they say seven to three is
    then one of the second class, had both been equally frequent:

    >>> with_priors(np.array([[0.7, 0.3]]), fitted=np.array([9, 1]), wanted=np.array([1, 1]))
    array([[0.20588235, 0.79411765]])
    """
    weighted = posterior.astype(np.float64) * (np.asarray(wanted) / np.asarray(fitted))
    return weighted / weighted.sum(axis=1, keepdims=True)
