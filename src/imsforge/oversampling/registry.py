"""The samplers by the names that configurations use."""

from importlib import import_module

from sklearn.frozen import FrozenEstimator

from imsforge.oversampling.refinements import Calibrated, Filtered
from imsforge.seeding import derive_seed

#: Name -> module and class. Imported when asked for: torch takes seconds, and few need it.
SAMPLERS = {
    "duplicate": ("baselines", "Duplicate"),
    "noise": ("baselines", "Noise"),
    "gaussian": ("baselines", "Gaussian"),
    "smote": ("baselines", "SMOTE"),
    "oracle": ("oracle", "Oracle"),
    "cgan": ("gan", "CGAN"),
    "cwgan": ("gan", "CWGAN"),
    "cwgan-gp": ("gan", "CWGANGP"),
    "vae": ("vae", "VAE"),
}

#: What may follow a name, in this order: ``vae+calibrate+filter``.
REFINEMENTS = {"calibrate": Calibrated, "filter": Filtered}


def sampler_class(method):
    """Return the `GenerativeSampler` of a name, a key of `SAMPLERS`."""
    module, name = SAMPLERS[method]
    return getattr(import_module(f"imsforge.oversampling.{module}"), name)


def fitted_sampler(method, X, y, *, model=None, seed=0, reserve=None):
    """Return the sampler of a method, ready to draw.

    Parameters
    ----------
    method : str
        "none", or a key of `SAMPLERS` with any of `REFINEMENTS` behind it, joined by ``+``.
    X : (n_rows, n_features) array
    y : (n_rows,) array
    model : path or None
        The trained networks of a GAN or VAE, which are not trained again.
    seed : int
    reserve : (X, y) or None
        Rows held back, for the method "oracle" alone.

    Returns
    -------
    GenerativeSampler, or None for the method "none"
    """
    if method == "none":
        return None
    name, *refinements = method.split("+")
    if model:
        # Drawing takes a moment anywhere; GPUs are for the stage that asked for one.
        sampler = sampler_class(name).load(model, random_state=seed, device="cpu")
    else:
        own = {"reserve": reserve} if name == "oracle" else {}
        sampler = sampler_class(name)(random_state=seed, **own).fit(X, y)
    for refinement in refinements:
        kind = REFINEMENTS[refinement]
        own_seed = derive_seed(seed, refinement)
        sampler = kind(FrozenEstimator(sampler), random_state=own_seed).fit(X, y)
    return sampler
