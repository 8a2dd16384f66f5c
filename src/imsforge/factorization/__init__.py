"""Matrix factorisations that describe many spectra by a few."""

from imsforge.factorization.nmf import NMFFeatures
from imsforge.factorization.semi_orthogonal import SemiOrthogonalNMF

__all__ = ["NMFFeatures", "SemiOrthogonalNMF"]
