"""None, noise, SMOTE and GANs behind one interface: imbalanced-learn samplers that also draw."""

from imsforge.oversampling.base import GenerativeSampler
from imsforge.oversampling.baselines import SMOTE, Duplicate, Gaussian, Noise
from imsforge.oversampling.gan import CGAN, CWGANGP
from imsforge.oversampling.registry import SAMPLERS, fitted_sampler
from imsforge.oversampling.tasks import TASKS, oversample, replace

__all__ = [
    "CGAN",
    "CWGANGP",
    "SAMPLERS",
    "SMOTE",
    "TASKS",
    "Duplicate",
    "Gaussian",
    "GenerativeSampler",
    "Noise",
    "fitted_sampler",
    "oversample",
    "replace",
]
