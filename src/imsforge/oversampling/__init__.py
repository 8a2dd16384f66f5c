"""None, noise, SMOTE, GANs and a VAE behind one interface: imbalanced-learn samplers that draw."""

from imsforge.oversampling.base import GenerativeSampler
from imsforge.oversampling.baselines import SMOTE, Duplicate, Gaussian, Noise, Oracle
from imsforge.oversampling.refinements import Calibrated, Filtered
from imsforge.oversampling.registry import SAMPLERS, fitted_sampler, sampler_class
from imsforge.oversampling.tasks import TASKS, oversample, replace, training_sets

__all__ = [
    "CGAN",
    "CWGAN",
    "CWGANGP",
    "SAMPLERS",
    "SMOTE",
    "TASKS",
    "VAE",
    "Calibrated",
    "Duplicate",
    "Filtered",
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
    """Import what needs torch, and torch with it, when it is first used."""
    if name in ("CGAN", "CWGAN", "CWGANGP", "fit_together"):
        from imsforge.oversampling import gan

        return getattr(gan, name)
    if name == "VAE":
        from imsforge.oversampling.vae import VAE

        return VAE
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
