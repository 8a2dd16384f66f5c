"""Small fully connected networks, and how they learn."""

from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from imsforge.gan.networks import LEAKY_SLOPE
from imsforge.gan.stack import Stack
from imsforge.gan.state import Adam

#: Decay rates of Adam's moments against a cross-entropy discriminator (Radford et al. 2016).
ADVERSARIAL_BETAS = (0.5, 0.999)


def fully_connected(n_inputs, hidden, n_outputs):
    """Return a network with hidden layers of so many units, LeakyReLU between them."""
    network, width = nn.Sequential(), n_inputs
    for units in hidden:
        network.extend([nn.Linear(width, units), nn.LeakyReLU(LEAKY_SLOPE)])
        width = units
    return network.append(nn.Linear(width, n_outputs))


class Descent:
    """Adam on the weights of some modules, with a rate that falls evenly to zero.

    The weights become views of one buffer; what outlives the training should be copied.

    Parameters
    ----------
    modules : list of torch modules
    learning_rate : float, at the start
    updates : int
    betas : pair of float
    """

    def __init__(self, modules, learning_rate, updates, betas=(0.9, 0.999)):
        self._stack = Stack([nn.ModuleList(modules)])
        self._weights = list(self._stack.networks[0].parameters())
        self._adam = Adam(self._stack, learning_rate, betas)
        self._rates = iter(np.linspace(learning_rate, 0, updates, endpoint=False))

    def step(self, loss):
        """Move the weights of these modules, and of no others, against the slope of a loss."""
        self._stack.gradients.zero_()
        loss.backward(inputs=self._weights)
        self._adam.rate.fill_(next(self._rates))
        with torch.no_grad():
            self._adam.step()


def draw_rows(X, n, source):
    """Draw n of the rows X, with replacement."""
    return X[torch.randint(len(X), (n,), generator=source)]


@contextmanager
def weights_from(seed):
    """Draw the weights of the networks that are built within from a seed of their own."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def frozen(networks):
    """Return trained networks as a ModuleDict for scoring: in float64, and learning no more."""
    return nn.ModuleDict(networks).double().requires_grad_(False)
