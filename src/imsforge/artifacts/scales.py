"""How features are scaled, as formulas: a power of each value, then an offset and a scale."""

import numpy as np

#: Below this share of the offset, what is left of a scaled value is rounding of float32.
_ROUNDING = 1e-6


def scaled(values, offset, scale, power=1.0):
    """Return ``(values ** power - offset) / scale``, in the precision of ``values``.

    Parameters
    ----------
    values : (n, n_features) array, non-negative unless the power is 1
    offset, scale : (n_features,) float64 arrays
    power : float
    """
    raised = values if power == 1 else np.power(values, power)
    return ((raised - offset) / scale).astype(values.dtype, copy=False)


def unscaled(values, offset, scale, power=1.0):
    """Undo `scaled`; a value that was exactly zero is so again.

    With a power nothing becomes negative: what lies below zero, which no intensity could have
    become, is zero.

    Parameters
    ----------
    values : (n, n_features) array
    offset, scale : (n_features,) float64 arrays
    power : float

    Returns
    -------
    (n, n_features) array in the precision of ``values``
    """
    raised = np.asarray(values, dtype=np.float64) * scale + offset
    raised[np.abs(raised) <= _ROUNDING * np.abs(offset)] = 0.0
    restored = raised if power == 1 else np.maximum(raised, 0) ** (1 / power)
    return restored.astype(np.asarray(values).dtype, copy=False)
