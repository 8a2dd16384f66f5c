"""None, noise, SMOTE and GANs behind one interface: imbalanced-learn samplers that also draw."""

from imsforge.oversampling.base import GenerativeSampler
from imsforge.oversampling.baselines import SMOTE, Duplicate, Gaussian, Noise
from imsforge.oversampling.gan import CGAN, CWGANGP
from imsforge.oversampling.tasks import TASKS, oversample, replace

#: The samplers by the names that configurations use; ``none`` leaves the training set as it is.
SAMPLERS = {
    "duplicate": Duplicate,
    "noise": Noise,
    "gaussian": Gaussian,
    "smote": SMOTE,
    "cgan": CGAN,
    "cwgan-gp": CWGANGP,
}

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
    "oversample",
    "replace",
]
