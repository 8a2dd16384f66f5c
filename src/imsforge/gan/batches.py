"""What a cycle of updates is made from, drawn ahead: rows, classes, latent numbers, weights."""

import itertools
from dataclasses import dataclass

import torch
from torch.nn.functional import one_hot

from imsforge.gan.architectures import count_latent
from imsforge.seeding import derive_seed


@dataclass
class Draws:
    """Everything random in a cycle; the first axis is the run, the second the critic's step.

    Attributes
    ----------
    real : tensor of shape (n_runs, n_steps, n, n_features)
    labels : tensor of shape (n_runs, n_steps, n, n_classes), one-hot
    z : tensor of shape (n_runs, n_steps, n, n_latent)
    weight : tensor of shape (n_runs, n_steps, n, 1)
        Where interpolated rows lie between generated and real ones.
    generator_labels, generator_z : tensors of the same shapes with one step
    """

    real: torch.Tensor
    labels: torch.Tensor
    z: torch.Tensor
    weight: torch.Tensor
    generator_labels: torch.Tensor
    generator_z: torch.Tensor


class Batches:
    """The batches of one run: shuffled passes over its rows, and random numbers of its own.

    Parameters
    ----------
    X : tensor of shape (n_rows, n_features)
    y : tensor of int, shape (n_rows,)
    n_classes : int
    settings : GANSettings
    seed : int

    Attributes
    ----------
    random : torch.Generator
        Where everything but the order of the rows comes from.
    epoch : int
        The pass that the last row came from.
    """

    def __init__(self, X, y, n_classes, settings, seed):
        self.X = X
        self.classes = one_hot(y, n_classes).to(X.dtype)
        self.settings = settings
        self.seed = seed
        self.random = torch.Generator(X.device).manual_seed(derive_seed(seed, "batches"))
        self.epoch = 0
        self.go_to(0)

    def go_to(self, update):
        """Go on with the batches after so many updates."""
        size = self.settings.batch_size
        self._order = index_batches(len(self.X), size, self.seed, update, self.X.device)

    def draw(self, n_steps):
        """Return the draws of so many critic steps and one of the generator, without a run axis."""
        n, n_features = self.settings.batch_size, self.X.shape[1]
        latent = count_latent(self.settings.generator, self.settings.latent_size, n_features)
        taken = list(itertools.islice(self._order, n_steps))
        self.epoch = taken[-1][0]
        rows = torch.cat([batch for _, batch in taken])
        options = {"dtype": self.X.dtype, "device": self.X.device, "generator": self.random}
        # The generator's classes follow the data, as the critic's do: BatchNorm must see one
        # distribution.
        drawn = torch.randint(len(self.X), (n,), device=self.X.device, generator=self.random)
        return (
            self.X.index_select(0, rows).view(n_steps, n, -1),
            self.classes.index_select(0, rows).view(n_steps, n, -1),
            torch.randn(n_steps, n, latent, **options),
            torch.rand(n_steps, n, 1, **options),
            self.classes.index_select(0, drawn).unsqueeze(0),
            torch.randn(1, n, latent, **options),
        )


def draw_together(batches, n_steps):
    """Return the `Draws` of several runs for one cycle."""
    runs = [run.draw(n_steps) for run in batches]
    return Draws(*(torch.stack(parts) for parts in zip(*runs, strict=True)))


def index_batches(n_rows, batch_size, seed, done, device):
    """Yield (epoch, row numbers) for ever, going on after ``done`` batches.

    Each pass shuffles all rows and drops the last incomplete batch. Its order depends on nothing
    but the seed and its number, so that a resumed run needs none of the passes before.
    """
    per_epoch = n_rows // batch_size
    skip = done % per_epoch
    for epoch in itertools.count(done // per_epoch + 1):
        source = torch.Generator().manual_seed(derive_seed(seed, "epoch", epoch))
        order = torch.randperm(n_rows, generator=source)[: per_epoch * batch_size]
        for batch in order.view(per_epoch, batch_size)[skip:].to(device):
            yield epoch, batch
        skip = 0
