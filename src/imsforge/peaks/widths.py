"""How wide peaks are along the m/z axis: stated by a resolving power, or learnt from the data."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import theilslopes

from imsforge.errors import ConfigError

#: Power of m/z that the width of a peak goes with.
ANALYSERS = {"tof": 1.0, "orbitrap": 1.5, "ft-icr": 2.0}
# Fewer peaks tell their own width, but not how it changes.
_FEWEST_FOR_A_TREND = 10


@dataclass(frozen=True)
class ResolvingPower:
    """Resolving power as manufacturers state it: m/z over full width at half height, at one m/z.

    The width of a peak is proportional to m/z in time-of-flight analysers, to its power 3/2 in
    Orbitraps and to its square in FT-ICR.

    Attributes
    ----------
    value : float
    at_mz : float
        Where it holds; in time-of-flight analysers everywhere.
    analyser : {"tof", "orbitrap", "ft-icr"}
    """

    value: float
    at_mz: float = 400.0
    analyser: str = "tof"

    def __post_init__(self):
        if not self.value > 1:
            raise ConfigError(f"resolving_power.value: {self.value} is not above 1")
        if not self.at_mz > 0:
            raise ConfigError(f"resolving_power.at_mz: {self.at_mz} is not above 0")
        if self.analyser not in ANALYSERS:
            raise ConfigError(
                f"resolving_power.analyser: {self.analyser!r} is unknown; "
                f"choose one of {', '.join(ANALYSERS)}"
            )

    def width(self, mz):
        """Return the full width at half height at m/z values, in m/z."""
        return self.at_mz / self.value * (mz / self.at_mz) ** ANALYSERS[self.analyser]


@dataclass(frozen=True)
class PowerLaw:
    """A width that goes with a power of m/z, ``scale * mz**power``."""

    scale: float
    power: float

    @classmethod
    def fit(cls, mz, width):
        """Fit measured widths by medians: the Theil-Sen line through their logarithms.

        Few peaks are taken for a constant resolving power; no analyser has a power below 0 or
        above 2.

        Parameters
        ----------
        mz, width : (n_peaks,) float64, one peak at least
        """
        power = 1.0
        if len(mz) >= _FEWEST_FOR_A_TREND:
            power = float(np.clip(theilslopes(np.log(width), np.log(mz)).slope, 0, 2))
        return cls(float(np.median(width / mz**power)), power)

    def width(self, mz):
        """Return the full width at half height at m/z values, in m/z."""
        return self.scale * mz**self.power
