"""What the training of a conditional GAN may be told."""

import logging
import math
from dataclasses import dataclass, fields, replace
from typing import ClassVar

from imsforge.errors import ConfigError
from imsforge.gan.architectures import CRITICS, GENERATORS
from imsforge.setting_checks import CheckedSettings, is_number

logger = logging.getLogger(__name__)

KINDS = ("cgan", "cwgan", "cwgan-gp")
RATE_DECAYS = ("constant", "linear")

#: What a recipe changes of the defaults. ``thesis`` is training as van der Linden (2024) has it,
#: row V11, choice by choice; docs/gan.md says which of its faults are not repeated.
#: ``full-spectra`` is for all peaks of a spectrum, in place of the weights of an NMF.
RECIPES = {
    "default": {},
    "thesis": {
        "generator": "fc4",
        "critic": "fc3",
        "latent_size": 100,
        "dropout": 0.4,
        "batch_size": 64,
        "updates": 390_000,  # 1,000 passes over 25,000 rows
        "critic_steps": None,
        "learning_rate": 1e-4,
        "generator_learning_rate": None,
        "rate_decay": "constant",
        "betas": [0.9, 0.999],  # none are named; these are Adam's own
        "penalty_weight": 10.0,
        "average": 0.0,
    },
    "full-spectra": {
        "generator": "noisy",
        "updates": 15_000,
        "critic_steps": 5,
        "learning_rate": 5e-4,
        "generator_learning_rate": 5e-4,
        "rate_decay": "linear",
        "betas": [0.0, 0.9],
        "whitening": 0.25,
    },
}


@dataclass(frozen=True)
class GANSettings(CheckedSettings):
    """Settings of one conditional GAN.

    The defaults are what served best in short trainings on NMF weights, as docs/gan.md tells;
    `RECIPES` holds the larger thesis' own values (row V11), and those for full spectra.

    Attributes
    ----------
    kind : {"cwgan-gp", "cwgan", "cgan"}
        Wasserstein critic with gradient penalty or with clipped weights, or discriminator with
        cross-entropy.
    generator, critic : str
        Names in `imsforge.gan.architectures`.
    latent_size : int
        Latent numbers a generated row is made from.
    dropout : float
        Rate in the critic, where its table has dropout.
    batch_size : int
        Rows an update sees; the last incomplete batch of a pass over the data is dropped.
    updates : int
        Updates of the critic in all, at most.
    epochs : float or None
        Passes over the training rows, at most; None leaves it to ``updates``.
    patience : int or None
        Stop after so many rows of the history, of which there are a hundred, without a smaller
        Fréchet distance to training rows that are held out for it, a tenth of each class; the
        weights of the smallest distance are kept. None holds nothing out.
    critic_steps : int or None
        Updates of the critic for one of the generator; None stands for the thesis' 100 under a
        Wasserstein loss and 1 in a cgan.
    learning_rate : float
        Of the critic's Adam.
    generator_learning_rate : float or None
        Of the generator's Adam; None stands for ``learning_rate * sqrt(critic_steps)``. The
        thesis says only that this rate grows with the number of critic steps. In proportion it
        would be 0.01 at 100 steps; the square root gives 0.001.
    rate_decay : {"constant", "linear"}
        Whether both rates stay or fall evenly to zero at the last of ``updates``.
    betas : pair of float
        Decay rates of both Adams.
    penalty_weight : float
        Weight of the gradient penalty of a cwgan-gp.
    clip : float
        Largest weight of the critic of a cwgan.
    average : float
        Decay of an exponential moving average of the generator's weights, which is then what is
        kept; 0 keeps the weights themselves.
    whitening : float
        Power of the covariance within classes that rows are divided by before the networks see
        them, see `imsforge.gan.whitening`; 0 leaves them as they are.
    """

    section: ClassVar[str] = "gan"

    kind: str = "cwgan-gp"
    generator: str = "fc4"
    critic: str = "fc3"
    latent_size: int = 100
    dropout: float = 0.0
    batch_size: int = 64
    updates: int = 10_000
    epochs: float | None = None
    patience: int | None = None
    critic_steps: int | None = 2
    learning_rate: float = 1e-3
    generator_learning_rate: float | None = 1e-4
    rate_decay: str = "constant"
    betas: tuple[float, float] = (0.5, 0.9)
    penalty_weight: float = 10.0
    clip: float = 0.01
    average: float = 0.999
    whitening: float = 0.0

    def __post_init__(self):
        self._require_choice("kind", KINDS)
        self._require_choice("generator", GENERATORS)
        self._require_choice("critic", CRITICS)
        self._require_choice("rate_decay", RATE_DECAYS)
        for name, least in {"latent_size": 1, "batch_size": 2, "updates": 1}.items():
            self._require_count(name, least)
        for name in ("critic_steps", "patience"):
            if getattr(self, name) is not None:
                self._require_count(name, 1)
        for name in ("dropout", "average"):
            self._require(name, "a number from 0 to below 1", lambda value: 0 <= value < 1)
        self._require("whitening", "a number from 0 to 0.5", lambda value: 0 <= value <= 0.5)
        self._require("penalty_weight", "a number of 0 or more", lambda value: value >= 0)
        for name in ("learning_rate", "generator_learning_rate", "clip", "epochs"):
            if getattr(self, name) is not None or name in ("learning_rate", "clip"):
                self._require(name, "a number above 0", lambda value: value > 0)
        if (
            not isinstance(self.betas, list | tuple)
            or len(self.betas) != 2
            or not all(is_number(beta) and 0 <= beta < 1 for beta in self.betas)
        ):
            raise self._error("betas", "two numbers from 0 to below 1")
        if self.kind == "cwgan-gp" and "norm" in CRITICS[self.critic].split(", "):
            raise self._error("critic", "one without BatchNorm: the penalty is on single rows")
        # Adam takes a pair of floats, where YAML may say 0.
        object.__setattr__(self, "betas", tuple(float(beta) for beta in self.betas))

    @classmethod
    def from_dict(cls, values):
        """Make settings from a mapping, as read from YAML or JSON.

        Beside fields it may name a ``recipe`` of `RECIPES`, which its fields are laid over.

        Raises
        ------
        ConfigError
            If a key is unknown or a value impossible.
        """
        known = [entry.name for entry in fields(cls)]
        values = dict(values)
        if (recipe := values.pop("recipe", "default")) not in RECIPES:
            raise ConfigError(f"gan.recipe: must be one of {', '.join(RECIPES)}, not {recipe!r}")
        if unknown := sorted(set(values) - set(known)):
            raise ConfigError(f"gan: unknown key {unknown[0]!r}; known are {', '.join(known)}")
        return cls(**(RECIPES[recipe] | values))

    def resolved(self, n_rows=None):
        """Return the settings with nothing left open, for so many training rows.

        Every None that stands for a number is replaced by it. A batch is no larger than the data,
        and ``epochs`` is counted in updates.
        """
        steps = self.critic_steps or (1 if self.kind == "cgan" else 100)
        rate = self.generator_learning_rate or self.learning_rate * math.sqrt(steps)
        settings = replace(self, critic_steps=steps, generator_learning_rate=rate)
        return settings if n_rows is None else settings._fitted_to(n_rows)

    def _fitted_to(self, n_rows):
        batch_size, updates = min(self.batch_size, n_rows), self.updates
        if batch_size < self.batch_size:
            logger.warning(
                "batch size %d is more than the %d training rows; reduced to %d",
                *(self.batch_size, n_rows, n_rows),
            )
        if self.epochs is not None:
            updates = min(updates, math.ceil(self.epochs * (n_rows // batch_size)))
        return replace(self, batch_size=batch_size, updates=max(updates, 1))
