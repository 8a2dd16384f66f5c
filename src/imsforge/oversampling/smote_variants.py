"""Variants of SMOTE that choose where in a class to interpolate, by imbalanced-learn."""

import logging

import numpy as np
from imblearn import over_sampling

from imsforge.oversampling.baselines import SMOTE

logger = logging.getLogger(__name__)


class _Variant(SMOTE):
    """A SMOTE that looks at the other classes as well.

    These were made to fill up small classes: most draw near the border of a class alone, so that
    what they draw is no sample of the class, and a training set of nothing else shows it.

    A class that a variant has no place in (no row near a border, no cluster of its own, one row)
    is drawn by SMOTE, as imbalanced-learn advises; the log says so.

    Parameters
    ----------
    sampling_strategy, random_state
        As in `GenerativeSampler`.
    k_neighbors : int
        A class of fewer rows uses as many neighbours as it has.
    """

    #: The sampler of imbalanced-learn, and what it calls its neighbours.
    _kind = over_sampling.SMOTE
    _neighbours = "k_neighbors"

    def _draw(self, n, label):
        size = int(np.sum(self._y == label))
        rows = self._X[:0]
        # Shares of places are rounded, so that there may be fewer rows than were asked for, or
        # more; with as many again as the class has, no small share is lost.
        while len(rows) < n:
            added = self._added_by_variant(2 * size + n, label, min(self.k_neighbors, size - 1))
            if not len(added):
                return super()._draw(n, label)
            rows = np.vstack([rows, added])
        return rows[self._random.permutation(len(rows))[:n]]

    def _added_by_variant(self, size, label, neighbours):
        try:
            added = self._added(self._kind, size, label, {self._neighbours: neighbours})
        except (RuntimeError, ValueError) as error:  # what imbalanced-learn refuses a class with
            added, reason = self._X[:0], " ".join(str(error).split())
        else:
            reason = "no row lies near another class"
        if not len(added):
            name = type(self).__name__
            logger.warning("%s: class %s is drawn by SMOTE: %s", name, label, reason)
        return added


class BorderlineSMOTE(_Variant):
    """Interpolation from rows whose neighbours are mostly of other classes (Han et al. 2005).

    Parameters as in `_Variant`.
    """

    _kind = over_sampling.BorderlineSMOTE


class SVMSMOTE(_Variant):
    """Interpolation from support vectors, and beyond them (Nguyen et al. 2011).

    Parameters as in `_Variant`.
    """

    _kind = over_sampling.SVMSMOTE


class ADASYN(_Variant):
    """Interpolation from a row the more often, the more neighbours are of others (He et al. 2008).

    Parameters as in `_Variant`.
    """

    _kind = over_sampling.ADASYN
    _neighbours = "n_neighbors"


class KMeansSMOTE(_Variant):
    """Interpolation within clusters that are mostly of the class (Douzas et al. 2018).

    Parameters as in `_Variant`.
    """

    _kind = over_sampling.KMeansSMOTE

    def __init__(self, *, sampling_strategy="auto", random_state=None, k_neighbors=2):
        super().__init__(
            sampling_strategy=sampling_strategy, random_state=random_state, k_neighbors=k_neighbors
        )
