"""What of a pixel detectors look at: its features, with or without its brightness."""

import numpy as np

#: Name -> what a map of this view takes for granted, in words for reports.
VIEWS = {
    "count": "brightness counts: a pixel that is brighter or darker than healthy ones is abnormal, "
    "whatever it is made of; counting noise is taken to be alike in bright and dim pixels",
    "composition": "brightness does not count: only which ions there are, relative to each other",
    "weights": "features as they are: brightness counts, and so does the larger noise of bright "
    "pixels",
    "both": "abnormal in brightness or in composition, whichever is the rarer among healthy pixels",
}


def count_view(weights, spectrum_sum, total_ion_current):
    """Return features whose counting noise has one size, and the brightness beside them.

    A count of mean N has a standard deviation of sqrt(N): relative to the spectrum's sum, noise falls
    with the root of the total ion current, by which it is multiplied here.

    Parameters
    ----------
    weights : (n_pixels, n_features) array, non-negative
        NMF weights or spectra, normalised in whatever way.
    spectrum_sum : (n_pixels,) array, positive, the sums of the spectra that the weights make up
    total_ion_current : (n_pixels,) array, positive, before any normalisation

    Returns
    -------
    (n_pixels, n_features + 1) float64 array; the last column is the logarithm of the total ion
    current
    """
    scale = np.sqrt(total_ion_current) / spectrum_sum
    return np.column_stack([weights * scale[:, None], np.log(total_ion_current)])


def composition_view(weights, spectrum_sum, total_ion_current=None):
    """Return square roots of features relative to the spectrum's sum, which no gain changes.

    Parameters
    ----------
    weights, spectrum_sum
        As of `count_view`.
    total_ion_current : ignored

    Returns
    -------
    (n_pixels, n_features) float64 array
    """
    return np.sqrt(np.maximum(weights, 0) / spectrum_sum[:, None])


def weights_view(weights, spectrum_sum=None, total_ion_current=None):
    """Return features as they are."""
    return np.asarray(weights, dtype=np.float64)


#: Name -> function of weights, spectrum sums and total ion currents.
SINGLE_VIEWS = {"count": count_view, "composition": composition_view, "weights": weights_view}
