"""Magnitudes: whatever the unit of intensities, their squares must stay within float32."""

import numpy as np

# Largest values between these are left as they are; the squares of others are too near the ends of
# float32, which reaches from about 2**-126 to 2**128.
_LEAST, _MOST = 2.0**-10, 2.0**40


def moderate_exponent(largest):
    """Return an even e, so that values up to ``largest``, divided by 2**e, have moderate squares.

    Dividing by a power of two rounds nothing, so that results, multiplied back, are the same to the
    last bit. Even, so that the exponent can be shared between two factors.

    Parameters
    ----------
    largest : float, at least 0

    Returns
    -------
    int, 0 for values that are moderate already, or all zero
    """
    if largest == 0 or _LEAST <= largest < _MOST:
        return 0
    return int(np.frexp(largest)[1]) // 2 * 2


def moderated(X):
    """Return X, an array of values of at least 0, divided by 2**e, and e; X itself where e is 0."""
    exponent = moderate_exponent(X.max(initial=0))
    return (np.ldexp(X, -exponent) if exponent else X), exponent
