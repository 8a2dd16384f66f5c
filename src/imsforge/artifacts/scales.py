"""How features are scaled, as formulas: a power of each value, then an offset and a scale."""

import numpy as np

#: Below this share of the offset, what is left of a scaled value is rounding of float32.
_ROUNDING = 1e-6

# Values that are computed with at a time: a few MiB in float64.
_BLOCK_VALUES = 2**20


def row_blocks(n_rows, n_columns):
    """Return slices of consecutive rows that hold some million values each."""
    size = max(1, _BLOCK_VALUES // max(1, n_columns))
    return [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]


def scaled(values, offset, scale, power=1.0, out=None):
    """Return ``(values ** power - offset) / scale``, in the precision of ``values``.

    Parameters
    ----------
    values : (n, n_features) array, non-negative unless the power is 1
    offset, scale : (n_features,) float64 arrays
    power : float
    out : array like ``values``, or None for a new one
        Where the result goes; may be ``values`` itself.
    """
    out = np.empty_like(values) if out is None else out
    for rows in row_blocks(*values.shape):
        raised = values[rows] if power == 1 else np.power(values[rows], power)
        out[rows] = (raised - offset) / scale
    return out


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
    values = np.asarray(values)
    restored = np.empty_like(values)
    for rows in row_blocks(*values.shape):
        raised = values[rows].astype(np.float64) * scale + offset
        raised[np.abs(raised) <= _ROUNDING * np.abs(offset)] = 0.0
        restored[rows] = raised if power == 1 else np.maximum(raised, 0) ** (1 / power)
    return restored
