"""Samplers without a network: what every generator has to beat."""

from numbers import Integral

import numpy as np
from imblearn import over_sampling
from sklearn.utils._param_validation import Interval

from imsforge.errors import DataError
from imsforge.oversampling.base import GenerativeSampler


class Duplicate(GenerativeSampler):
    """Draw rows of the class itself, with replacement.

    That changes how much each class weighs: the prior, and whatever else a classifier pools over
    classes, such as the covariance of LDA, the nodes of a tree or a network's loss. It adds no
    spectrum.
    """

    def _learn(self, X, y):
        self._rows = {label: X[y == label] for label in self.classes_}

    def _draw(self, n, label):
        rows = self._rows[label]
        return rows[self._random.randint(len(rows), size=n)]


class Noise(GenerativeSampler):
    """Class mean plus independent Gaussian noise of each feature's standard deviation.

    Thesis row V4: van der Linden (2024), eq. 3-4.
    """

    def _learn(self, X, y):
        rows = {label: X[y == label] for label in self.classes_}
        self._mean = {label: x.mean(axis=0) for label, x in rows.items()}
        self._std = {label: x.std(axis=0) for label, x in rows.items()}

    def _draw(self, n, label):
        z = self._random.standard_normal((n, len(self._mean[label])))
        return (self._mean[label] + z * self._std[label]).astype(self._mean[label].dtype)


class Gaussian(GenerativeSampler):
    """A multivariate normal with the mean and the full covariance of the class.

    Thesis row V4: van der Linden (2024), eq. 4-10. The equation as printed multiplies the noise
    by the covariance itself, which would give the covariance squared; its square root is meant,
    and used here. It exists for classes with fewer rows than features too.
    """

    def _learn(self, X, y):
        rows = {label: X[y == label] for label in self.classes_}
        self._mean = {label: x.mean(axis=0) for label, x in rows.items()}
        self._root = {label: _covariance_root(x) for label, x in rows.items()}

    def _draw(self, n, label):
        root = self._root[label]
        z = self._random.standard_normal((n, len(root))).astype(root.dtype)
        return self._mean[label] + z @ root


def _covariance_root(rows):
    """Return R, (rank, n_features), with R.T @ R the covariance of the rows."""
    centred = rows - rows.mean(axis=0)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    return (singular / np.sqrt(max(1, len(rows) - 1)))[:, None] * directions


class SMOTE(GenerativeSampler):
    """Interpolation between neighbours of a class, by imbalanced-learn.

    Thesis row V4; Chawla et al. (2002). A class with fewer than six rows uses as many neighbours
    as it has.

    Parameters
    ----------
    sampling_strategy, random_state
        As in `GenerativeSampler`.
    k_neighbors : int, default=5
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **GenerativeSampler._parameter_constraints,
        "k_neighbors": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, *, sampling_strategy="auto", random_state=None, k_neighbors=5):
        super().__init__(sampling_strategy=sampling_strategy, random_state=random_state)
        self.k_neighbors = k_neighbors

    def _learn(self, X, y):
        self._X, self._y = X, y

    def _draw(self, n, label):
        size = int(np.sum(self._y == label))
        if size == 1:  # nothing to interpolate with
            return np.repeat(self._X[self._y == label], n, axis=0)
        own = {"k_neighbors": min(self.k_neighbors, size - 1)}
        return self._added(over_sampling.SMOTE, size + n, label, own)

    def _added(self, kind, size, label, own):
        """Return the rows that an imbalanced-learn sampler fills a class up to ``size`` with."""
        seed = self._random.randint(2**31)
        sampler = kind(sampling_strategy={label: size}, random_state=seed, **own)
        X, _ = sampler.fit_resample(self._X, self._y)
        return X[len(self._X) :]


class Oracle(GenerativeSampler):
    """Draw real rows that were held back, without replacement: as true as rows can be.

    Within one draw no row comes twice, so that a draw has at most as many rows as the reserve has
    of the class. Where that is fewer than are asked for, classes are filled up less than by other
    samplers, or replaced by fewer rows; what more real rows would earn is then more than this
    earns, and a generator may even come out above it.

    Parameters
    ----------
    sampling_strategy, random_state
        As in `GenerativeSampler`.
    reserve : (X, y)
        The rows held back, (n_rows, n_features), and their classes, (n_rows,).
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **GenerativeSampler._parameter_constraints,
        "reserve": [tuple, list, None],
    }

    def __init__(self, *, sampling_strategy="auto", random_state=None, reserve=None):
        super().__init__(sampling_strategy=sampling_strategy, random_state=random_state)
        self.reserve = reserve

    def _learn(self, X, y):
        if self.reserve is None or len(self.reserve[0]) == 0:
            raise DataError(
                "oracle: no spectra are held back for it to draw from; set split.reserve_share"
            )
        reserve_X, reserve_y = self.reserve
        self._rows = {label: reserve_X[reserve_y == label] for label in self.classes_}

    def _draw(self, n, label):
        rows = self._rows[label]
        return rows[self._random.permutation(len(rows))[:n]]
