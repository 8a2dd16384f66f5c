"""Fidelity and diversity of generated spectra, from distances to nearest neighbours."""

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.neighbors import NearestNeighbors

#: Neighbours that span the sphere around a spectrum, as Naeem et al. (2020) have it.
NEIGHBOURS = 5

#: Spectra that a set needs: the last of the neighbours has to have one beyond it.
LEAST_ROWS = NEIGHBOURS + 2

#: Distances are equal up to this share of the largest norm: those of repeated spectra differ by
#: rounding.
ROUNDING = 1e-6


def manifold_scores(real, generated):
    """Compare the regions that real and generated spectra take up.

    Around every spectrum lies a sphere that reaches to its fifth neighbour in its own set, which
    belongs to it. Precision is the share of generated spectra inside a sphere of a real one, recall
    the share of real ones inside a sphere of a generated one (Kynkäänniemi et al. 2019). Density
    counts the real spheres that a generated spectrum lies in, over five; coverage is the share of
    real spheres that hold a generated spectrum (Naeem et al. 2020): these two are not taken in by a
    single outlier.

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
    real, generated, rounding = centred(real, generated)
    distance = euclidean_distances(real, generated)
    in_real = distance <= _radius(real)[:, None] + rounding
    in_generated = distance <= _radius(generated) + rounding
    return {
        "precision": float(in_real.any(axis=0).mean()),
        "recall": float(in_generated.any(axis=1).mean()),
        "density": float(in_real.sum(axis=0).mean() / NEIGHBOURS),
        "coverage": float(in_real.any(axis=1).mean()),
    }


def centred(*sets):
    """Return sets in double precision around their common centre, and how far distances round.

    Distances come from products of rows, which lose the more digits the larger the rows are.
    """
    centre = np.concatenate(sets).mean(axis=0, dtype=np.float64)
    moved = [rows - centre for rows in sets]
    return *moved, ROUNDING * max(np.linalg.norm(rows, axis=1).max() for rows in moved)


def _radius(rows):
    """Return the distance of each row to the last of its neighbours among the others."""
    distances, _ = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(rows).kneighbors()
    return distances[:, -1]


def copying(train, held_out, generated):
    """Tell whether generated spectra lie nearer to the training spectra than to unseen ones.

    Of a fresh spectrum of the same distribution as ``n`` training and ``m`` held-out spectra, the
    nearest of all is held out with a chance of ``m / (n + m)``, whatever the distribution; of a
    copy it never is. So a fresh set of another spread than the class is no copy, and half a set of
    copies does not hide behind the other half, which lies far from everything, as it does where
    distances to the training spectra are compared with those of unseen ones (Meehan et al. 2020).

    Parameters
    ----------
    train, held_out, generated : (n_rows, n_features) arrays of one class

    Returns
    -------
    float
        ``1 - h / 2``, with ``h`` how often the nearest is held out, over how often it would be of a
        fresh set; ties count as often as of a fresh set. About 0.5 for fresh spectra, 1 for copies,
        0.75 where every second spectrum is a copy. It falls below 0.5 by chance, the more so the
        fewer spectra are held out; it says nothing of privacy.
    """
    train, held_out, generated, rounding = centred(train, held_out, generated)
    to_train, to_held_out = (nearest(rows, generated) for rows in (train, held_out))
    fresh = len(held_out) / (len(train) + len(held_out))
    tied = np.abs(to_train - to_held_out) <= rounding
    nearer = np.where(tied, fresh, to_held_out < to_train)
    return float(1 - nearer.mean() / fresh / 2)


def authenticity(train, generated):
    """Return the share of generated spectra that are no training spectrum moved a little.

    Inauthentic is one that lies as near to its nearest training spectrum as that does to its own
    nearest among the others (Alaa et al. 2022).

    Parameters
    ----------
    train, generated : (n_rows, n_features) arrays of one class; at least two rows of ``train``

    Returns
    -------
    float
        0 for copies, whatever is repeated among the training spectra. What fresh spectra give
        depends on their dimension: an inauthentic one and its neighbour are each other's nearest,
        as two of three spectra and their nearest are on a line, half of them in many dimensions
        (Schilling 1986), and few where some lie near the middle of all, as noise has it. It rises
        with the spread of the generated spectra.
    """
    train, generated, rounding = centred(train, generated)
    search = NearestNeighbors(n_neighbors=1).fit(train)
    distance, neighbour = search.kneighbors(generated)
    own, place = np.unique(neighbour[:, 0], return_inverse=True)
    others = search.kneighbors(train[own], n_neighbors=2)[0][:, 1]
    return float(np.mean(distance[:, 0] > others[place] + rounding))


def nearest(rows, others):
    """Return the distance of each of some other rows to the nearest row."""
    return NearestNeighbors(n_neighbors=1).fit(rows).kneighbors(others)[0][:, 0]
