"""A conditional GAN as it is kept: what it generates, how it scores, its file."""

import math
from dataclasses import asdict

import numpy as np
import torch

from imsforge.artifacts.tensors import read_model, under, write_tensors
from imsforge.device import resolve_device
from imsforge.errors import ConfigError, DataError
from imsforge.gan.marginals import LEVELS, Marginals
from imsforge.gan.networks import Critic, Generator, count_parameters
from imsforge.gan.settings import GANSettings
from imsforge.gan.whitening import Whitening
from imsforge.training_rows import checked_labels

FORMAT = "imsforge conditional GAN 2"
BLOCK_ROWS = 4096


class ConditionalGAN:
    """A generator and a critic for rows of known classes.

    Parameters
    ----------
    settings : GANSettings
    n_features, n_classes : int
    device : torch.device or str
        Where both networks live.

    Attributes
    ----------
    classes : array of shape (n_classes,)
        The label that each class code stands for; the codes themselves unless set.
    generator, critic : torch modules
    whitening : Whitening or None
        Between the rows that others see and those of both networks.
    marginals : Marginals or None
        What a whitened model adds to its draws once it has been trained.
    updates : int
        Updates of the critic behind the weights; fewer than ``settings.updates`` if training
        was stopped.
    history : DataFrame or None
        The course of training, as `imsforge.gan.training.train` returns it; not saved.
    """

    def __init__(self, settings, n_features, n_classes, device="cpu"):
        self.settings = settings
        self.n_features = n_features
        self.n_classes = n_classes
        self.device = torch.device(device)
        self.generator = Generator(
            settings.generator, settings.latent_size, n_features, n_classes
        ).to(self.device)
        self.critic = Critic(settings.critic, n_features, n_classes, settings.dropout).to(
            self.device
        )
        self.networks = {"critic": self.critic, "generator": self.generator}
        self.whitening = None
        if settings.whitening:
            self.whitening = Whitening(n_features, settings.whitening).to(self.device)
        self.marginals = None
        self.classes = np.arange(n_classes)
        self.updates = 0
        self.history = None
        self.set_training(False)

    @property
    def n_parameters(self):
        """Trainable parameters by network, as a dict."""
        return {name: count_parameters(network) for name, network in self.networks.items()}

    def set_training(self, training):
        """Switch dropout and BatchNorm of both networks to training or to evaluation."""
        for network in self.networks.values():
            network.train(training)

    def look_at(self, X, y):
        """Learn scales and ranges from training rows, before the networks learn.

        Parameters
        ----------
        X : float32 array of shape (n_rows, n_features)
        y : array of int, shape (n_rows,)

        Returns
        -------
        tensor of shape (n_rows, n_features), the rows as both networks see them
        """
        rows = torch.tensor(X, device=self.device)
        if self.whitening is not None:
            self.whitening.learn(X, y)
            rows = self.whitening(rows)
        self.generator.learn_range(rows)
        return rows

    def look_back(self, X, y, seed):
        """Compare draws of the trained networks with training rows, feature by feature.

        Draws before that, as in the distances of a history, are as the networks make them.

        Parameters
        ----------
        X : float32 array of shape (n_rows, n_features)
        y : array of int, shape (n_rows,)
        seed : int
            Of the draws, in which classes are as frequent as in the rows.
        """
        if self.whitening is None:
            return
        drawn = self.sample(np.tile(y, math.ceil(4 * LEVELS / len(y))), seed)
        self.marginals = Marginals(self.n_features).to(self.device)
        self.marginals.learn(*(torch.from_numpy(rows) for rows in (drawn, X)))

    def sample(self, labels, seed):
        """Generate one row for each label.

        Parameters
        ----------
        labels : array of int, shape (n,)
            Class codes from 0 to ``n_classes - 1``.
        seed : int
            The same seed and labels give the same rows.

        Returns
        -------
        array of float32, shape (n, n_features), in the units of the training rows
        """
        labels = self._checked_labels(labels)
        # Drawn on the CPU, so that a seed means the same latent numbers on every device.
        source = torch.Generator().manual_seed(seed)

        def generate(block):
            z = torch.randn(len(block), self.generator.n_latent, generator=source)
            rows = self.generator(z.to(self.device), block)
            if self.whitening is not None:
                rows = self.whitening.undo(rows)
            return rows if self.marginals is None else self.marginals(rows)

        return self._in_blocks(generate, (0, self.n_features), labels)

    def score(self, X, labels):
        """Return the critic's score of each row; higher for what looks more real.

        Parameters
        ----------
        X : array of shape (n, n_features)
            Scaled as the training rows were.
        labels : array of int, shape (n,)

        Returns
        -------
        array of float32, shape (n,)
            Of a cgan the logit of the probability. Of a cwgan-gp on a scale whose zero differs
            from class to class: compare rows of one class only.
        """
        X = np.asarray(X, dtype=np.float32)
        labels = self._checked_labels(labels)
        if X.shape != (len(labels), self.n_features):
            raise DataError(
                f"score: rows of shape {X.shape} for {len(labels)} labels; the model takes "
                f"{self.n_features} features"
            )

        def judge(rows, block):
            return self.critic(rows if self.whitening is None else self.whitening(rows), block)

        return self._in_blocks(judge, (0,), torch.from_numpy(X), labels)

    def save(self, path):
        """Write both networks and all that `load` needs to one safetensors file."""
        tensors = {
            f"{name}.{key}": value
            for name, part in self._parts.items()
            for key, value in part.state_dict().items()
        }
        header = {
            "format": FORMAT,
            "settings": asdict(self.settings),
            "n_features": self.n_features,
            "n_classes": self.n_classes,
            "classes": self.classes.tolist(),
            "updates": self.updates,
        }
        write_tensors(path, tensors, header)

    @classmethod
    def load(cls, path, device="auto"):
        """Read a model that `save` wrote.

        Raises
        ------
        DataError
            If the file is missing, damaged or holds something else.
        """
        tensors, header = read_model(path, FORMAT)
        try:
            settings = GANSettings.from_dict(header["settings"])
            sizes = header["n_features"], header["n_classes"]
            with torch.random.fork_rng(devices=[]):
                model = cls(settings, *sizes, resolve_device(device))
            if settings.whitening:
                model.marginals = Marginals(model.n_features).to(model.device)
            for name, part in model._parts.items():
                part.load_state_dict(under(f"{name}.", tensors))
            model.classes = np.array(header["classes"])
            model.updates = header["updates"]
        except (ConfigError, KeyError, TypeError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise DataError(f"{path}: damaged ({reason}); train the model again") from error
        return model

    @property
    def _parts(self):
        """What the file holds, by name."""
        around = {"whitening": self.whitening, "marginals": self.marginals}
        return self.networks | {name: part for name, part in around.items() if part is not None}

    def _in_blocks(self, network, shape, *inputs):
        """Apply a network, in evaluation mode, to a block of rows at a time."""
        self.set_training(False)
        blocks = zip(*(values.split(BLOCK_ROWS) for values in inputs), strict=True)
        with torch.inference_mode():
            outputs = [
                network(*(values.to(self.device) for values in block)).cpu().numpy()
                for block in blocks
            ]
        return np.concatenate([np.empty(shape, dtype=np.float32), *outputs])

    def _checked_labels(self, labels):
        return torch.from_numpy(checked_labels(labels, self.n_classes))
