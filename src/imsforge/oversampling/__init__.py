"""Baselines, held-back spectra and GANs behind one interface: samplers that draw spectra."""

from imsforge.oversampling.base import GenerativeSampler
from imsforge.oversampling.baselines import SMOTE, Duplicate, Gaussian, Noise
from imsforge.oversampling.oracle import Oracle
from imsforge.oversampling.registry import SAMPLERS, fitted_sampler, sampler_class
from imsforge.oversampling.tasks import TASKS, oversample, replace, training_sets

__all__ = [
    "CGAN",
    "CWGAN",
    "CWGANGP",
    "SAMPLERS",
    "SMOTE",
    "TASKS",
    "Duplicate",
    "Gaussian",
    "GenerativeSampler",
    "Noise",
    "Oracle",
    "fit_together",
    "fitted_sampler",
    "oversample",
    "replace",
    "sampler_class",
    "training_sets",
]


def __getattr__(name):
    """Import the GANs, and torch with them, when they are first used."""
    if name in ("CGAN", "CWGAN", "CWGANGP", "fit_together"):
        from imsforge.oversampling import gan

        return getattr(gan, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
