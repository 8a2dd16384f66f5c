"""The Fréchet distance between two sets of spectra, each taken as one Gaussian."""

import numpy as np

from imsforge.errors import DataError


def frechet_distance(real, generated):
    """Return the Fréchet distance between the Gaussians fitted to two sets of rows.

    ``sqrt(|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)))`` with the means ``m`` and the sample
    covariances ``S``: the Wasserstein-2 distance of the two Gaussians (Dowson and Landau 1982;
    thesis equation 4-9, row V6).

    Parameters
    ----------
    real, generated : array of shape (n_rows, n_features)
        At least two rows each; the numbers of rows may differ.

    Returns
    -------
    float
        Zero or more, in the units of the features.

    Raises
    ------
    DataError
        If a set has fewer than two rows or holds values that are not finite, or if the numbers
        of features differ.

    Notes
    -----
    No covariance is formed. With ``S = A A^T`` the trace of ``(S1 S2)^(1/2)`` is the sum of the
    singular values of ``A1^T A2``, a matrix no larger than rows or features, so that covariances
    without full rank need no special care and few rows cost little.
    """
    real, generated = _checked(real, "real"), _checked(generated, "generated")
    if real.shape[1] != generated.shape[1]:
        raise DataError(
            f"Fréchet distance: {real.shape[1]} features against {generated.shape[1]}; "
            "compare rows of the same features"
        )
    shift = real.mean(axis=0) - generated.mean(axis=0)
    A1, A2 = _covariance_factor(real), _covariance_factor(generated)
    common = np.linalg.norm(A1 @ A2.T, ord="nuc")
    squared = shift @ shift + np.sum(A1**2) + np.sum(A2**2) - 2 * common
    return float(np.sqrt(max(squared, 0.0)))


def _covariance_factor(rows):
    """Return a matrix of min(n_rows, n_features) rows whose Gram matrix is the covariance."""
    centred = (rows - rows.mean(axis=0)) / np.sqrt(len(rows) - 1)
    tall = centred.shape[0] > centred.shape[1]
    return np.linalg.qr(centred, mode="r") if tall else centred


def _checked(rows, name):
    rows = np.asarray(rows, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < 2:
        raise DataError(
            f"Fréchet distance: the {name} set has shape {rows.shape}; a covariance needs two "
            "rows or more"
        )
    if not np.isfinite(rows).all():
        raise DataError(f"Fréchet distance: the {name} set holds values that are not finite")
    return rows
