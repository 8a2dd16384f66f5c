"""One divisor a spectrum, so that spectra of unlike total signal compare."""

import numpy as np

from imsforge.errors import ConfigError, DataError
from imsforge.peaks.integrate import reduce_segments

#: What peak intensities may be divided by.
NORMALIZATIONS = ("none", "tic", "rms", "median", "reference", "pqn")


def normalizer(normalization, peaks, reference_mz=None, sample=None):
    """Return the function that gives each spectrum its divisor.

    Parameters
    ----------
    normalization : {"none", "tic", "rms", "median", "reference", "pqn"}
        Total ion current; root of the sum of the squares of a spectrum's points, to which zeros
        that a file does or does not store add nothing; median of its points with signal;
        intensity of one peak; probabilistic quotient. The first three are taken over the whole
        spectrum, not its peaks alone.
    peaks : Peaks
    reference_mz : float
        With "reference": where the peak lies.
    sample : callable
        With "pqn": returns peak intensities of pixels drawn at random, (n_rows, n_peaks).

    Returns
    -------
    callable or None
        Of a `Block` and its peak intensities, (n_rows, n_peaks); returns (n_rows,) float64, 0
        where a spectrum has none. None for "none".

    Raises
    ------
    ConfigError
        If there is no such normalisation, or no peak at ``reference_mz``.
    DataError
        If no peak is common enough for a probabilistic quotient.

    References
    ----------
    F. Dieterle et al., "Probabilistic quotient normalization as robust method to account for
    dilution of complex biological mixtures", Analytical Chemistry 78 (2006).
    """
    if normalization not in NORMALIZATIONS:
        raise ConfigError(
            f"normalization: {normalization!r} is unknown; "
            f"choose one of {', '.join(NORMALIZATIONS)}"
        )
    if normalization == "reference":
        column = _reference_peak(peaks, reference_mz)
        return lambda block, intensity: intensity[:, column].astype(np.float64)
    if normalization == "pqn":
        reference = reference_spectrum(sample())
        return lambda block, intensity: quotients(intensity, reference)
    if normalization == "none":
        return None
    divisor = {"tic": _total, "rms": _rms, "median": _median}[normalization]
    return lambda block, intensity: divisor(block)


def reference_spectrum(intensity):
    """Return the median spectrum of pixels, each brought to their mean total before.

    Parameters
    ----------
    intensity : (n_rows, n_peaks) array

    Raises
    ------
    DataError
        If no peak shows in more than half of the pixels.
    """
    total = intensity.sum(axis=1, dtype=np.float64)
    intensity, total = intensity[total > 0], total[total > 0]
    scaled = intensity * (total.mean() / total)[:, None] if len(total) else intensity
    reference = np.median(scaled, axis=0) if len(total) else np.zeros(intensity.shape[1])
    if not reference.any():
        raise DataError(
            "normalization: pqn: no peak shows in half of the pixels, which its median quotient "
            "needs; choose tic, rms or median"
        )
    return reference


def quotients(intensity, reference):
    """Return the median quotient of each spectrum and a reference, over the peaks that both show.

    Parameters
    ----------
    intensity : (n_rows, n_peaks) array
    reference : (n_peaks,) array

    Returns
    -------
    (n_rows,) float64; 0 for a spectrum that shows no peak of the reference
    """
    common = reference > 0
    quotient = intensity[:, common] / reference[common]
    quotient[quotient == 0] = np.nan
    empty = np.isnan(quotient).all(axis=1)
    quotient[empty] = 0
    return np.nanmedian(quotient, axis=1)


def _reference_peak(peaks, reference_mz):
    nearest = int(np.argmin(np.abs(peaks.mz - reference_mz)))
    if abs(peaks.mz[nearest] - reference_mz) > (peaks.upper - peaks.lower)[nearest] / 2:
        raise ConfigError(
            f"reference_mz: no peak at {reference_mz}; the nearest is at {peaks.mz[nearest]:.4f}"
        )
    return nearest


def _total(block):
    return _sums(block.intensity, block)


def _rms(block):
    return np.sqrt(_sums(np.square(block.intensity, dtype=np.float64), block))


def _median(block):
    spectra = np.split(block.intensity, block.indptr[1:-1])
    signals = (spectrum[spectrum > 0] for spectrum in spectra)
    return np.array([np.median(signal) if signal.size else 0 for signal in signals])


def _sums(values, block):
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    return reduce_segments(values, block.indptr[:-1], block.indptr[1:]).astype(np.float64)
