"""What the training of a conditional VAE may be told."""

from dataclasses import dataclass, fields
from typing import ClassVar

from imsforge.errors import ConfigError
from imsforge.setting_checks import CheckedSettings

MOST_UPDATES = 6000
MOST_EPOCHS = 100


@dataclass(frozen=True)
class VAESettings(CheckedSettings):
    """Settings of one conditional VAE; docs/full-spectra.md says how the defaults were chosen.

    Attributes
    ----------
    latent_size : int
        Latent numbers that describe a spectrum; what they leave over is noise of each feature.
    hidden : int
        Width of the two hidden layers of encoder and decoder.
    batch_size : int
        Rows an update sees.
    updates : int or None
        Most updates of the networks; None is `MOST_UPDATES`, or as many as show the networks each
        row `MOST_EPOCHS` times, if these are fewer.
    patience : int
        Training ends when held-out rows grew hardly likelier in so many rows of the history.
    warm_up : int
        Updates over which the weight of the divergence grows from zero to one, so that the
        decoder learns to use the latent numbers before they are held to a normal distribution.
    learning_rate : float
        Of Adam.
    """

    section: ClassVar[str] = "vae"

    latent_size: int = 24
    hidden: int = 256
    batch_size: int = 64
    updates: int | None = None
    patience: int = 4
    warm_up: int = 250
    learning_rate: float = 2e-3

    def __post_init__(self):
        for name in ("latent_size", "hidden", "batch_size", "patience", "warm_up"):
            self._require_count(name, 1)
        if self.updates is not None:
            self._require_count("updates", 1)
        self._require("learning_rate", "a number above 0", lambda value: value > 0)

    def longest(self, n_rows):
        """Return the most updates of a training on so many rows."""
        if self.updates is not None:
            return self.updates
        return min(MOST_UPDATES, -(-MOST_EPOCHS * n_rows // self.batch_size))

    @classmethod
    def from_dict(cls, settings):
        """Return settings from a dict; what it leaves out has its default.

        Raises
        ------
        ConfigError
            If a key is unknown or a value impossible.
        """
        known = [entry.name for entry in fields(cls)]
        unknown = sorted(set(settings) - set(known))
        if unknown:
            raise ConfigError(f"vae: unknown key '{unknown[0]}'; known are: {', '.join(known)}")
        return cls(**settings)
