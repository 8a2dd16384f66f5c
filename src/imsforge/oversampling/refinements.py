"""What makes any generator's spectra more like real ones, or truer to their class."""

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
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
#: The preference of a row that is taken for its class; others have their probability, below it.
PASSED = 2.0


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
        drawn, wanted = self._maps[label]
        chance = self._random.random_sample(rows.shape)
        columns = [
            quantile(wanted[:, j], random_rank(drawn[:, j], rows[:, j], chance[:, j]))
            for j in range(rows.shape[1])
        ]
        return np.stack(columns, axis=1).astype(rows.dtype)


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
    return sample[lower] + share * (sample[upper] - sample[lower])


class Filtered(_Refinement):
    """Keep those rows that a classifier, trained on the training rows, takes for their class.

    Classes that touch have a sharp border, which generators blur. Of a class for which too few
    candidates pass, the most probable others are taken. Parameters as in `_Refinement`.

    Attributes
    ----------
    classifier_ : logistic regression of the training rows
    """

    def _refine(self, X, y):
        logistic = LogisticRegression(max_iter=300, tol=1e-3)
        self.classifier_ = make_pipeline(StandardScaler(), logistic).fit(X, y)

    def _draw(self, n, label):
        batches = [self._candidates(n, label)]
        while sum(np.sum(p == PASSED) for _, p in batches) < n and len(batches) < CANDIDATES:
            batches.append(self._candidates(n, label))
        rows, preference = (np.concatenate(parts) for parts in zip(*batches, strict=True))
        return rows[np.argsort(-preference, kind="stable")[:n]]

    def _candidates(self, n, label):
        """Draw rows; return them, and which are preferred: `PASSED`, or a probability below 1."""
        rows = self.sampler_.sample(n, label)
        if not n:
            return rows, np.empty(0)
        chances = self.classifier_.predict_proba(rows)
        passed = self.classes_[chances.argmax(axis=1)] == label
        own = chances[:, np.searchsorted(self.classes_, label)]
        return rows, np.where(passed, PASSED, own)
