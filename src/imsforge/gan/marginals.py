"""The distribution of each feature by itself, as it is in the training rows."""

import torch
from torch import nn

#: Ranks at which a distribution is known.
LEVELS = 1024


class Marginals(nn.Module):
    """Generated values become the training values of the same rank, feature by feature.

    A generator of whitened rows has noise in all features at once, and makes neither an exact
    zero nor the gap above it where nothing is measured. Which ranks were not detected, the
    training rows tell; how features go together, and what tells the classes apart, remains the
    generator's: all classes share one map (quantile mapping).

    Parameters
    ----------
    n_features : int

    Attributes
    ----------
    drawn, wanted : (n_features, LEVELS) tensors
        Values at evenly spaced ranks among generated and among training rows, ascending.
    """

    def __init__(self, n_features):
        super().__init__()
        for name in ("drawn", "wanted"):
            self.register_buffer(name, torch.zeros(n_features, LEVELS))

    def learn(self, drawn, wanted):
        """Learn from generated and from training rows, (n_rows, n_features) tensors."""
        self.drawn.copy_(_levels(drawn))
        self.wanted.copy_(_levels(wanted))

    def forward(self, rows):
        """Return rows, (n, n_features), with the training rows' distribution of each feature."""
        values = rows.T.contiguous()
        above = torch.searchsorted(self.drawn, values).clamp(1, LEVELS - 1)
        lower, upper = (self.drawn.gather(1, place) for place in (above - 1, above))
        share = ((values - lower) / (upper - lower)).nan_to_num().clamp(0, 1)
        lower, upper = (self.wanted.gather(1, place) for place in (above - 1, above))
        # The smallest value may stand for "not detected": nothing lies between it and the next.
        share = torch.where(lower > self.wanted[:, :1], share, share.round())
        return torch.lerp(lower, upper, share).T


def _levels(rows):
    """Return the values at `LEVELS` evenly spaced ranks, (n_features, LEVELS)."""
    places = torch.linspace(0, len(rows) - 1, LEVELS, device=rows.device).round().long()
    return rows.sort(dim=0).values[places].T
