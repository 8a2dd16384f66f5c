"""What low-dimensional models of healthy rows leave over."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import FunctionTransformer

from imsforge.anomaly.base import Detector
from imsforge.factorization.nmf import NMFFeatures


class PCAResidual(Detector):
    """The squared distance from the principal components of healthy rows (Q; Jackson 1979).

    Parameters
    ----------
    n_components : int, default=20
        Fewer where rows or features are few: at least one dimension is always left over.
    """

    def __init__(self, n_components=20):
        self.n_components = n_components

    def _learn(self, X):
        n_components = min(self.n_components, len(X) - 1, X.shape[1] - 1)
        self.pca_ = PCA(n_components, svd_solver="full").fit(X)

    def _score(self, X):
        # `inverse_transform` refuses scores on no components, which a single feature leaves.
        rebuilt = self.pca_.transform(X) @ self.pca_.components_ + self.pca_.mean_
        return np.sum((X - rebuilt) ** 2, axis=1)


class NMFResidual(Detector):
    """The share of a spectrum's norm that a non-negative factorisation of healthy ones leaves over.

    Parameters
    ----------
    n_components : int, default=50
    """

    def __init__(self, n_components=50):
        self.n_components = n_components

    def _scaler(self):
        return FunctionTransformer()  # spectra stay non-negative

    def _learn(self, X):
        n_components = min(self.n_components, *X.shape)
        self.nmf_ = NMFFeatures(n_components, compression=2 * n_components).fit(X)

    def _score(self, X):
        residual = X - self.nmf_.transform(X) @ self.nmf_.components_
        norm = np.linalg.norm(X, axis=1)
        return np.linalg.norm(residual, axis=1) / np.maximum(norm, np.finfo(float).tiny)
