"""The maximum mean discrepancy between two sets of spectra."""

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances


def squared_mmd(real, generated):
    """Estimate the squared maximum mean discrepancy with a Gaussian kernel, without bias.

    ``mean k(x, x') + mean k(y, y') - 2 mean k(x, y)`` over pairs of different rows (Gretton et al.
    2012, equation 3): 0 on average where both sets come of one distribution, so that it may fall
    below. The kernel's standard deviation is the median distance between real spectra: the same for
    all methods, so that a set cannot make it wide by lying far away.

    Parameters
    ----------
    real, generated : (n_rows, n_features) arrays, at least two rows each; the numbers may differ

    Returns
    -------
    float
        -1 to 2; NaN where most pairs of real spectra are the same.
    """
    centre = real.mean(axis=0, dtype=np.float64)
    real, generated = real - centre, generated - centre
    within = euclidean_distances(real, squared=True)
    width = np.median(np.sqrt(within[np.triu_indices(len(real), 1)])) ** 2
    if not width > 0:
        return np.nan
    between = euclidean_distances(real, generated, squared=True)
    among_generated = euclidean_distances(generated, squared=True)
    return float(
        _mean_of_different(np.exp(within / (-2 * width)))
        + _mean_of_different(np.exp(among_generated / (-2 * width)))
        - 2 * np.exp(between / (-2 * width)).mean()
    )


def _mean_of_different(kernel):
    """Return the mean of a kernel matrix off its diagonal."""
    n = len(kernel)
    return (kernel.sum() - np.trace(kernel)) / (n * (n - 1))
