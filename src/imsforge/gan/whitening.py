"""Whitening: rows in units in which what varies little counts for more."""

import numpy as np
import torch
from torch import nn

#: Share of the diagonal in the covariance: few rows know little of its smallest directions.
DIAGONAL_SHARE = 0.05
#: Smallest variance of a direction, as a share of the largest: keeps the way back exact.
SMALLEST_VARIANCE = 1e-6


class Whitening(nn.Module):
    """Rows x as ``(x - centre) S^-power``, and back; S is the covariance within classes.

    A critic compares rows by distances in which the directions of largest variance count for
    most. A linear discriminant looks at those of smallest variance, where a generator may then be
    wrong unseen. Power 0.5 makes all directions within a class equally wide (whitening, or
    Mahalanobis distances), 0.25 goes half of that way.

    Parameters
    ----------
    n_features : int
    power : float

    Attributes
    ----------
    centre : (n_features,) tensor
        Mean of the training rows.
    there, back : (n_features, n_features) tensors
        ``S^-power`` and ``S^power``.
    """

    def __init__(self, n_features, power):
        super().__init__()
        self.power = power
        self.register_buffer("centre", torch.zeros(n_features))
        for name in ("there", "back"):
            self.register_buffer(name, torch.eye(n_features))

    def learn(self, X, y):
        """Learn from training rows X, (n_rows, n_features) array, of class codes y, (n_rows,)."""
        variances, directions = np.linalg.eigh(_covariance_within(X.astype(np.float64), y))
        variances = np.maximum(variances, SMALLEST_VARIANCE * (variances.max() or 1.0))
        found = {
            "centre": X.mean(axis=0, dtype=np.float64),
            "there": directions * variances**-self.power @ directions.T,
            "back": directions * variances**self.power @ directions.T,
        }
        for name, values in found.items():
            getattr(self, name).copy_(torch.as_tensor(values))

    def forward(self, rows):
        """Whiten rows, (n, n_features)."""
        return (rows - self.centre) @ self.there

    def undo(self, whitened):
        """Return the rows that were whitened, (n, n_features)."""
        return whitened @ self.back + self.centre


def _covariance_within(X, y):
    """Return the covariance that all classes share, some of it moved to its diagonal."""
    codes, y = np.unique(y, return_inverse=True)
    centred = X - np.stack([X[y == code].mean(axis=0) for code in range(len(codes))])[y]
    covariance = centred.T @ centred / max(len(X) - len(codes), 1)
    diagonal = np.diag(np.diag(covariance))
    return (1 - DIAGONAL_SHARE) * covariance + DIAGONAL_SHARE * diagonal
