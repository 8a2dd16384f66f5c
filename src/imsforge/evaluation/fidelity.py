"""Do generated spectra look like real ones?"""

import numpy as np


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
