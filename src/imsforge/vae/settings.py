"""What the training of a conditional VAE may be told."""

from dataclasses import dataclass, fields
from typing import ClassVar

from imsforge.errors import ConfigError
from imsforge.setting_checks import CheckedSettings


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
    updates : int
        Most updates of the networks.
    patience : int
        Training ends when held-out rows grew no likelier in so many rows of the history.
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
    updates: int = 6000
    patience: int = 4
    warm_up: int = 250
    learning_rate: float = 2e-3

    def __post_init__(self):
        for name in ("latent_size", "hidden", "batch_size", "updates", "patience", "warm_up"):
            self._require_count(name, 1)
        self._require("learning_rate", "a number above 0", lambda value: value > 0)

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
