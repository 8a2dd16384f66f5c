"""None, noise, SMOTE, GANs and a VAE behind one interface: imbalanced-learn samplers that draw."""

from importlib import import_module

#: Where each name comes from; imported when it is first used, since torch takes seconds.
_PLACES = {
    "ADASYN": "smote_variants",
    "Blind": "controls",
    "BorderlineSMOTE": "smote_variants",
    "CGAN": "gan",
    "CWGAN": "gan",
    "CWGANGP": "gan",
    "Calibrated": "refinements",
    "CensoredCopula": "copula",
    "Duplicate": "baselines",
    "Filtered": "refinements",
    "Flow": "flow",
    "Gaussian": "baselines",
    "GenerativeSampler": "base",
    "KMeansSMOTE": "smote_variants",
    "Noise": "baselines",
    "Oracle": "baselines",
    "SAMPLERS": "registry",
    "SMOTE": "baselines",
    "SVMSMOTE": "smote_variants",
    "TASKS": "tasks",
    "VAE": "vae",
    "fit_together": "gan",
    "fitted_sampler": "registry",
    "oversample": "tasks",
    "replace": "tasks",
    "sampler_class": "registry",
    "training_sets": "tasks",
}

__all__ = list(_PLACES)


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
