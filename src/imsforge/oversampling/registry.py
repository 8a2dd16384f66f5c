"""The samplers by the names that configurations use."""

from importlib import import_module

from imsforge.methods import parse_method
from imsforge.seeding import derive_seed

#: Name -> module and class. Imported when asked for: torch takes seconds, and few need it; and
#: what is drawn by one method does not depend on the code of another.
SAMPLERS = {
    "duplicate": ("imsforge.oversampling.baselines", "Duplicate"),
    "noise": ("imsforge.oversampling.baselines", "Noise"),
    "gaussian": ("imsforge.oversampling.baselines", "Gaussian"),
    "copula": ("imsforge.oversampling.copula", "CensoredCopula"),
    "smote": ("imsforge.oversampling.baselines", "SMOTE"),
    "blind": ("imsforge.oversampling.controls", "Blind"),
    "oracle": ("imsforge.oversampling.baselines", "Oracle"),
    "cgan": ("imsforge.oversampling.gan", "CGAN"),
    "cwgan": ("imsforge.oversampling.gan", "CWGAN"),
    "cwgan-gp": ("imsforge.oversampling.gan", "CWGANGP"),
    "vae": ("imsforge.oversampling.vae", "VAE"),
    "flow": ("imsforge.oversampling.flow", "Flow"),
    "borderline-smote": ("imsforge.oversampling.smote_variants", "BorderlineSMOTE"),
    "svm-smote": ("imsforge.oversampling.smote_variants", "SVMSMOTE"),
    "adasyn": ("imsforge.oversampling.smote_variants", "ADASYN"),
    "kmeans-smote": ("imsforge.oversampling.smote_variants", "KMeansSMOTE"),
    "ctgan": ("imsforge.oversampling.peers", "CTGAN"),
    "tvae": ("imsforge.oversampling.peers", "TVAE"),
    "sdv-copula": ("imsforge.oversampling.peers", "SDVCopula"),
    "polynom-fit-smote": ("imsforge.oversampling.peers", "PolynomFitSMOTE"),
    "prowsyn": ("imsforge.oversampling.peers", "ProWSyn"),
    "gaussian-smote": ("imsforge.oversampling.peers", "GaussianSMOTE"),
    "forest-flow": ("imsforge.oversampling.peers", "ForestFlow"),
}

#: Samplers by packages of others: name -> the package to import.
PEERS = {
    "ctgan": "ctgan",
    "tvae": "ctgan",
    "sdv-copula": "copulas",
    "polynom-fit-smote": "smote_variants",
    "prowsyn": "smote_variants",
    "gaussian-smote": "smote_variants",
    "forest-flow": "ForestDiffusion",
}

#: What may follow a name, in this order: ``vae+calibrate+filter``.
REFINEMENTS = {
    "calibrate": ("imsforge.oversampling.refinements", "Calibrated"),
    "filter": ("imsforge.oversampling.refinements", "Filtered"),
}


def sampler_class(method):
    """Return the `GenerativeSampler` of a name, a key of `SAMPLERS`."""
    return _imported(SAMPLERS[method])


def modules_behind(method):
    """Return the names of the modules that a method's spectra come from; none for "none"."""
    parsed = parse_method(method)
    places = [SAMPLERS[parsed.sampler]] if parsed.sampler != "none" else []
    places += [REFINEMENTS[refinement] for refinement in parsed.refinements]
    return sorted({module for module, _ in places})


def _imported(place):
    module, name = place
    return getattr(import_module(module), name)


def fitted_sampler(method, X, y, *, model=None, seed=0, reserve=None):
    """Return the sampler of a method, ready to draw.

    Parameters
    ----------
    method : str
        "none", or a key of `SAMPLERS` with any of `REFINEMENTS` behind it, joined by ``+``; a
        remedy at the end changes nothing.
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
    parsed = parse_method(method)
    name, refinements = parsed.sampler, parsed.refinements
    if name == "none":
        return None
    if model:
        # Drawing takes a moment anywhere; GPUs are for the stage that asked for one.
        sampler = sampler_class(name).load(model, random_state=seed, device="cpu")
    else:
        own = {"reserve": reserve} if name == "oracle" else {}
        sampler = sampler_class(name)(random_state=seed, **own).fit(X, y)
    if refinements:
        from sklearn.frozen import FrozenEstimator
    for refinement in refinements:
        kind = _imported(REFINEMENTS[refinement])
        own_seed = derive_seed(seed, refinement)
        sampler = kind(FrozenEstimator(sampler), random_state=own_seed).fit(X, y)
    return sampler
