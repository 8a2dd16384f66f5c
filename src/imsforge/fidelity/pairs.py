"""Real test spectra beside generated ones, as many of each class."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Pairs:
    """Two sets of spectra with the same number of each class.

    Attributes
    ----------
    real, generated : (n_pairs, n_features) arrays
        Row by row of the same class; nothing else joins the two spectra of a row.
    label : (n_pairs,) int array, ascending
    """

    real: np.ndarray
    generated: np.ndarray
    label: np.ndarray

    def by_class(self):
        """Return the pairs of each class, by label."""
        return {int(k): self.take(self.label == k) for k in np.unique(self.label)}

    def take(self, rows):
        """Return some of the pairs; ``rows`` as NumPy indexes them."""
        return Pairs(self.real[rows], self.generated[rows], self.label[rows])

    def mapped(self, function):
        """Return the pairs with a function of (n, n_features) arrays applied to both sets."""
        return replace(self, real=function(self.real), generated=function(self.generated))


def draw_pairs(real, real_y, generated, generated_y, *, limit, random):
    """Draw as many real as generated spectra of each class that both sets have.

    Measures of two sets depend on their sizes, so that only equal sizes can be compared between
    classes and methods; and were the classes mixed differently, the mixture would give them away.

    Parameters
    ----------
    real, generated : (n_rows, n_features) arrays; the numbers of rows may differ
    real_y, generated_y : (n_rows,) int arrays
    limit : int, most pairs of a class
    random : numpy.random.Generator

    Returns
    -------
    Pairs
    """
    first, second = [], []
    for label in np.intersect1d(real_y, generated_y):
        ours, theirs = np.flatnonzero(real_y == label), np.flatnonzero(generated_y == label)
        size = min(len(ours), len(theirs), limit)
        first.append(random.permutation(ours)[:size])
        second.append(random.permutation(theirs)[:size])
    ours, theirs = np.concatenate(first), np.concatenate(second)
    return Pairs(real[ours], generated[theirs], real_y[ours])
