"""Made-up rows that stand for whatever is not healthy: what a discriminator learns against.

Rows have been centred and scaled on the healthy ones, so that one is a standard deviation. Nothing
is known of what is abnormal; the kinds differ in which structure of healthy rows they break.
"""

import math

import numpy as np
import torch

#: Values that are made at a time: few enough to stay in a processor's cache.
_CHUNK_VALUES = 2**18


class Healthy:
    """Rows that negatives are made from.

    Parameters
    ----------
    rows : float32 tensor of shape (n_rows, n_features), centred and scaled

    Attributes
    ----------
    radius : tensor of shape ()
        Distance from the centre that a hundredth of the rows exceeds; at least one.
    """

    def __init__(self, rows):
        self.rows = rows
        lengths = torch.linalg.vector_norm(rows, dim=1).sort().values
        self.radius = lengths[math.ceil(0.99 * len(rows)) - 1].clamp(min=1)

    @classmethod
    def of(cls, X):
        """Return rows of a float64 array."""
        return cls(torch.from_numpy(X.astype(np.float32)))

    def draw(self, shape, source):
        """Draw rows with replacement, (*shape, n_features)."""
        chosen = torch.randint(len(self.rows), (math.prod(shape),), generator=source)
        return self.rows.index_select(0, chosen).view(*shape, -1)


def permuted(healthy, shape, source):
    """Take every feature from a row of its own: right alone, wrong together."""
    n_rows, n_features = healthy.rows.shape
    chosen = torch.randint(n_rows, (math.prod(shape), n_features), generator=source)
    return healthy.rows.gather(0, chosen).view(*shape, -1)


def partly_permuted(healthy, shape, source):
    """Take a random share of the features from other rows."""
    rows = healthy.draw(shape, source)
    share = torch.rand((*shape, 1), generator=source)
    exchanged = torch.rand(rows.shape, generator=source) < share
    return torch.where(exchanged, permuted(healthy, shape, source), rows)


def wide(healthy, shape, source):
    """Add noise of 0.3 to 3 standard deviations to every feature, of one size a row."""
    size = _uniform(shape, math.log(0.3), math.log(3), source).exp_()
    return healthy.draw(shape, source).addcmul_(size, _normal(healthy, shape, source))


def single(healthy, shape, source):
    """Move few features, from one to a fifth of them, by normal numbers times 1 to 6."""
    n_features = healthy.rows.shape[1]
    least = 1 / n_features
    share = _uniform(shape, least, max(least, 0.2), source)
    moved = torch.rand((*shape, n_features), generator=source) < share
    size = _uniform(shape, 1, 6, source)
    return healthy.draw(shape, source).addcmul_(size, _normal(healthy, shape, source).mul_(moved))


def stretched(healthy, shape, source):
    """Add 0.5 to 3 times the difference of two others: far, in directions of healthy rows."""
    difference = healthy.draw(shape, source).sub_(healthy.draw(shape, source))
    factor = _uniform(shape, 0.5, 3, source)
    return healthy.draw(shape, source).addcmul_(factor, difference)


def ball(healthy, shape, source):
    """Go 0.3 to 3 times the radius from the centre, in a random direction."""
    direction = _normal(healthy, shape, source)
    length = torch.linalg.vector_norm(direction, dim=-1, keepdim=True)
    return direction.mul_(healthy.radius * _uniform(shape, 0.3, 3, source) / length)


def make_negatives(healthy, kinds, shape, source):
    """Make negatives of several kinds, in equal shares of every batch.

    Parameters
    ----------
    healthy : Healthy
    kinds : sequence of functions of this module
    shape : (n_batches, n_rows)
    source : torch.Generator

    Returns
    -------
    float32 tensor of shape (n_batches, n_rows, n_features)
    """
    n_batches, n_rows = shape
    shares = [(n_rows + k) // len(kinds) for k in range(len(kinds))]
    made = zip(kinds, shares, strict=True)
    return torch.cat([kind(healthy, (n_batches, share), source) for kind, share in made], dim=1)


def batches_ahead(n_rows, n_features):
    """Return how many batches are made at a time."""
    return max(1, min(32, _CHUNK_VALUES // (n_rows * n_features)))


def _normal(healthy, shape, source):
    return torch.randn((*shape, healthy.rows.shape[1]), generator=source)


def _uniform(shape, low, high, source):
    """Draw one number a row, (*shape, 1)."""
    return torch.empty((*shape, 1)).uniform_(low, high, generator=source)
