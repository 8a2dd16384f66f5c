"""Fidelity and diversity of generated spectra, from distances to nearest neighbours."""

import contextlib
import io

import numpy as np
from prdc import compute_prdc
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

#: Neighbours that span the sphere around a spectrum, as Naeem et al. (2020) have it.
NEIGHBOURS = 5

#: Spectra that a set needs: the last of the neighbours has to have one beyond it.
LEAST_ROWS = NEIGHBOURS + 2


def manifold_scores(real, generated):
    """Compare the regions that real and generated spectra take up.

    Around every spectrum lies a sphere that reaches to its fifth neighbour in its own set.
    Precision is the share of generated spectra inside a sphere of a real one, recall the share of
    real ones inside a sphere of a generated one (Kynkäänniemi et al. 2019). Density counts the real
    spheres that a generated spectrum lies in, over five; coverage is the share of real spheres that
    hold a generated spectrum (Naeem et al. 2020): these two are not taken in by a single outlier.

    Parameters
    ----------
    real, generated : (n_rows, n_features) arrays
        At least `LEAST_ROWS` each. Expectations depend on the numbers of rows: keep them equal.

    Returns
    -------
    dict of float: precision, recall, coverage (0 to 1) and density (0 or more)

    Notes
    -----
    Of two equal distributions with equally many rows, coverage expects about ``1 - 2**-5`` = 0.97,
    and density 1.
    """
    # The package tells the number of rows on the terminal.
    with contextlib.redirect_stdout(io.StringIO()):
        scores = compute_prdc(real, generated, NEIGHBOURS)
    return {metric: float(value) for metric, value in scores.items()}


def copying(test, generated, train):
    """Tell whether generated spectra lie closer to training spectra than unseen real ones do.

    The probability that a generated spectrum is nearer to its nearest training spectrum than a real
    test spectrum is to its own; ties count half (compare Meehan et al. 2020).

    Parameters
    ----------
    test, generated, train : (n_rows, n_features) arrays of one class

    Returns
    -------
    float
        0.5 where generated spectra keep the distance of unseen real ones, 1 for copies, towards 0
        where generated spectra lie far from all that was measured.
    """
    index = NearestNeighbors(n_neighbors=1).fit(train)
    nearness = [-index.kneighbors(rows)[0][:, 0] for rows in (test, generated)]
    made = np.repeat([False, True], [len(test), len(generated)])
    return float(roc_auc_score(made, np.concatenate(nearness)))
