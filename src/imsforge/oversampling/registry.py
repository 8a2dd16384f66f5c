"""The samplers by the names that configurations use."""

from imsforge.oversampling.baselines import SMOTE, Duplicate, Gaussian, Noise
from imsforge.oversampling.gan import CGAN, CWGANGP

SAMPLERS = {
    "duplicate": Duplicate,
    "noise": Noise,
    "gaussian": Gaussian,
    "smote": SMOTE,
    "cgan": CGAN,
    "cwgan-gp": CWGANGP,
}


def fitted_sampler(method, X, y, *, model=None, seed=0):
    """Return the sampler of a method, ready to draw.

    Parameters
    ----------
    method : str, "none" or a key of `SAMPLERS`
    X : (n_rows, n_features) array
    y : (n_rows,) array
    model : path or None
        The trained network of a GAN, which is not trained again.
    seed : int

    Returns
    -------
    GenerativeSampler, or None for the method "none"
    """
    if method == "none":
        return None
    if model:
        return SAMPLERS[method].load(model, random_state=seed)
    return SAMPLERS[method](random_state=seed).fit(X, y)
