"""Conditional generators and critics, built from the table in `imsforge.gan.architectures`."""

import torch
from torch import nn
from torch.nn.functional import softplus

from imsforge.gan.architectures import CRITICS, GENERATORS, count_latent, is_noisy

LEAKY_SLOPE = 0.2
DECONV_KERNEL = 4


class Dropout(nn.Module):
    """Dropout of single numbers, drawn from a source of its own.

    `torch.nn.Dropout` draws from the global random state, which runs trained side by side would
    share.

    Parameters
    ----------
    rate : float

    Attributes
    ----------
    random : torch.Generator or None
        None stands for the global random state.
    """

    def __init__(self, rate):
        super().__init__()
        self.rate = rate
        self.random = None

    def forward(self, values):
        """Set a share of the values to zero, and scale the others up; in training only."""
        if not self.training or not self.rate:
            return values
        return values * self.draw(values)

    def draw(self, values):
        """Return the factors of one pass: zero, or the reciprocal of the share that is kept."""
        kept = 1 - self.rate
        return torch.empty_like(values).bernoulli_(kept, generator=self.random).div_(kept)


class CensoredNoise(nn.Module):
    """Noise of its own for each feature, and a limit of detection.

    A generator without it maps its latent numbers to a sheet of as many dimensions, and the rows
    have no variance across it: a full spectrum has more peaks than that, each with counting noise
    of its own. Measured intensities are zero below the limit of detection, and nothing lies
    between: a value not above ``floor`` becomes ``floor``, all others are lifted by ``gap``.

    That step has no slope. What stands in for it in the gradient is the slope of the probability
    of being detected, which the mean and the standard deviation of the noise decide.

    Parameters
    ----------
    n_features : int

    Attributes
    ----------
    floor : tensor of shape (n_features,)
        The smallest value of each feature, in the units of the training rows.
    gap : tensor of shape (n_features,)
        From there to the smallest of the larger values.
    """

    def __init__(self, n_features):
        super().__init__()
        # Not infinite: an average of two infinities is not a number.
        self.register_buffer("floor", torch.full((n_features,), -1e30))
        self.register_buffer("gap", torch.zeros(n_features))

    def learn_limits(self, X):
        """Set floor and gap to those of rows X, (n, n_features)."""
        floor = X.amin(dim=0)
        larger = X.where(floor < X, torch.inf).amin(dim=0)
        self.floor.copy_(floor)
        self.gap.copy_(torch.where(larger.isinf(), 0.0, larger - floor))

    def forward(self, moments, noise):
        """Make rows (n, n_features) from means and spreads side by side, and normal noise.

        Parameters
        ----------
        moments : tensor of shape (n, 2 * n_features)
            The standard deviation is the softplus of the spread.
        noise : tensor of shape (n, n_features)
        """
        mean, spread = moments.chunk(2, dim=-1)
        deviation = softplus(spread)
        values = mean + deviation * noise
        share = torch.special.ndtr((mean - self.floor) / deviation)
        detected = share + ((values > self.floor).to(share.dtype) - share).detach()
        return torch.maximum(values, self.floor) + self.gap * detected


class ConditionalNetwork(nn.Module):
    """A network that sees the embedding of a class beside its input.

    The embedding has as many dimensions as there are classes (thesis, tables 5-3 and 5-5).

    Parameters
    ----------
    layers : str
        A line of the table in `imsforge.gan.architectures`.
    n_inputs, n_outputs, n_classes : int
    dropout : float
        Rate of every dropout layer.
    """

    def __init__(self, layers, n_inputs, n_outputs, n_classes, dropout=0.0):
        super().__init__()
        self.embedding = nn.Embedding(n_classes, n_classes)
        self.body = _build(layers, n_inputs + n_classes, n_outputs, dropout)

    def forward(self, inputs, labels):
        """Map inputs (n, n_inputs) and class codes (n,) to (n, n_outputs)."""
        return self.body(torch.cat([inputs, self.embedding(labels)], dim=1))

    def draw_from(self, source):
        """Let every dropout layer draw from a `torch.Generator`."""
        for layer in self.body:
            if isinstance(layer, Dropout):
                layer.random = source


class Critic(ConditionalNetwork):
    """A critic, or discriminator: one score a row, higher for what looks real; no sigmoid."""

    def __init__(self, name, n_features, n_classes, dropout):
        super().__init__(CRITICS[name], n_features, 1, n_classes, dropout)

    def forward(self, rows, labels):
        """Score rows (n, n_features) of classes (n,); returns (n,)."""
        return super().forward(rows, labels).squeeze(1)


class Generator(ConditionalNetwork):
    """A generator: random numbers (n, n_latent) and classes (n,) to rows (n, n_features).

    Attributes
    ----------
    n_latent : int
        ``latent_size``, and the number of features where each has noise of its own.
    noise : CensoredNoise or None
    """

    def __init__(self, name, latent_size, n_features, n_classes):
        super().__init__(GENERATORS[name], latent_size, n_features, n_classes)
        self.latent_size = latent_size
        self.n_latent = count_latent(name, latent_size, n_features)
        self.noise = CensoredNoise(n_features) if is_noisy(name) else None

    def forward(self, z, labels):
        """Generate rows of classes (n,) from normal random numbers z (n, n_latent)."""
        if self.noise is None:
            return super().forward(z, labels)
        moments = super().forward(z[:, : self.latent_size], labels)
        return self.noise(moments, z[:, self.latent_size :])

    def learn_range(self, X):
        """Learn from the training rows X (n, n_features) what the network itself does not."""
        if self.noise is not None:
            self.noise.learn_limits(X)


def count_parameters(network):
    """Return the number of trainable parameters."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def is_made_of(network, *kinds):
    """Tell whether the layers of a network are all of some kinds."""
    return all(isinstance(layer, kinds) for layer in network.body)


def _build(layers, n_inputs, n_outputs, dropout):
    """Build the layers of one line; what flows on is shaped (features,) or (channels, length)."""
    body, shape = nn.Sequential(), (n_inputs,)
    for words in layers.split(", "):
        name, *sizes = words.split()
        sizes = [n_outputs if size == "out" else int(size) for size in sizes]
        layer, shape = _layer(name, sizes, shape, dropout)
        body.append(layer)
    return body


def _layer(name, sizes, shape, dropout):
    """Return one layer and the shape of what leaves it."""
    match name, *sizes:
        case "linear", width:
            return nn.Linear(*shape, width), (width,)
        case "unbiased", width:
            return nn.Linear(*shape, width, bias=False), (width,)
        case "noisy", width:
            return nn.Linear(*shape, 2 * width), (2 * width,)
        case "conv", channels, kernel:
            layer = nn.Conv1d(shape[0], channels, kernel, stride=2, padding=kernel - 1)
            return layer, (channels, (shape[1] + kernel - 2) // 2 + 1)
        case "deconv", channels, stride:
            layer = nn.ConvTranspose1d(shape[0], channels, DECONV_KERNEL, stride, padding=1)
            return layer, (channels, (shape[1] - 1) * stride + DECONV_KERNEL - 2)
        case ("channel",):
            return nn.Unflatten(1, (1, *shape)), (1, *shape)
        case ("flat",):
            return nn.Flatten(), (shape[0] * shape[1],)
        case ("norm",):
            return nn.BatchNorm1d(shape[0]), shape
        case ("dropout",):
            return Dropout(dropout), shape
        case ("leaky",):
            return nn.LeakyReLU(LEAKY_SLOPE), shape
        case ("relu",):
            return nn.ReLU(), shape
        case ("tanh",):
            return nn.Tanh(), shape
    raise ValueError(f"unknown layer: {name}")
