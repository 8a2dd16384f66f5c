"""Smoothing and baseline of profile spectra, before anything else is done to them."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import savgol_filter

from imsforge.errors import ConfigError

#: Methods of pybaselines, with their parameters for a baseline that bends over ``width`` points.
BASELINES = {
    "snip": lambda width: {"max_half_window": width // 2},
    "tophat": lambda width: {"half_window": width // 2},
    # At this penalty a Whittaker smoother of second order halves a wave of ``width`` points.
    "arpls": lambda width: {"lam": (width / (2 * np.pi)) ** 4},
}


@dataclass(frozen=True)
class Preprocessing:
    """What every profile spectrum goes through, when peaks are picked and when they are integrated.

    Calling it with a `Block` returns a `Block`. Both steps count in points of a spectrum as it is
    stored. What becomes negative is set to 0. A spectrum with fewer points than a step asks for
    passes this step as it is.

    Attributes
    ----------
    smoothing : dict or None
        ``window`` (odd number of points) and ``order`` of a Savitzky-Golay filter.
    baseline : dict or None
        ``method``, one of `BASELINES`, and ``width``, the points over which the baseline bends:
        more than the widest peak has.

    Raises
    ------
    ConfigError
        If a parameter is out of range.
    """

    smoothing: dict | None = None
    baseline: dict | None = None

    def __post_init__(self):
        if self.smoothing is not None:
            window, order = self.smoothing["window"], self.smoothing["order"]
            if not (window % 2 == 1 and 0 <= order < window):
                raise ConfigError(
                    f"smoothing: window {window} and order {order}; the window has to be odd and "
                    "larger than the order"
                )
        if self.baseline is not None:
            method, width = self.baseline["method"], self.baseline["width"]
            if method not in BASELINES:
                raise ConfigError(
                    f"baseline.method: {method!r} is unknown; choose one of {', '.join(BASELINES)}"
                )
            if width < 2:
                raise ConfigError(f"baseline.width: {width}; it takes 2 points or more")

    def __bool__(self):
        return self.smoothing is not None or self.baseline is not None

    def __call__(self, block):
        """Return a block of processed spectra."""
        if not self or block.intensity.size == 0:
            return block
        # Filters compute in floating point; float32 stays float32.
        intensity = block.intensity.astype(np.result_type(block.intensity, np.float32), copy=False)
        if block.axis is not None:
            processed = self._spectra(intensity.reshape(block.n_rows, -1)).ravel()
        else:
            spectra = np.split(intensity, block.indptr[1:-1])
            processed = np.concatenate([self._spectra(one[None])[0] for one in spectra])
        return replace(block, intensity=processed)

    def _spectra(self, intensity):
        """Process spectra of one length, (n, n_points)."""
        n_points = intensity.shape[1]
        if self.smoothing is not None and n_points >= self.smoothing["window"]:
            window, order = self.smoothing["window"], self.smoothing["order"]
            intensity = savgol_filter(intensity, window, order)
        if self.baseline is not None and n_points > self.baseline["width"]:
            intensity = intensity - _baselines(intensity, **self.baseline)
        return np.maximum(intensity, 0)


def _baselines(intensity, method, width):
    from pybaselines import Baseline

    fit, parameters = getattr(Baseline(), method), BASELINES[method](width)
    fitted = np.zeros_like(intensity)
    for row in np.flatnonzero(intensity.any(axis=1)):
        fitted[row], _ = fit(intensity[row].astype(np.float64), **parameters)
    return fitted
