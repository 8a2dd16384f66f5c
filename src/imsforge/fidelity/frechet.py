"""The Fréchet distance between two sets of spectra, each taken as one Gaussian."""

from dataclasses import dataclass

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
    return gaussian_of(real, "real").distance(gaussian_of(generated, "generated"))


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian, as `gaussian_of` fits it; worth keeping where one set meets many.

    Attributes
    ----------
    mean : (n_features,) array
    factor : (rank, n_features) array, whose Gram matrix is the covariance
    """

    mean: np.ndarray
    factor: np.ndarray

    def distance(self, other):
        """Return the Fréchet distance to another Gaussian of the same features."""
        if len(self.mean) != len(other.mean):
            raise DataError(
                f"Fréchet distance: {len(self.mean)} features against {len(other.mean)}; "
                "compare rows of the same features"
            )
        shift = self.mean - other.mean
        common = np.linalg.norm(self.factor @ other.factor.T, ord="nuc")
        spread = np.sum(self.factor**2) + np.sum(other.factor**2) - 2 * common
        return float(np.sqrt(max(shift @ shift + spread, 0.0)))


def gaussian_of(rows, name="given"):
    """Fit a Gaussian to rows, (n_rows, n_features), at least two; ``name`` is for messages."""
    rows = _checked(rows, name)
    mean = rows.mean(axis=0)
    centred = (rows - mean) / np.sqrt(len(rows) - 1)
    tall = centred.shape[0] > centred.shape[1]
    return Gaussian(mean, np.linalg.qr(centred, mode="r") if tall else centred)


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
