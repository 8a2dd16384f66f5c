"""Conditional GANs as imbalanced-learn samplers."""

import numpy as np
from sklearn.utils import check_random_state

from imsforge.errors import DataError
from imsforge.gan.checkpoint import remove_checkpoint
from imsforge.gan.model import ConditionalGAN
from imsforge.gan.settings import GANSettings
from imsforge.gan.training import train
from imsforge.oversampling.base import GenerativeSampler


class _GANSampler(GenerativeSampler):
    """What all conditional GANs share; a subclass names its ``kind``.

    Parameters
    ----------
    sampling_strategy, random_state
        As in `GenerativeSampler`.
    settings : dict or None, default=None
        Fields of `imsforge.gan.settings.GANSettings` that differ from their defaults, for example
        ``{"updates": 5000}``, or from those of a recipe: ``{"recipe": "thesis", "epochs": 10}``.
    device : {"auto", "cpu", "cuda"}, default="auto"
    checkpoint_dir : path or None, default=None
        Folder for checkpoints; a training that was broken off goes on from the last one.

    Attributes
    ----------
    model_ : ConditionalGAN
        With ``history``, the course of the training.
    """

    kind = None

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        random_state=None,
        settings=None,
        device="auto",
        checkpoint_dir=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy, random_state=random_state)
        self.settings = settings
        self.device = device
        self.checkpoint_dir = checkpoint_dir

    def save(self, path):
        """Write the trained networks to a safetensors file; their checkpoint is then removed."""
        self.model_.save(path)
        if self.checkpoint_dir is not None:
            remove_checkpoint(self.checkpoint_dir)

    @classmethod
    def load(cls, path, *, random_state=None, device="auto"):
        """Return a fitted sampler from a file that `save` wrote.

        Raises
        ------
        DataError
            If the file is damaged, or holds a network of another kind.
        """
        model = ConditionalGAN.load(path, device)
        if model.settings.kind != cls.kind:
            raise DataError(f"{path}: holds a {model.settings.kind}, not a {cls.kind}")
        sampler = cls(random_state=random_state, device=device)
        sampler.model_, sampler.classes_ = model, model.classes
        sampler._random = check_random_state(random_state)
        return sampler

    def _learn(self, X, y):
        self.model_ = train(
            np.ascontiguousarray(X, dtype=np.float32),
            np.searchsorted(self.classes_, y),
            len(self.classes_),
            GANSettings.from_dict({"kind": self.kind, **(self.settings or {})}),
            seed=self._random.randint(2**31),
            device=self.device,
            checkpoint_dir=self.checkpoint_dir,
        )
        self.model_.classes = self.classes_

    def _draw(self, n, label):
        code = np.searchsorted(self.classes_, label)
        return self.model_.sample(np.full(n, code), seed=self._random.randint(2**31))


class CGAN(_GANSampler):
    """Conditional GAN with the cross-entropy loss (Mirza & Osindero 2014); thesis rows V12, V20."""

    kind = "cgan"


class CWGAN(_GANSampler):
    """Conditional Wasserstein GAN with clipped weights (Arjovsky et al. 2017); row L3."""

    kind = "cwgan"


class CWGANGP(_GANSampler):
    """Conditional Wasserstein GAN with gradient penalty (Gulrajani et al. 2017); row V21."""

    kind = "cwgan-gp"
