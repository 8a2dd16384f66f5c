"""What the training of a conditional GAN may be told."""

import math
from dataclasses import dataclass, fields, replace

from imsforge.errors import ConfigError
from imsforge.gan.architectures import CRITICS, GENERATORS

KINDS = ("cgan", "cwgan-gp")


@dataclass(frozen=True)
class GANSettings:
    """Settings of one conditional GAN.

    The networks are the larger thesis' (row V10). The defaults of their training are what served
    best in short trainings; `THESIS` holds the thesis' own values (row V11).

    Attributes
    ----------
    kind : {"cwgan-gp", "cgan"}
        Wasserstein critic with gradient penalty, or discriminator with cross-entropy.
    generator, critic : str
        Names in `imsforge.gan.architectures`.
    latent_size : int
        Latent numbers a generated row is made from.
    dropout : float
        Rate in the critic, where its table has dropout.
    batch_size : int
        Rows an update sees; the last incomplete batch of a pass over the data is dropped.
    updates : int
        Updates of the critic in all.
    critic_steps : int or None
        Updates of the critic for one of the generator; None stands for the thesis' 100 in a
        cwgan-gp and 1 in a cgan.
    learning_rate : float
        Of the critic's Adam.
    generator_learning_rate : float or None
        Of the generator's Adam; None stands for ``learning_rate * sqrt(critic_steps)``. The
        thesis says only that this rate grows with the number of critic steps. In proportion it
        would be 0.01 at 100 steps; the square root gives 0.001.
    betas : pair of float
        Decay rates of both Adams.
    penalty_weight : float
        Weight of the gradient penalty of a cwgan-gp.
    """

    kind: str = "cwgan-gp"
    generator: str = "fc4"
    critic: str = "fc3"
    latent_size: int = 100
    dropout: float = 0.0
    batch_size: int = 64
    updates: int = 10_000
    critic_steps: int | None = 2
    learning_rate: float = 1e-3
    generator_learning_rate: float | None = 1e-4
    betas: tuple[float, float] = (0.5, 0.9)
    penalty_weight: float = 10.0

    def __post_init__(self):
        self._require_choice("kind", KINDS)
        self._require_choice("generator", GENERATORS)
        self._require_choice("critic", CRITICS)
        for name, least in {"latent_size": 1, "batch_size": 2, "updates": 1}.items():
            self._require_count(name, least)
        if self.critic_steps is not None:
            self._require_count("critic_steps", 1)
        self._require("dropout", "a number from 0 to below 1", lambda value: 0 <= value < 1)
        self._require("penalty_weight", "a number of 0 or more", lambda value: value >= 0)
        self._require("learning_rate", "a number above 0", lambda value: value > 0)
        if self.generator_learning_rate is not None:
            self._require("generator_learning_rate", "a number above 0", lambda value: value > 0)
        if (
            not isinstance(self.betas, list | tuple)
            or len(self.betas) != 2
            or not all(_is_number(beta) and 0 <= beta < 1 for beta in self.betas)
        ):
            raise self._error("betas", "two numbers from 0 to below 1")
        # Adam takes a pair of floats, where YAML may say 0.
        object.__setattr__(self, "betas", tuple(float(beta) for beta in self.betas))

    @classmethod
    def from_dict(cls, values):
        """Make settings from a mapping, as read from YAML or JSON.

        Raises
        ------
        ConfigError
            If a key is unknown or a value impossible.
        """
        known = [entry.name for entry in fields(cls)]
        if unknown := sorted(set(values) - set(known)):
            raise ConfigError(f"gan: unknown key {unknown[0]!r}; known are {', '.join(known)}")
        return cls(**values)

    def resolved(self):
        """Return the same settings with every None replaced by the value it stands for."""
        steps = self.critic_steps or (100 if self.kind == "cwgan-gp" else 1)
        rate = self.generator_learning_rate or self.learning_rate * math.sqrt(steps)
        return replace(self, critic_steps=steps, generator_learning_rate=rate)

    def _require_choice(self, name, choices):
        if getattr(self, name) not in tuple(choices):
            raise self._error(name, f"one of {', '.join(choices)}")

    def _require_count(self, name, least):
        value = getattr(self, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._error(name, f"a whole number of at least {least}")

    def _require(self, name, wanted, holds):
        value = getattr(self, name)
        if not _is_number(value) or not holds(value):
            raise self._error(name, wanted)

    def _error(self, name, wanted):
        value = getattr(self, name)
        hint = " (YAML reads 1e-4 as text; write 1.0e-4)" if isinstance(value, str) else ""
        return ConfigError(f"gan.{name}: must be {wanted}, not {value!r}{hint}")


#: Training as the larger thesis has it (row V11): 1,000 passes over 25,000 rows. It names no decay
#: rates; these are Adam's own.
THESIS = {
    "dropout": 0.4,
    "updates": 390_000,
    "critic_steps": None,
    "learning_rate": 1e-4,
    "generator_learning_rate": None,
    "betas": (0.9, 0.999),
}


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
