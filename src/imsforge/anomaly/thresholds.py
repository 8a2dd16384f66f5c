"""How often healthy pixels reach a score, and the score that only so many reach."""

import numpy as np

from imsforge.errors import DataError


def false_alarm_rate(score, healthy):
    """Return the share of healthy pixels that reach each score, on the safe side.

    With as many exchangeable healthy scores, a healthy pixel's own rate is at most a with
    probability a at most (conformal p-value; Vovk et al. 2005).

    Parameters
    ----------
    score : (n,) array
    healthy : (n_healthy,) array, scores of healthy pixels that no detector learnt from

    Returns
    -------
    (n,) float64 array, 1 / (n_healthy + 1) to 1
    """
    reached = len(healthy) - np.searchsorted(np.sort(healthy), score, side="left")
    return (1 + reached) / (len(healthy) + 1)


def threshold(healthy, rate):
    """Return the score above which at most a stated share of healthy pixels lie.

    Parameters
    ----------
    healthy : (n_healthy,) array, as of `false_alarm_rate`
    rate : float, between 0 and 1

    Returns
    -------
    float, one of the scores; infinity where there are too few for the rate
    """
    n = len(healthy)
    n_above = _false_alarms(n, rate)
    return float(np.sort(healthy)[n - n_above]) if n_above else float("inf")


def check_rate(n_healthy, rate):
    """Refuse a false-alarm rate that so few healthy pixels cannot tell.

    Raises
    ------
    DataError
    """
    if not _false_alarms(n_healthy, rate):
        needed = int(np.ceil(round(1 / rate, 9))) - 1
        raise DataError(
            f"false_alarm_rate: {rate:g} can be told from {needed} healthy pixels on, but only "
            f"{n_healthy} lie on the tissue; state a larger one, or mark more healthy pixels"
        )


def _false_alarms(n_healthy, rate):
    """Return how many of one pixel more the rate allows above the threshold."""
    # A product that is whole but for its last digit is whole: 59, not 58, for 0.059 of 1000.
    return int(np.floor(round((n_healthy + 1) * rate, 9)))
