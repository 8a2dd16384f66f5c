"""What makes any generator's spectra more like real ones, or truer to their class."""

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from imsforge.oversampling.base import GenerativeSampler

#: Rows that a generator draws of each class to tell how its features are distributed.
REFERENCE_ROWS = 2000
#: Rows of the generator's own that stand beside the training rows of a class: of a class of a few
#: rows, these alone would allow a feature a few values.
SHRINKAGE = 20
#: Candidates that are drawn, for each row that is wanted, before any will do.
CANDIDATES = 10
#: Parts of the training rows of which each is judged by a classifier of the others.
FOLDS = 3


class _Refinement(GenerativeSampler):
    """A sampler around another one, ``sampler``, whose draws it changes or chooses from.

    Parameters
    ----------
    sampler : GenerativeSampler
        Fitted anew; one that is fitted already is kept as it is by
        `sklearn.frozen.FrozenEstimator`.
    sampling_strategy, random_state
        As in `GenerativeSampler`.

    Attributes
    ----------
    sampler_ : the fitted sampler
    """

    def __init__(self, sampler, *, sampling_strategy="auto", random_state=None):
        super().__init__(sampling_strategy=sampling_strategy, random_state=random_state)
        self.sampler = sampler

    def _learn(self, X, y):
        self.sampler_ = clone(self.sampler).fit(X, y)
        self._refine(X, y)


class Calibrated(_Refinement):
    """Give each feature of each class the distribution that it has in the training rows.

    A generated value is replaced by the training value of the same rank, so that exact zeros are
    as frequent as they are among real spectra; how features go together remains the generator's.
    (Quantile mapping, with the generator's ranks as a copula: Sklar 1959.) A class of n rows takes
    part with n training rows and `SHRINKAGE` of the generator's own. Parameters as in
    `_Refinement`.
    """

    def _refine(self, X, y):
        self._maps = {}
        for label in self.classes_:
            drawn = self.sampler_.sample(REFERENCE_ROWS, label)
            # What no training row of any class has, a negative intensity above all, is no aim.
            others = np.clip(self.sampler_.sample(SHRINKAGE, label), X.min(axis=0), X.max(axis=0))
            wanted = np.vstack([X[y == label], others])
            self._maps[label] = np.sort(drawn, axis=0), np.sort(wanted, axis=0)

    def _draw(self, n, label):
        rows = self.sampler_.sample(n, label)
        return at_equal_rank(rows, *self._maps[label], self._random).astype(rows.dtype)


def at_equal_rank(rows, sample, wanted, random):
    """Replace each value by the one that has its rank in another sample of the feature.

    Parameters
    ----------
    rows : (n, n_features) array
    sample : (m, n_features) array, each column ascending, in which values are ranked
    wanted : (k, n_features) array, each column ascending, from which values come
    random : numpy.random.RandomState

    Returns
    -------
    (n, n_features) array
    """
    chance = random.random_sample(rows.shape)
    columns = [
        quantile(wanted[:, j], random_rank(sample[:, j], rows[:, j], chance[:, j]))
        for j in range(rows.shape[1])
    ]
    return np.stack(columns, axis=1)


def random_rank(sample, values, chance):
    """Return the ranks of values within a sample, from 0 to 1; among equals they are random.

    Parameters
    ----------
    sample : (n,) array, ascending
    values : (m,) array
    chance : (m,) array, uniform from 0 to 1

    Returns
    -------
    (m,) array
    """
    below = np.searchsorted(sample, values, side="left")
    upto = np.searchsorted(sample, values, side="right")
    return (below + chance * np.maximum(upto - below, 1)) / (len(sample) + 1)


def quantile(sample, rank):
    """Return the values of a sample at given ranks.

    Between neighbours values are interpolated; not so above the smallest value, which may stand
    for "not detected", where nothing lies between it and the next.

    Parameters
    ----------
    sample : (n,) array, ascending
    rank : (m,) array, from 0 to 1

    Returns
    -------
    (m,) array
    """
    place = rank * len(sample) - 0.5
    lower = np.clip(np.floor(place).astype(int), 0, len(sample) - 1)
    upper = np.minimum(lower + 1, len(sample) - 1)
    share = np.clip(place - lower, 0, 1)
    share = np.where(sample[lower] == sample[0], np.round(share), share)
    # Rounding must not leave the sample.
    return np.minimum(sample[lower] + share * (sample[upper] - sample[lower]), sample[upper])


class Filtered(_Refinement):
    """Let as many rows lie on their class's side of a border as real rows do.

    Classes that touch have a border, which generators blur. A classifier of the training rows, to
    which all classes are equally frequent, draws it. Rows on their class's side are kept. Of the
    others so many are that they are as frequent as among training rows, judged by classifiers that
    did not see them: real classes overlap, and without these a class would be cut off at the
    border. Where too few candidates are kept, the most probable others are taken.

    The rows of a sampler that ignores the class become those of a class by this choice alone. What
    a filtered sampler earns is therefore shared between sampler and filter; see
    `imsforge.oversampling.controls.Blind`. Parameters as in `_Refinement`.

    Attributes
    ----------
    classifier_ : logistic regression of the training rows
    tolerance_ : dict of label to float, the chance of a row beyond the border to be kept
    """

    def _refine(self, X, y):
        logistic = LogisticRegression(max_iter=300, tol=1e-3, class_weight="balanced")
        model = make_pipeline(StandardScaler(), logistic)
        self.classifier_ = clone(model).fit(X, y)
        inside = _taken_for(model, X, y) == y
        self.tolerance_ = {
            label: self._tolerance(label, inside[y == label]) for label in self.classes_
        }

    def _tolerance(self, label, inside):
        """Return the chance that makes drawn rows lie inside as often as real ones do."""
        drawn = self.classifier_.predict(self.sampler_.sample(REFERENCE_ROWS, label)) == label
        return min(1.0, _odds(drawn) / _odds(inside))

    def _draw(self, n, label):
        batches = [self._candidates(n, label)]
        while sum(kept.sum() for _, kept, _ in batches) < n and len(batches) < CANDIDATES:
            batches.append(self._candidates(n, label))
        rows, kept, chance = (np.concatenate(parts) for parts in zip(*batches, strict=True))
        # Of those kept none is preferred, or the class would shrink away from its border.
        preference = np.where(kept, 2.0, chance)
        return rows[np.argsort(-preference, kind="stable")[:n]]

    def _candidates(self, n, label):
        """Draw rows; return them, which are kept, and how probably they are of the class."""
        rows = self.sampler_.sample(n, label)
        if not n:
            return rows, np.empty(0, dtype=bool), np.empty(0)
        chances = self.classifier_.predict_proba(rows)
        inside = self.classes_[chances.argmax(axis=1)] == label
        let_through = self._random.random_sample(len(rows)) < self.tolerance_[label]
        return rows, inside | let_through, chances[:, np.searchsorted(self.classes_, label)]


def _odds(hits):
    """Return the odds of a hit, by the rule of succession: of few, none does not mean never."""
    return (np.sum(hits) + 1) / (np.sum(~hits) + 1)


def _taken_for(model, X, y):
    """Return the classes that rows are taken for by models of other rows, as far as these exist."""
    _, counts = np.unique(y, return_counts=True)
    if counts.min() < FOLDS:
        return clone(model).fit(X, y).predict(X)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    return cross_val_predict(model, X, y, cv=folds)
