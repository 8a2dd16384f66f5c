"""How generated spectra differ from real ones, ion by ion."""

import numpy as np
from scipy.stats import wasserstein_distance

#: Intensities up to this share of the largest count as zero: scaling in single precision and back
#: leaves about a tenth of it where there was nothing.
ZERO_SHARE = 1e-6

#: Sums that spread by less than this share of the largest are the same: the spectra were normalised
#: to it, and single precision and the way through features leave about a tenth of this.
SAME_SUM = 1e-5


def correlation_error(real, generated):
    """Compare how ions rise and fall together.

    Parameters
    ----------
    real, generated : (n_rows, n_peaks) arrays, at least two rows each; the numbers may differ

    Returns
    -------
    float
        Root mean square difference of the correlation coefficients, over all pairs of two ions;
        0 to 2. An ion that is constant in a set correlates with none there.

    Notes
    -----
    With standardised rows ``Z`` the correlations are ``Z^T Z``. Where ions outnumber rows they are
    not formed: ``|A^T A - B^T B|^2 = |A A^T|^2 - 2 |A B^T|^2 + |B B^T|^2``, rows by rows.
    """
    ours, theirs = _standardised(real), _standardised(generated)
    if ours.shape[1] <= max(len(ours), len(theirs)):
        total = np.sum((ours.T @ ours - theirs.T @ theirs) ** 2)
    else:
        total = _squared(ours, ours) - 2 * _squared(ours, theirs) + _squared(theirs, theirs)
    # An ion that is constant in one set alone differs by 1 on the diagonal, which is no pair.
    varies = [np.any(Z, axis=0) for Z in (ours, theirs)]
    n_peaks = ours.shape[1]
    total -= np.sum(varies[0] != varies[1])
    return float(np.sqrt(max(total, 0.0) / max(1, n_peaks * (n_peaks - 1))))


def _standardised(spectra):
    """Scale each ion to mean 0 and norm 1 over the rows; a constant ion to 0."""
    centred = spectra - spectra.mean(axis=0, dtype=np.float64)
    norm = np.linalg.norm(centred, axis=0)
    # Rounding leaves a constant ion with a little spread, of single precision at worst.
    floor = np.finfo(np.float32).eps * np.sqrt(len(spectra)) * np.abs(spectra).max(axis=0)
    return np.divide(centred, norm, out=np.zeros_like(centred), where=norm > floor)


def _squared(A, B):
    return np.sum((A @ B.T) ** 2)


def total_ion_current_distance(real, generated):
    """Compare the distributions of the total ion current.

    Parameters
    ----------
    real, generated : (n_rows, n_peaks) arrays

    Returns
    -------
    float
        Wasserstein-1 distance between the sums of the spectra, over the standard deviation of the
        real ones; NaN where these differ by rounding at most, as after normalisation to their sum.
    """
    ours, theirs = (spectra.sum(axis=1, dtype=np.float64) for spectra in (real, generated))
    spread = ours.std()
    if spread <= SAME_SUM * np.abs(ours).max():
        return np.nan
    return float(wasserstein_distance(ours, theirs) / spread)


def zero_share_error(real, generated):
    """Compare how often an ion is missing: measured spectra are full of exact zeros.

    Parameters
    ----------
    real, generated : (n_rows, n_peaks) arrays

    Returns
    -------
    float
        Mean over ions of the absolute difference between the shares of spectra that lack it; 0 to
        1. Negative intensities, which no instrument gives, are no zeros.
    """
    tolerance = ZERO_SHARE * np.abs(real).max()
    ours, theirs = (np.mean(np.abs(X) <= tolerance, axis=0) for X in (real, generated))
    return float(np.mean(np.abs(ours - theirs)))
