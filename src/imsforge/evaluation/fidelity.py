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
    _, train_y = features.training_set
    test_X, test_y = features.test_set
    labels, sizes = np.unique(train_y[np.isin(train_y, test_y)], return_counts=True)
    rarest = labels[sizes.argmin()]
    generated = {}
    for method, made in resampled.items():
        replaced = made.tasks["replace"]
        generated[method] = features.to_spectra(replaced["values"][replaced["label"] == rarest])
    real = features.to_spectra(test_X[test_y == rarest])
    return str(features.names[rarest - 1]), real, generated
