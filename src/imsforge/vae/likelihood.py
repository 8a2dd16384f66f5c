"""How likely a censored spectrum is: limits of detection, and a Tobit likelihood."""

import math

import numpy as np
import torch
from torch.autograd.function import once_differentiable

_LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)
#: Below it the normal distribution function leaves what float32 can hold, and its asymptotic
#: series, cut after the fourth term, is exact to 2e-8.
_FAR = -12.0


def limits_of_detection(X):
    """Find the value that stands for "not detected" in each feature, and the smallest one above.

    Parameters
    ----------
    X : (n_rows, n_features) array

    Returns
    -------
    floor : (n_features,) array
        The smallest value, where several rows have it; -inf elsewhere.
    limit : (n_features,) array
        The smallest value above it; where all rows are equal, that value.
    """
    smallest = X.min(axis=0)
    above = np.where(smallest < X, X, np.inf).min(axis=0)
    censored = np.sum(smallest == X, axis=0) > 1
    return np.where(censored, smallest, -np.inf), np.where(np.isfinite(above), above, smallest)


def log_likelihood(seen, censored, mean, scale):
    """Return a log density where a feature was detected, else a log probability (Tobin 1958).

    Parameters
    ----------
    seen : (n, n_features) tensor
        The value of a feature; the limit of detection where it was not detected.
    censored : (n, n_features) bool tensor, where it was not
    mean, scale : (n, n_features) tensors, of the normal distribution before it is censored

    Returns
    -------
    (n, n_features) tensor
    """
    distance = (seen - mean) / scale
    density = -0.5 * distance.square() - scale.log() - _LOG_SQRT_2PI
    return torch.where(censored, log_ndtr(distance), density)


class _LogNdtr(torch.autograd.Function):
    """As `torch.special.log_ndtr`, vectorised on a processor, with a gradient in closed form.

    From ``erfc`` where that can be held, else, which is rare, from the asymptotic series
    (Abramowitz & Stegun 1964, 26.2.12).
    """

    @staticmethod
    def forward(context, x):
        result = torch.erfc(x * -math.sqrt(0.5)).mul_(0.5).log_()
        far = x < _FAR
        if far.any():
            tail = x[far]
            result[far] = torch.log(_series(tail) / -tail) - 0.5 * tail.square() - _LOG_SQRT_2PI
        context.save_for_backward(x, result)
        return result

    @staticmethod
    @once_differentiable
    def backward(context, gradient):
        x, result = context.saved_tensors
        slope = x.square().mul_(-0.5).sub_(result).sub_(_LOG_SQRT_2PI).exp_()
        far = x < _FAR
        if far.any():
            slope[far] = -x[far] / _series(x[far])
        return slope.mul_(gradient)


log_ndtr = _LogNdtr.apply


def _series(x):
    v = x.square().reciprocal()
    return 1 - v * (1 - v * (3 - v * (15 - v * 105)))
