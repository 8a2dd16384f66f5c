"""Matrix factorisations that describe many spectra by a few."""

from imsforge.factorization.semi_orthogonal import SemiOrthogonalNMF

__all__ = ["SemiOrthogonalNMF"]
