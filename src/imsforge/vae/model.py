"""A conditional VAE as it is kept: what it generates, its file."""

from dataclasses import asdict

import numpy as np
import torch

from imsforge.artifacts.tensors import read_model, under, write_tensors
from imsforge.errors import ConfigError, DataError
from imsforge.training_rows import checked_labels
from imsforge.vae.latents import ClassLatents
from imsforge.vae.marginals import NormalScores
from imsforge.vae.network import ConditionalNetworks
from imsforge.vae.settings import VAESettings

FORMAT = "imsforge conditional VAE 2"
BLOCK_ROWS = 4096


class ConditionalVAE:
    """A decoder of latent numbers, and the latent numbers of each class.

    Parameters
    ----------
    settings : VAESettings
    n_features, n_classes : int

    Attributes
    ----------
    classes : array of shape (n_classes,)
        The label that each class code stands for; the codes themselves unless set.
    marginals : NormalScores
        What the training rows were mapped by before; `sample` maps back. By default nothing.
    networks : ConditionalNetworks
    latents : ClassLatents or None
        None until the training rows have been encoded.
    history : DataFrame or None
        The course of training, as `imsforge.vae.training.train` returns it; not saved.
    """

    def __init__(self, settings, n_features, n_classes):
        self.settings = settings
        self.n_features, self.n_classes = n_features, n_classes
        self.networks = ConditionalNetworks(
            n_features, n_classes, settings.latent_size, settings.hidden
        )
        self.latents = None
        self.marginals = NormalScores()
        self.classes = np.arange(n_classes)
        self.history = None

    @property
    def n_parameters(self):
        """Trainable parameters."""
        return sum(parameter.numel() for parameter in self.networks.parameters())

    @torch.inference_mode()
    def encode(self, X, codes):
        """Remember the latent numbers of training rows, from which `sample` draws.

        Parameters
        ----------
        X : (n_rows, n_features) float32 tensor
        codes : (n_rows,) int64 tensor
        """
        blocks = zip(X.split(BLOCK_ROWS), codes.split(BLOCK_ROWS), strict=True)
        encoded = [self.networks.encode(*block) for block in blocks]
        mean, log_variance = (torch.cat(parts).cpu() for parts in zip(*encoded, strict=True))
        self.latents = ClassLatents(mean, log_variance, codes.cpu(), self.n_classes)

    @torch.inference_mode()
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
        array of float32, shape (n, n_features), in the units of the rows before any mapping
        """
        labels = checked_labels(labels, self.n_classes)
        source = torch.Generator().manual_seed(seed)
        rows = np.empty((len(labels), self.n_features), dtype=np.float32)
        for code in np.unique(labels):
            places = np.flatnonzero(labels == code)
            for start in range(0, len(places), BLOCK_ROWS):
                block = places[start : start + BLOCK_ROWS]
                rows[block] = self._draw(int(code), len(block), source)
        return self.marginals.rows(rows)

    def save(self, path):
        """Write all that `load` needs to one safetensors file."""
        tensors = {f"networks.{key}": value for key, value in self.networks.state_dict().items()}
        for name in ("mean", "log_variance", "codes"):
            tensors[f"latents.{name}"] = getattr(self.latents, name)
        for name in ("features", "knots"):
            tensors[f"marginals.{name}"] = torch.from_numpy(getattr(self.marginals, name))
        header = {
            "format": FORMAT,
            "settings": asdict(self.settings),
            "n_features": self.n_features,
            "n_classes": self.n_classes,
            "classes": self.classes.tolist(),
        }
        write_tensors(path, tensors, header)

    @classmethod
    def load(cls, path):
        """Read a model that `save` wrote, to the CPU.

        Raises
        ------
        DataError
            If the file is missing, damaged or holds something else.
        """
        tensors, header = read_model(path, FORMAT)
        try:
            settings = VAESettings.from_dict(header["settings"])
            with torch.random.fork_rng(devices=[]):
                model = cls(settings, header["n_features"], header["n_classes"])
            model.networks.load_state_dict(under("networks.", tensors))
            model.latents = ClassLatents(
                **under("latents.", tensors), n_classes=header["n_classes"]
            )
            marginals = under("marginals.", tensors)
            model.marginals = NormalScores(**{key: marginals[key].numpy() for key in marginals})
            model.classes = np.array(header["classes"])
        except (ConfigError, KeyError, TypeError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise DataError(f"{path}: damaged ({reason}); train the model again") from error
        return model

    def _draw(self, code, n, source):
        device = self.networks.centre.device
        # Drawn on the CPU, so that a seed means the same numbers on every device.
        z = self.latents.draw(code, n, source)
        noise = torch.randn(n, self.n_features, generator=source)
        codes = torch.full((n,), code)
        return self.networks.draw(z.to(device), codes.to(device), noise.to(device)).cpu().numpy()
