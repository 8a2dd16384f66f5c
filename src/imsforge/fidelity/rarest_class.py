"""Do generated spectra look like real ones?"""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA


def spectra_of_rarest_class(features, resampled):
    """Pick the tested class with the fewest training spectra: real test spectra, generated ones.

    Parameters
    ----------
    features : Features, scaled
    resampled : dict of method to Resampled, with the task "replace"

    Returns
    -------
    name : str
    real : (n, n_peaks) array
    generated : dict of method to (n, n_peaks) array
    """
    rarest = rarest_class(features)
    test_X, test_y = features.test_set
    generated = {}
    for method, made in resampled.items():
        replaced = made.tasks["replace"]
        generated[method] = features.to_spectra(replaced["values"][replaced["label"] == rarest])
    real = features.to_spectra(test_X[test_y == rarest])
    return str(features.names[rarest - 1]), real, generated


def rarest_class(features):
    """Return the label of the tested class with the fewest training spectra."""
    _, train_y = features.training_set
    _, test_y = features.test_set
    labels, sizes = np.unique(train_y[np.isin(train_y, test_y)], return_counts=True)
    return labels[sizes.argmin()]


#: Classes nearest to the shown one that are shown around it, and most spectra of each.
NEIGHBOUR_CLASSES, NEIGHBOUR_SPECTRA = 3, 300


@dataclass(frozen=True)
class ClassView:
    """One class: its spectra, and where they lie on the first two principal components.

    Attributes
    ----------
    name : str
    real : (n_test, n_peaks) array, real test spectra
    generated : dict of method to (n, n_peaks) array
    real_points : (n_test, 2) array, scores of the real test spectra
    generated_points : dict of method to (n, 2) array
    neighbour_points : (n, 2) array, real training spectra of the nearest other classes
    extent : (2, 2) array, the lowest and the highest scores of the class's real spectra, training
        and test
    explained : (2,) array, shares of the class's variance
    """

    name: str
    real: np.ndarray
    generated: dict
    real_points: np.ndarray
    generated_points: dict
    neighbour_points: np.ndarray
    extent: np.ndarray
    explained: np.ndarray


def view_rarest_class(features, resampled):
    """Look at the tested class with the fewest training spectra.

    Principal components are those of all real spectra of the class, training and test, of the
    square roots of the intensities, so that the largest peaks do not speak alone.

    Parameters
    ----------
    features : Features, scaled
    resampled : dict of method to Resampled, with the task "replace"

    Returns
    -------
    ClassView
    """
    label = rarest_class(features)
    own = features.label == label
    spectra = features.to_spectra(features.values[own])
    tested = ~features.train[own]
    model = PCA(2, svd_solver="full").fit(_roots(spectra))
    points = model.transform(_roots(spectra))
    generated = {
        method: features.to_spectra(_rows_of(made.tasks["replace"], label))
        for method, made in resampled.items()
    }
    return ClassView(
        name=str(features.names[label - 1]),
        real=spectra[tested],
        generated=generated,
        real_points=points[tested],
        generated_points={m: model.transform(_roots(made)) for m, made in generated.items()},
        neighbour_points=model.transform(_roots(_neighbours(features, label))),
        extent=np.array([points.min(axis=0), points.max(axis=0)]),
        explained=model.explained_variance_ratio_,
    )


def _rows_of(training, label):
    return training["values"][training["label"] == label]


def _neighbours(features, label):
    """Return some training spectra of each of the classes whose mean spectra are nearest."""
    X, y = features.training_set
    means = {k: features.to_spectra(X[y == k]).mean(axis=0) for k in np.unique(y)}
    own = _roots(means.pop(label))
    nearest = sorted(means, key=lambda k: np.linalg.norm(_roots(means[k]) - own))
    rows = [_thinned(np.flatnonzero(y == k)) for k in nearest[:NEIGHBOUR_CLASSES]]
    return features.to_spectra(X[np.concatenate(rows)])


def _thinned(rows):
    """Choose rows at even steps."""
    return rows[np.linspace(0, len(rows) - 1, min(NEIGHBOUR_SPECTRA, len(rows))).astype(int)]


def _roots(spectra):
    """Square roots of intensities; a negative one, which only a generator makes, counts as none."""
    return np.sqrt(np.maximum(spectra, 0))
