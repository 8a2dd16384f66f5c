"""The interface of all samplers: learn the classes, then draw spectra of a class."""

from abc import abstractmethod

import numpy as np
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_sampling_strategy, check_target_type
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data


class GenerativeSampler(BaseOverSampler):
    """An imbalanced-learn sampler that can also draw rows of a class by number.

    A subclass implements ``_learn(X, y)`` and ``_draw(n, label)``. ``fit_resample`` then works in
    every imbalanced-learn pipeline; `sample` serves the replacement of whole training sets.

    Rows of whole numbers become floating-point ones, as drawn rows are seldom whole. The same rows
    give the same draws, however they lie in memory.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn; "auto" fills every class up to the largest.
    random_state : int, RandomState or None, default=None

    Attributes
    ----------
    classes_ : (n_classes,) array, ascending
    sampling_strategy_ : dict, the number of rows that ``fit_resample`` adds to each class; empty
        where there is one class, which `fit` may learn, but nothing balance
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **BaseOverSampler._parameter_constraints,
        "random_state": ["random_state"],
    }

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
        self._validate_params()
        X, y, _ = self._check_X_y(X, y)
        self.sampling_strategy_ = {}
        if len(np.unique(y)) > 1:
            wanted = check_sampling_strategy(self.sampling_strategy, y, self._sampling_type)
            self.sampling_strategy_ = wanted
        self._learn(*self._start(X, y))
        return self

    def fit_resample(self, X, y, **params):
        """Learn the classes and fill them up.

        Parameters
        ----------
        X : (n_rows, n_features) array or DataFrame
        y : (n_rows,) array of class labels

        Returns
        -------
        X, y : the given rows and, behind them, the drawn ones, in the types that were given
        """
        if isinstance(X, pd.DataFrame):
            # imbalanced-learn gives drawn rows the types of the columns.
            whole = X.select_dtypes(["integer", "bool"]).columns
            X = X.astype(dict.fromkeys(whole, np.float64))
        return super().fit_resample(X, y, **params)

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
        self._learn(*self._start(X, y))
        wanted = {label: n for label, n in self.sampling_strategy_.items() if n}
        drawn = [self._draw(n, label) for label, n in wanted.items()]
        # As many as were drawn: real rows that were held back may be fewer than are asked for.
        labels = np.repeat(np.array(list(wanted), dtype=y.dtype), list(map(len, drawn)))
        return np.vstack([X, *drawn]).astype(X.dtype), np.concatenate([y, labels])

    def _check_X_y(self, X, y):  # noqa: N802 (imbalanced-learn's name)
        if isinstance(X, pd.DataFrame):
            X = X.astype({n: t.subtype for n, t in X.dtypes.items() if hasattr(t, "subtype")})
        y, one_vs_all = check_target_type(y, indicate_one_vs_all=True)
        # Sums round by the order in memory.
        X, y = validate_data(self, X, y, dtype=(np.float64, np.float32), order="C")
        return X, y, one_vs_all

    def _start(self, X, y):
        """Remember the classes, set the random state, and return what is learnt from."""
        self.classes_ = np.unique(y)
        self._random = check_random_state(self.random_state)
        return X, y

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags

    @abstractmethod
    def _learn(self, X, y):
        """Learn from the rows of all classes."""

    @abstractmethod
    def _draw(self, n, label):
        """Return ``n`` synthetic rows of a class that was learnt."""
