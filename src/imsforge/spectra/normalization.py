"""One divisor a spectrum, so that spectra of unlike total signal compare."""

import numpy as np

from imsforge.errors import ConfigError
from imsforge.spectra.integrate import sum_segments


def total_ion_current(block):
    """Return the sum of each spectrum of a `Block`, (n_rows,) float64."""
    return sum_segments(block.intensity, block.indptr[:-1], block.indptr[1:])


def _rms(block):
    squares = np.square(block.intensity, dtype=np.float64)
    total = sum_segments(squares, block.indptr[:-1], block.indptr[1:])
    return np.sqrt(total / np.maximum(np.diff(block.indptr), 1))


def _median(block):
    spectra = np.split(block.intensity, block.indptr[1:-1])
    signals = (spectrum[spectrum > 0] for spectrum in spectra)
    return np.array([np.median(signal) if signal.size else 0 for signal in signals])


def _none(block):
    return np.ones(len(block.indptr) - 1)


_METHODS = {"none": _none, "tic": total_ion_current, "rms": _rms, "median": _median}


def divisors(normalization):
    """Return the function that gives each spectrum of a `Block` its divisor.

    Parameters
    ----------
    normalization : {"none", "tic", "rms", "median"}
        Total ion current; root of the mean square of a spectrum's points; median of its points
        with signal. All are taken over the whole spectrum, not its peaks alone.

    Raises
    ------
    ConfigError
        If there is no such normalisation.
    """
    if normalization not in _METHODS:
        raise ConfigError(
            f"normalization: {normalization!r} is unknown; choose one of {', '.join(_METHODS)}"
        )
    return _METHODS[normalization]
