"""Outlier detectors of scikit-learn and simple distances behind the one interface."""

import numpy as np
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.svm import OneClassSVM

from imsforge.anomaly.base import Detector


class Outliers(Detector):
    """Any estimator whose ``score_samples`` is higher for what is more normal.

    Parameters
    ----------
    estimator : outlier detector or density of scikit-learn, not fitted
        `IsolationForest`, `OneClassSVM`, `KernelDensity`, ...
    """

    def __init__(self, estimator):
        self.estimator = estimator

    def _learn(self, X):
        self.estimator_ = clone(self.estimator).fit(X)

    def _score(self, X):
        return -self.estimator_.score_samples(X)


def isolation_forest(random_state=None):
    """Return `Outliers` of an isolation forest."""
    return Outliers(IsolationForest(random_state=random_state))


def one_class_svm():
    """Return `Outliers` of a support vector machine with one row in twenty beyond its border."""
    return Outliers(OneClassSVM(nu=0.05))


class Mixture(Detector):
    """Minus the log likelihood under a mixture of Gaussians.

    Parameters
    ----------
    n_components : int, default=5
        Fewer where there are not ten rows for each.
    reg_covar : float, default=0.1
        Added to the variances, of scaled rows.
    random_state : int, RandomState or None, default=None
    """

    def __init__(self, n_components=5, reg_covar=0.1, random_state=None):
        self.n_components = n_components
        self.reg_covar = reg_covar
        self.random_state = random_state

    def _learn(self, X):
        self.mixture_ = GaussianMixture(
            max(1, min(self.n_components, len(X) // 10)),
            reg_covar=self.reg_covar,
            random_state=self.random_state,
        ).fit(X)

    def _score(self, X):
        return -self.mixture_.score_samples(X)


class KNeighbors(Detector):
    """The distance to the k-th nearest healthy row.

    Parameters
    ----------
    n_neighbors : int, default=10
        Fewer where there are not so many rows.
    """

    def __init__(self, n_neighbors=10):
        self.n_neighbors = n_neighbors

    def _learn(self, X):
        self.neighbors_ = NearestNeighbors(n_neighbors=min(self.n_neighbors, len(X))).fit(X)

    def _score(self, X):
        return self.neighbors_.kneighbors(X)[0][:, -1]


class LocalOutliers(Detector):
    """The local outlier factor (Breunig et al. 2000): how thin rows lie beside their neighbours.

    Parameters
    ----------
    n_neighbors : int, default=20
        Fewer where there are not so many rows.
    """

    def __init__(self, n_neighbors=20):
        self.n_neighbors = n_neighbors

    def _learn(self, X):
        n_neighbors = min(self.n_neighbors, len(X) - 1)
        self.factor_ = LocalOutlierFactor(n_neighbors=n_neighbors, novelty=True).fit(X)

    def _score(self, X):
        return -self.factor_.score_samples(X)


class KMeansDistance(Detector):
    """The distance to the nearest centre of healthy rows.

    Parameters
    ----------
    n_clusters : int, default=20
        Fewer where there are not so many rows.
    random_state : int, RandomState or None, default=None
    """

    def __init__(self, n_clusters=20, random_state=None):
        self.n_clusters = n_clusters
        self.random_state = random_state

    def _learn(self, X):
        n_clusters = min(self.n_clusters, len(X))
        self.kmeans_ = KMeans(n_clusters, n_init=3, random_state=self.random_state).fit(X)

    def _score(self, X):
        return self.kmeans_.transform(X).min(axis=1)


class DistanceFromMedian(Detector):
    """How far rows are from the median of healthy ones, in either direction, over all features."""

    def _learn(self, X):
        self.median_ = np.median(X, axis=0)

    def _score(self, X):
        return np.linalg.norm(X - self.median_, axis=1)
