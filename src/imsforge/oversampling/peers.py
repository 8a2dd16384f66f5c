"""Samplers of other packages, to compare with: each needs a package that is installed for it.

Nothing of them is imported before it is asked for, and nothing else needs them. All are trained
where they are used, on the CPU, and with the settings that their packages have by default, unless
said otherwise.
"""

import logging
import os
import signal
from abc import abstractmethod
from contextlib import contextmanager
from importlib import import_module
from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import Interval

from imsforge.errors import ConfigError, DataError
from imsforge.oversampling.base import GenerativeSampler

logger = logging.getLogger(__name__)

#: Draws, each of as many rows as are wanted of all classes, before a class is given up.
TRIES = 20

_COUNT = [Interval(Integral, 1, None, closed="left")]


def imported(package, install):
    """Return a package, or say in one line how to install it."""
    try:
        return import_module(package)
    except ImportError as error:
        raise ConfigError(
            f"{package}: cannot be imported ({error}); run `pip install {install}`"
        ) from error


class _Tabular(GenerativeSampler):
    """A network of the package ctgan (Xu et al. 2019) that learns spectra and class as one table.

    Of what it draws, rows of the class that is asked for are kept. Where a class comes too seldom,
    there are fewer rows than were asked for, which the log says. The same seed and number of
    threads give the same bytes: the package's own processes, whose seeds it does not set, are not
    started.

    Parameters
    ----------
    sampling_strategy, random_state
        As in `GenerativeSampler`.
    epochs : int, default=300
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **GenerativeSampler._parameter_constraints,
        "epochs": _COUNT,
    }

    def __init__(self, *, sampling_strategy="auto", random_state=None, epochs=300):
        super().__init__(sampling_strategy=sampling_strategy, random_state=random_state)
        self.epochs = epochs

    def _learn(self, X, y):
        package = imported("ctgan", "ctgan")
        self._type = X.dtype
        table = pd.DataFrame(X.astype(np.float64)).rename(columns=str)
        table["class"] = self._codes(y)
        self._model = getattr(package, type(self).__name__)(epochs=self.epochs, enable_gpu=False)
        self._model.set_random_state(self._random.randint(2**31))
        with _one_process():
            self._model.fit(table, ["class"])

    def _draw(self, n, label):
        code = self._codes([label])[0]
        self._model.set_random_state(self._random.randint(2**31))
        kept = [np.empty((0, self.n_features_in_), self._type)]
        while sum(map(len, kept)) < n and len(kept) <= TRIES:
            drawn = self._rows(n * len(self.classes_), code)
            own = drawn[drawn["class"] == code]
            kept.append(own.drop(columns="class").to_numpy(self._type))
        rows = np.concatenate(kept)[:n]
        if n and not len(rows):
            raise DataError(
                f"{type(self).__name__}: of {TRIES} times {n * len(self.classes_)} rows none is of "
                f"class {label}; train longer, or leave the class out"
            )
        if len(rows) < n:
            logger.warning("%s: class %s: %d of %d rows", type(self).__name__, label, len(rows), n)
        return rows

    def _codes(self, y):
        return np.searchsorted(self.classes_, y).astype(str)

    @abstractmethod
    def _rows(self, n, code):
        """Return a table of ``n`` rows, some of them of a class."""


class CTGAN(_Tabular):
    """A conditional GAN of tables. Parameters as in `_Tabular`."""

    def _rows(self, n, code):
        return self._model.sample(n, condition_column="class", condition_value=code)


class TVAE(_Tabular):
    """A variational autoencoder of tables. Parameters as in `_Tabular`."""

    def _rows(self, n, code):
        return self._model.sample(n)


#: By this variable joblib counts processors.
_PROCESSORS = "LOKY_MAX_CPU_COUNT"


@contextmanager
def _one_process():
    """Keep a package from starting processes, as many as it takes the machine to have."""
    before = os.environ.get(_PROCESSORS)
    os.environ[_PROCESSORS] = "1"
    try:
        yield
    finally:
        del os.environ[_PROCESSORS]
        if before is not None:
            os.environ[_PROCESSORS] = before


class _ModelAClass(GenerativeSampler):
    """A sampler that learns each class by itself."""

    def _learn(self, X, y):
        self._type = X.dtype
        self._models = {
            label: self._model(X[y == label].astype(np.float64)) for label in self.classes_
        }

    def _draw(self, n, label):
        if not n:  # packages refuse to draw nothing
            return np.empty((0, self.n_features_in_), self._type)
        return self._rows(self._models[label], n).astype(self._type)

    @abstractmethod
    def _model(self, rows):
        """Return a fitted model of the rows of a class."""

    @abstractmethod
    def _rows(self, model, n):
        """Return ``n`` drawn rows."""


class SDVCopula(_ModelAClass):
    """A Gaussian copula of beta distributions a class, as SDV has it, by its package copulas.

    The same seed gives the same bytes. Parameters as in `GenerativeSampler`.
    """

    def _model(self, rows):
        multivariate = imported("copulas.multivariate", "copulas")
        beta = import_module("copulas.univariate").BetaUnivariate
        copula = multivariate.GaussianMultivariate(distribution=beta)
        copula.fit(pd.DataFrame(rows))
        return copula

    def _rows(self, model, n):
        model.set_random_state(self._random.randint(2**31))
        return model.sample(n).to_numpy()


class _SMOTEVariant(GenerativeSampler):
    """An oversampler of the package smote-variants (Kovács 2019).

    It fills up the smaller of two classes: the class that is asked for stands against all others,
    which are repeated where they are fewer. The same seed gives the same bytes.
    Parameters as in `GenerativeSampler`.
    """

    _name = ""

    def _learn(self, X, y):
        self._kind = getattr(imported("smote_variants", "smote-variants"), self._name)
        if len(self.classes_) < 2:
            raise DataError(f"{type(self).__name__}: stands a class against others; give two")
        self._X, self._y = X, y

    def _draw(self, n, label):
        own, others = self._X[self._y == label], self._X[self._y != label]
        others = np.tile(others, (len(own) // len(others) + 1, 1))
        rows, wanted = own[:0], n
        while len(rows) < n:  # polynom-fit rounds to multiples of the class
            rows = self._added(own, others, wanted)
            wanted += len(own)
        return rows[self._random.permutation(len(rows))[:n]]

    def _added(self, own, others, n):
        # Half a row more, since the share is cut to whole rows.
        share = (n + 0.5) / (len(others) - len(own))
        seed = self._random.randint(2**31)
        X, y = np.vstack([others, own]), np.repeat([0, 1], [len(others), len(own)])
        filled, _ = self._kind(proportion=share, random_state=seed).sample(X, y)
        return filled[len(X) :].astype(own.dtype)


class PolynomFitSMOTE(_SMOTEVariant):
    """Rows on lines from a class's rows to its mean (Gazzah & Amara 2008, star topology).

    It has the same rows for any seed; which are taken is random. Parameters as in
    `GenerativeSampler`.
    """

    _name = "polynom_fit_SMOTE_star"


class ProWSyn(_SMOTEVariant):
    """Interpolation, the more the nearer to other classes (Barua et al. 2013).

    Parameters as in `GenerativeSampler`.
    """

    _name = "ProWSyn"


class GaussianSMOTE(_SMOTEVariant):
    """Interpolation with Gaussian noise around the line (Lee et al. 2017).

    Parameters as in `GenerativeSampler`.
    """

    _name = "Gaussian_SMOTE"


class ForestFlow(_ModelAClass):
    """Flow matching by boosted trees, a model a class, by the package ForestDiffusion.

    (Jolicoeur-Martineau et al. 2024.) The same seed gives the same bytes.

    Parameters
    ----------
    sampling_strategy, random_state
        As in `GenerativeSampler`.
    times : int, default=10
        Steps from noise to spectra; each has trees of its own. The package's default is 50.
    noises : int, default=10
        Noises that each training row is seen with; the package's default is 100.
    trees : int, default=20
        Of each feature, class and time; the package's default is 100.
    seconds : float, default=3000
        Of CPU time, after which the fit is given up.
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **GenerativeSampler._parameter_constraints,
        "times": _COUNT,
        "noises": _COUNT,
        "trees": _COUNT,
        "seconds": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        random_state=None,
        times=10,
        noises=10,
        trees=20,
        seconds=3000,
    ):
        super().__init__(sampling_strategy=sampling_strategy, random_state=random_state)
        self.times = times
        self.noises = noises
        self.trees = trees
        self.seconds = seconds

    def _learn(self, X, y):
        with _cpu_limit(self.seconds, "forest-flow"):
            super()._learn(X, y)

    def _model(self, rows):
        kind = imported("ForestDiffusion", "ForestDiffusion").ForestDiffusionModel
        settings = {"n_t": self.times, "duplicate_K": self.noises, "n_estimators": self.trees}
        seed = self._random.randint(2**31)
        with _global_seed(seed):
            return kind(rows, seed=seed, n_jobs=1, nthread=1, **settings)

    def _rows(self, model, n):
        with _global_seed(self._random.randint(2**31)):
            return model.generate(batch_size=n)


@contextmanager
def _global_seed(seed):
    """Seed NumPy's global random state, which a package draws from, and put it back."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


@contextmanager
def _cpu_limit(seconds, name):
    """Give up what takes more CPU time; the main thread of a process alone can."""

    def give_up(*_):
        raise DataError(
            f"{name}: not fitted within {seconds:g} s of CPU time; take fewer features, classes or "
            "training rows"
        )

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
