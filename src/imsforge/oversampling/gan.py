"""Conditional GANs as imbalanced-learn samplers."""

from os import PathLike
from pathlib import Path

import numpy as np

from imsforge.errors import DataError
from imsforge.gan.checkpoint import remove_checkpoint
from imsforge.gan.display import TensorBoard
from imsforge.gan.model import ConditionalGAN
from imsforge.gan.monitor import CLASS_PREFIX
from imsforge.gan.settings import GANSettings
from imsforge.gan.training import Run, train_together
from imsforge.oversampling.trained import TrainedSampler


class _GANSampler(TrainedSampler):
    """What all conditional GANs share; a subclass names its ``kind``.

    Parameters
    ----------
    sampling_strategy, random_state, device
        As in `TrainedSampler`.
    settings : dict or None, default=None
        Fields of `imsforge.gan.settings.GANSettings` that differ from their defaults, for example
        ``{"updates": 5000}``, or from those of a recipe: ``{"recipe": "thesis", "epochs": 10}``.
    checkpoint_dir : path or None, default=None
        Folder for checkpoints; a training that was broken off goes on from the last one.
    tensorboard_dir : path or None, default=None
        Folder for TensorBoard events; needs the package tensorboard.

    Attributes
    ----------
    model_ : ConditionalGAN
        With ``history``, the course of the training.
    """

    kind = None

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **TrainedSampler._parameter_constraints,
        "checkpoint_dir": [str, PathLike, None],
        "tensorboard_dir": [str, PathLike, None],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        random_state=None,
        settings=None,
        device="auto",
        checkpoint_dir=None,
        tensorboard_dir=None,
    ):
        super().__init__(
            sampling_strategy=sampling_strategy,
            random_state=random_state,
            settings=settings,
            device=device,
        )
        self.checkpoint_dir = checkpoint_dir
        self.tensorboard_dir = tensorboard_dir

    def save(self, path):
        """Write the trained networks to a safetensors file; their checkpoint is then removed."""
        super().save(path)
        if self.checkpoint_dir is not None:
            remove_checkpoint(self.checkpoint_dir)

    @classmethod
    def _load_model(cls, path, device):
        model = ConditionalGAN.load(path, device)
        if model.settings.kind != cls.kind:
            raise DataError(f"{path}: holds a {model.settings.kind}, not a {cls.kind}")
        return model

    def _learn(self, X, y):
        (model,) = self._train([self._run(X, y)])
        self._take(model)

    def _run(self, X, y):
        """Return what the training learns from; its seed is the next of the random state."""
        codes = np.searchsorted(self.classes_, y)
        return Run(np.ascontiguousarray(X, np.float32), codes, self._random.randint(2**31))

    def _train(self, runs):
        boards = None
        if self.tensorboard_dir is not None:
            folders = [Path(self.tensorboard_dir) / str(run) for run in range(1, len(runs) + 1)]
            boards = [TensorBoard(folder) for folder in folders]
        return train_together(
            runs,
            len(self.classes_),
            GANSettings.from_dict({"kind": self.kind, **(self.settings or {})}),
            device=self.device,
            checkpoint_dir=self.checkpoint_dir,
            observer=boards and (lambda run, row: boards[run](row)),
        )

    def _take(self, model):
        """Make a trained model, whose history knows codes, one of this sampler's classes."""
        names = {f"{CLASS_PREFIX}{k}": f"{CLASS_PREFIX}{c}" for k, c in enumerate(self.classes_)}
        model.classes = self.classes_
        model.history = model.history.rename(columns=names)
        self.model_ = model


def fit_together(samplers, sets):
    """Fit samplers side by side; up to rounding as one by one, but a GPU is busier.

    Parameters
    ----------
    samplers : list of samplers of one kind
        Settings, device and folders are those of the first; each has its own random state.
    sets : list of (X, y), one a sampler
        Of the same features and the same number of classes.

    Raises
    ------
    DataError
        If the sets do not fit together.
    """
    runs = []
    for sampler, (X, y) in zip(samplers, sets, strict=True):
        X, y, _ = sampler._check_X_y(X, y)
        runs.append(sampler._run(*sampler._start(X, y)))
    if len({len(sampler.classes_) for sampler in samplers}) > 1:
        raise DataError("sets of different numbers of classes; train them one by one")
    for sampler, model in zip(samplers, samplers[0]._train(runs), strict=True):
        sampler._take(model)


class CGAN(_GANSampler):
    """Conditional GAN with the cross-entropy loss (Mirza & Osindero 2014); thesis rows V12, V20."""

    kind = "cgan"


class CWGAN(_GANSampler):
    """Conditional Wasserstein GAN with clipped weights (Arjovsky et al. 2017); row L3."""

    kind = "cwgan"


class CWGANGP(_GANSampler):
    """Conditional Wasserstein GAN with gradient penalty (Gulrajani et al. 2017); row V21."""

    kind = "cwgan-gp"


#: By the names that configurations use.
GAN_SAMPLERS = {sampler.kind: sampler for sampler in (CGAN, CWGAN, CWGANGP)}
