"""The samplers by the names that configurations use."""

from importlib import import_module

#: Name -> module and class. Imported when asked for: torch takes seconds, and only GANs need it.
SAMPLERS = {
    "duplicate": ("baselines", "Duplicate"),
    "noise": ("baselines", "Noise"),
    "gaussian": ("baselines", "Gaussian"),
    "smote": ("baselines", "SMOTE"),
    "oracle": ("oracle", "Oracle"),
    "cgan": ("gan", "CGAN"),
    "cwgan": ("gan", "CWGAN"),
    "cwgan-gp": ("gan", "CWGANGP"),
}


def sampler_class(method):
    """Return the `GenerativeSampler` of a name, a key of `SAMPLERS`."""
    module, name = SAMPLERS[method]
    return getattr(import_module(f"imsforge.oversampling.{module}"), name)


def fitted_sampler(method, X, y, *, model=None, seed=0, reserve=None):
    """Return the sampler of a method, ready to draw.

    Parameters
    ----------
    method : str, "none" or a key of `SAMPLERS`
    X : (n_rows, n_features) array
    y : (n_rows,) array
    model : path or None
        The trained network of a GAN, which is not trained again.
    seed : int
    reserve : (X, y) or None
        Rows held back, for the method "oracle" alone.

    Returns
    -------
    GenerativeSampler, or None for the method "none"
    """
    if method == "none":
        return None
    if model:
        # Drawing takes a moment anywhere; GPUs are for the stage that asked for one.
        return sampler_class(method).load(model, random_state=seed, device="cpu")
    own = {"reserve": reserve} if method == "oracle" else {}
    return sampler_class(method)(random_state=seed, **own).fit(X, y)
