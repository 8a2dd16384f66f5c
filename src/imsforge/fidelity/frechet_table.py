"""How far each generated class is from each real one."""

import numpy as np
import pandas as pd

from imsforge.fidelity.frechet import gaussian_of

#: Columns of every ``frechet.csv``.
FRECHET_COLUMNS = ["method", "repeat", "generated", "real", "distance"]


def frechet_table(features, resampled, *, identity):
    """Compare each class of the spectra that replace the training set with each real one.

    Thesis row V6 (van der Linden 2024, fig. 2-11).

    Parameters
    ----------
    features : Features, scaled; its test rows are the real spectra
    resampled : Resampled, with the task "replace"
    identity : dict
        The columns method and repeat of the result.

    Returns
    -------
    DataFrame with `FRECHET_COLUMNS`
        In the features' own units; classes with fewer than two rows are left out.
    """
    replaced = resampled.tasks["replace"]
    test_X, test_y = features.test_set
    made = _gaussians(features.unscale(replaced["values"]), replaced["label"])
    measured = _gaussians(features.unscale(test_X), test_y)
    names = features.names
    rows = [
        (names[g - 1], names[r - 1], first.distance(second))
        for g, first in made.items()
        for r, second in measured.items()
    ]
    table = pd.DataFrame(rows, columns=["generated", "real", "distance"])
    return table.assign(**identity)[FRECHET_COLUMNS]


def _gaussians(X, y):
    """Fit a Gaussian to each class that has the two rows it takes."""
    labels, counts = np.unique(y, return_counts=True)
    return {k: gaussian_of(X[y == k]) for k in labels[counts > 1]}
