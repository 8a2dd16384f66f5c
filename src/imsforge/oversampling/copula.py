"""A Gaussian copula of each class, censored where features were not detected: no network."""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtri, ndtri_exp
from scipy.stats import rankdata
from sklearn.cluster import KMeans

from imsforge.oversampling.base import GenerativeSampler
from imsforge.oversampling.refinements import REFERENCE_ROWS, at_equal_rank

#: Rounds in which undetected scores and correlations are drawn and estimated in turn.
SWEEPS = 8
#: Rows that weigh as much as the covariance that is borrowed from more of them.
SHRINKAGE = 20
#: Variance that is added to what classes have in common: one that no row shows is not zero.
RIDGE = 1e-3
#: Rows of a class for each part of it, and the most parts. The fewer rows a part has, the nearer to
#: them lies what is drawn.
PART_ROWS = 150
MOST_PARTS = 10
#: Directions, those of the largest variance, in which parts of a class are told apart.
DIRECTIONS = 10


class CensoredCopula(GenerativeSampler):
    """A Gaussian copula of each class, a mixture where the class has rows for it.

    The values of each feature of a class become normal scores by their ranks (van der Waerden),
    and what is drawn becomes values of the same ranks (Sklar 1959): so each feature keeps its
    distribution in the class, and no value lies outside it. A feature that is at its smallest
    value in several rows was not detected there. Such rows have no ranks among each other; all
    that is known is that their scores lie below those of the others. They are drawn given the
    scores of the other features, in turn with the correlations (data augmentation: Tanner & Wong
    1987; for copulas: Hoff 2007). The correlations of a class borrow from all classes, the more
    the fewer rows it has. A class of many rows consists of parts, found by k-means, each with a
    mean and a covariance of its own, as one Gaussian is rounder than a class. Parameters as in
    `GenerativeSampler`.

    References
    ----------
    Hoff, P. D. (2007). Extending the rank likelihood for semiparametric copula estimation. Annals
    of Applied Statistics 1, 265-283.

    Tanner, M. A. & Wong, W. H. (1987). The calculation of posterior distributions by data
    augmentation. Journal of the American Statistical Association 82, 528-540.
    """

    def _learn(self, X, y):
        undetected = at_the_floor(X)
        rows, hidden = ([a[y == k] for k in self.classes_] for a in (X, undetected))
        _, mixtures = augmented_scores(rows, hidden, self._random)
        self._mixtures = dict(zip(self.classes_, mixtures, strict=True))
        self._maps = {
            label: (
                np.sort(self._mixtures[label].draw(REFERENCE_ROWS, self._random), axis=0),
                np.sort(values, axis=0),
            )
            for label, values in zip(self.classes_, rows, strict=True)
        }

    def _draw(self, n, label):
        scores = self._mixtures[label].draw(n, self._random)
        reference, values = self._maps[label]
        return at_equal_rank(scores, reference, values, self._random).astype(values.dtype)


def at_the_floor(X):
    """Tell where a feature was not detected: at its smallest value, if several rows have it.

    Parameters
    ----------
    X : (n_rows, n_features) array

    Returns
    -------
    (n_rows, n_features) array of bool
    """
    smallest = X.min(axis=0) == X
    return smallest & (smallest.sum(axis=0) > 1)


def normal_scores(X):
    """Return standard normal quantiles of the ranks of each feature; equals share one.

    Parameters
    ----------
    X : (n_rows, n_features) array

    Returns
    -------
    (n_rows, n_features) array of float64
    """
    return ndtri((rankdata(X, axis=0) - 0.5) / len(X))


def augmented_scores(rows, hidden, random):
    """Draw the scores of undetected values, in turn with the Gaussians that they are drawn from.

    Each class is one Gaussian for half the rounds, until its scores are good enough for its parts.

    Parameters
    ----------
    rows : list of (n_rows, n_features) arrays, one for each class
    hidden : list of (n_rows, n_features) arrays of bool, where a value was not detected
    random : numpy.random.RandomState

    Returns
    -------
    scores : list of (n_rows, n_features) arrays
    mixtures : list of Mixture
    """
    scores = [normal_scores(values) for values in rows]
    parts = [np.zeros(len(z), dtype=int) for z in scores]
    for sweep in range(SWEEPS):
        if sweep == SWEEPS // 2:
            parts = [parts_of(z, random) for z in scores]
        mixtures = mixtures_of_parts(scores, parts)
        for z, undetected, part, mixture in zip(scores, hidden, parts, mixtures, strict=True):
            # Where nothing was detected, half a row could have been.
            share = np.minimum(undetected.sum(axis=0), len(z) - 0.5) / len(z)
            for k, (mean, covariance) in enumerate(
                zip(mixture.means, mixture.covariances, strict=True)
            ):
                own = part == k
                around = z[own] - mean
                draw_hidden_scores(around, undetected[own], ndtri(share) - mean, covariance, random)
                z[own] = around + mean
    return scores, mixtures_of_parts(scores, parts)


def draw_hidden_scores(scores, hidden, limits, covariance, random):
    """Draw each hidden score, in place, given the others of its row: one Gibbs sweep.

    Parameters
    ----------
    scores : (n_rows, n_features) array, jointly normal with mean zero
    hidden : (n_rows, n_features) array of bool
    limits : (n_features,) array; hidden scores lie below them
    covariance : (n_features, n_features) array
    random : numpy.random.RandomState
    """
    precision = np.linalg.inv(covariance)
    for j in np.flatnonzero(hidden.any(axis=0)):
        drawn = hidden[:, j]
        deviation = precision[j, j] ** -0.5
        pull = (scores @ precision[:, j])[drawn] / precision[j, j]
        mean = scores[drawn, j] - pull
        # A uniform share of the probability below the limit, in logarithms: it may be tiny.
        chance = log_ndtr((limits[j] - mean) / deviation) - random.exponential(size=len(mean))
        scores[drawn, j] = mean + deviation * ndtri_exp(chance)


def borrowed_covariances(groups):
    """Return the covariance of each group around zero, shrunk towards that of all groups.

    Parameters
    ----------
    groups : list of (n_rows, n_features) arrays

    Returns
    -------
    list of (n_features, n_features) arrays, positive definite
    """
    scatters = [z.T @ z for z in groups]
    counts = [len(z) for z in groups]
    pooled = sum(scatters) / sum(counts) + RIDGE * np.eye(len(scatters[0]))
    return [_shrunk(s, n, pooled) for s, n in zip(scatters, counts, strict=True)]


def _shrunk(scatter, n_rows, target):
    return (scatter + SHRINKAGE * target) / (n_rows + SHRINKAGE)


@dataclass(frozen=True)
class Mixture:
    """Gaussians, each with its share of the rows.

    Attributes
    ----------
    shares : (n_parts,) array
    means : (n_parts, n_features) array
    covariances : (n_parts, n_features, n_features) array, positive definite
    """

    shares: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def draw(self, n, random):
        """Draw n rows, (n, n_features)."""
        part = random.choice(len(self.shares), size=n, p=self.shares)
        rows = random.standard_normal((n, self.means.shape[1]))
        for k, covariance in enumerate(self.covariances):
            rows[part == k] = rows[part == k] @ np.linalg.cholesky(covariance).T
        return rows + self.means[part]


def mixtures_of_parts(scores, parts):
    """Return a mixture for each class, whose parts borrow from the class, and it from all.

    Parameters
    ----------
    scores : list of (n_rows, n_features) arrays
    parts : list of (n_rows,) arrays, the part of each row

    Returns
    -------
    list of Mixture
    """
    means = [_means(z, part) for z, part in zip(scores, parts, strict=True)]
    around = [z - mean[part] for z, mean, part in zip(scores, means, parts, strict=True)]
    covariances = borrowed_covariances(around)
    return [
        Mixture(np.bincount(part) / len(part), mean, _covariances(z, part, covariance))
        for z, part, mean, covariance in zip(around, parts, means, covariances, strict=True)
    ]


def parts_of(scores, random):
    """Return the part of each row, (n_rows,), numbered from 0: k-means in leading directions."""
    wanted = min(len(scores) // PART_ROWS, MOST_PARTS, len(np.unique(scores, axis=0)))
    if wanted < 2:
        return np.zeros(len(scores), dtype=int)
    left, singular, _ = np.linalg.svd(scores - scores.mean(axis=0), full_matrices=False)
    leading = left[:, :DIRECTIONS] * singular[:DIRECTIONS]
    found = KMeans(wanted, n_init=2, random_state=random).fit_predict(leading)
    return np.unique(found, return_inverse=True)[1]


def _means(scores, part):
    """Return the mean of each part; a class in one piece has that of normal scores, zero."""
    if part.max() == 0:
        return np.zeros((1, scores.shape[1]))
    return np.stack([scores[part == k].mean(axis=0) for k in range(part.max() + 1)])


def _covariances(around, part, target):
    members = [around[part == k] for k in range(part.max() + 1)]
    return np.stack([_shrunk(z.T @ z, len(z), target) for z in members])
