"""The interface of all samplers: learn the classes, then draw spectra of a class."""

from abc import abstractmethod

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted


class GenerativeSampler(BaseOverSampler):
    """An imbalanced-learn sampler that can also draw rows of a class by number.

    A subclass implements ``_learn(X, y)`` and ``_draw(n, label)``. ``fit_resample`` then works in
    every imbalanced-learn pipeline; `sample` serves the replacement of whole training sets.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn; "auto" fills every class up to the largest.
    random_state : int, RandomState or None, default=None

    Attributes
    ----------
    classes_ : (n_classes,) array, ascending
    sampling_strategy_ : dict, the number of rows that ``fit_resample`` added to each class
    """

    def __init__(self, *, sampling_strategy="auto", random_state=None):
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state

    def fit(self, X, y):
        """Learn the classes.

        Parameters
        ----------
        X : (n_rows, n_features) array
        y : (n_rows,) array of class labels

        Returns
        -------
        self
        """
        X, y, _ = self._check_X_y(X, y)
        return self._start(X, y)

    def sample(self, n, label):
        """Draw synthetic rows of one class.

        Parameters
        ----------
        n : int
        label : one of ``classes_``

        Returns
        -------
        (n, n_features) array

        Raises
        ------
        ValueError
            If the class was not seen in ``fit``.
        """
        check_is_fitted(self, "classes_")
        if label not in self.classes_:
            raise ValueError(f"class {label!r} was not seen in fit; known: {list(self.classes_)}")
        return self._draw(n, label)

    def _fit_resample(self, X, y):
        self._start(X, y)
        wanted = {label: n for label, n in self.sampling_strategy_.items() if n}
        drawn = [self._draw(n, label) for label, n in wanted.items()]
        # As many as were drawn: real rows that were held back may be fewer than are asked for.
        labels = np.repeat(np.array(list(wanted), dtype=y.dtype), list(map(len, drawn)))
        return np.vstack([X, *drawn]).astype(X.dtype), np.concatenate([y, labels])

    def _start(self, X, y):
        self.classes_ = np.unique(y)
        self._random = check_random_state(self.random_state)
        self._learn(X, y)
        return self

    @abstractmethod
    def _learn(self, X, y):
        """Learn from the rows of all classes."""

    @abstractmethod
    def _draw(self, n, label):
        """Return ``n`` synthetic rows of a class that was learnt."""
