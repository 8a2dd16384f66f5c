"""Matrix factorisations that describe many spectra by a few."""

from imsforge.factorization.semi_orthogonal import SemiOrthogonalNMF

__all__ = ["NMFFeatures", "SemiOrthogonalNMF"]


def __getattr__(name):
    """Import `NMFFeatures`, and torch with it, when it is first used."""
    if name == "NMFFeatures":
        from imsforge.factorization import nmf

        return nmf.NMFFeatures
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
