"""Which weights of a training are kept: those that rows held out of it are likeliest under."""

import copy
import math

import torch

#: Of a class one row in so many is held out; none of a class that has fewer.
HELD_OUT = 10
#: Updates that the average of the weights reaches back over, as a share of all so far.
REACH = 0.1
#: Nats a row that held-out rows must have grown likelier by, for a training to be worth its time.
LEAST_GAIN = 0.02
#: Rows that go through the networks together.
BLOCK_ROWS = 1024


def hold_out(codes, n_classes, source):
    """Choose rows that nothing is trained on.

    Parameters
    ----------
    codes : (n_rows,) int64 tensor of class codes
    n_classes : int
    source : torch.Generator

    Returns
    -------
    (n_rows,) bool tensor, on the CPU
    """
    held_out = torch.zeros(len(codes), dtype=torch.bool)
    for code in range(n_classes):
        members = torch.nonzero(codes.cpu() == code).flatten()
        mixed = members[torch.randperm(len(members), generator=source)]
        held_out[mixed[: len(members) // HELD_OUT]] = True
    return held_out


class Keeper:
    """Averages the weights over the last tenth of a training, and keeps the best average.

    At a constant rate weights wander about where they would come to rest; their average is what
    a falling rate ends at, at any moment and without the length being known (Shamir & Zhang 2013).

    Parameters
    ----------
    networks : ConditionalNetworks, which are trained
    spectra : Spectra held out of the training, at least none
    noise : (n, latent_size) tensor, standard normal: the same for all weights that are compared
    patience : int
        Times that `judge` may find the average better by less than `LEAST_GAIN` before
        `exhausted` is true.

    Attributes
    ----------
    averaged : ConditionalNetworks
    """

    def __init__(self, networks, spectra, noise, patience):
        self.networks, self.spectra, self.noise = networks, spectra, noise
        self.patience = patience
        self.averaged = copy.deepcopy(networks).requires_grad_(False)
        self._best, self._weights, self._updates = math.inf, None, 0
        self._to_beat, self._vain = math.inf, 0

    @property
    def exhausted(self):
        """Whether there is no hope of better weights."""
        return self._vain >= self.patience

    @torch.no_grad()
    def follow(self):
        """Let the average follow an update of the networks."""
        self._updates += 1
        share = 1 / (1 + REACH * self._updates)
        for own, other in zip(self.averaged.parameters(), self.networks.parameters(), strict=True):
            own.lerp_(other, share)

    @torch.inference_mode()
    def judge(self):
        """Return the loss of held-out rows, in nats a row; keep the average if it is the least.

        Without any such row it is NaN, and every average is kept.
        """
        loss = self._loss()
        if loss < self._best or math.isnan(loss):
            self._best, self._weights = loss, copy.deepcopy(self.averaged.state_dict())
        if loss > self._to_beat - LEAST_GAIN:
            self._vain += 1
        else:
            self._to_beat, self._vain = loss, 0
        return loss

    def restore(self):
        """Give the networks the weights that were kept."""
        self.networks.load_state_dict(self._weights)

    def _loss(self):
        pieces = range(0, len(self.noise), BLOCK_ROWS)
        parts = [slice(start, start + BLOCK_ROWS) for start in pieces]
        sums = [
            torch.stack(self.averaged.losses(self.spectra.take(part), self.noise[part])).sum()
            for part in parts
        ]
        return float(sum(sums)) / len(self.noise) if sums else math.nan
