"""From a measurement to its peaks, and from both to ``peaks.h5``: two passes over the raw file."""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd

from imsforge.artifacts.atomic import atomic
from imsforge.artifacts.peak_writer import peak_matrix_file
from imsforge.errors import ConfigError, DataError
from imsforge.peaks.centroid import gather_centroids
from imsforge.peaks.integrate import integrator
from imsforge.peaks.normalization import normalizer
from imsforge.peaks.preprocessing import Preprocessing
from imsforge.peaks.profile import ProfilePeaks
from imsforge.peaks.recalibration import estimate_shift
from imsforge.peaks.streaming import stream
from imsforge.peaks.summary import random_pixels
from imsforge.peaks.widths import ResolvingPower
from imsforge.readers.mode import settle_mode

logger = logging.getLogger(__name__)

# Pixels that the reference spectrum of a probabilistic quotient is the median of.
_REFERENCE_PIXELS = 1000
_AS_MEASURED = Preprocessing()


def extract_peaks(
    measurement,
    path,
    table,
    *,
    given=None,
    smoothing=None,
    baseline=None,
    intensity="area",
    normalization="none",
    reference_mz=None,
    seed=0,
    threads=1,
    **picking,
):
    """Find the peaks of a measurement and integrate them: `find_peaks`, then `extract`.

    Parameters
    ----------
    smoothing, baseline : dict or None
        As for `Preprocessing`, which both passes begin with.
    **picking
        Further parameters of `find_peaks`.
    measurement, path, table, given, intensity, normalization, reference_mz, seed, threads
        As for these two functions.
    """
    common = {
        "preprocess": Preprocessing(smoothing, baseline),
        "seed": seed,
        "threads": threads,
    }
    peaks = find_peaks(measurement, given, **picking, **common)
    extract(
        measurement,
        peaks,
        path,
        table,
        intensity=intensity,
        normalization=normalization,
        reference_mz=reference_mz,
        **common,
    )


def find_peaks(
    measurement,
    given=None,
    *,
    tolerance_ppm=20.0,
    minimum_share=0.001,
    minimum_snr=5.0,
    spectrum="mean",
    resolving_power=None,
    recalibration=None,
    preprocess=_AS_MEASURED,
    seed=0,
    threads=1,
):
    """Find the peaks of a measurement; one pass over the raw file.

    Parameters
    ----------
    measurement : Measurement
    given : (n_peaks,) float64, ascending, optional
        m/z values of peaks, which are then taken as they are instead of being searched for.
    tolerance_ppm : float
        How far a point may lie from its peak, in parts per million; for profile spectra the least
        half-width of a window.
    minimum_share : float
        Least share of pixels in which a peak shows. Not asked of spectra that are on a common axis
        of centroids already: these keep their axis.
    minimum_snr : float
        Least signal-to-noise ratio; for profile spectra only.
    spectrum : {"mean", "skyline", "subset"}
        What peaks of profile spectra are picked on, see `summarize`.
    resolving_power : dict or None
        Parameters of `ResolvingPower`, from which the width of profile peaks follows. Otherwise
        they tell it themselves.
    recalibration : dict or None
        Parameters of `estimate_shift` beside the peaks.
    preprocess : Preprocessing
    seed : int
        Decides which pixels a random subset has.
    threads : int

    Returns
    -------
    Peaks

    Raises
    ------
    ConfigError
        If a parameter is out of range, or is for profile spectra where these are centroids.
    DataError
        If there is no peak, or none at the references of a recalibration.
    """
    if not 0 < tolerance_ppm < 1e5:
        raise ConfigError(f"tolerance_ppm: {tolerance_ppm} is not between 0 and 100000")
    if not 0 <= minimum_share <= 1:
        raise ConfigError(f"minimum_share: {minimum_share} is not between 0 and 1")
    if not minimum_snr >= 0:
        raise ConfigError(f"minimum_snr: {minimum_snr} is negative")
    if measurement.mode == "centroid":
        _refuse_for_centroids(
            preprocess, spectrum=spectrum != "mean", resolving_power=resolving_power
        )
        found = gather_centroids(measurement, tolerance_ppm, threads)
        limits = {"minimum_share": minimum_share}
    else:
        resolving_power = resolving_power and ResolvingPower(**resolving_power)
        found = ProfilePeaks(
            measurement, tolerance_ppm, resolving_power, spectrum, preprocess, seed, threads
        )
        limits = {"minimum_share": minimum_share, "minimum_snr": minimum_snr}
    picked = found.pick(**limits) if given is None or recalibration else None
    shift = estimate_shift(picked, **recalibration) if recalibration else None
    if given is None:
        peaks = picked if shift is None else replace(picked, mz=shift.corrected(picked.mz))
    else:
        peaks = replace(found.at(given if shift is None else shift.measured(given)), mz=given)
    if len(peaks) == 0:
        raise DataError(f"{measurement.source}: no peak found; {_remedy(measurement)}")
    logger.info("%d peaks from m/z %.4f to %.4f", len(peaks), peaks.mz[0], peaks.mz[-1])
    return peaks


def _remedy(measurement):
    """Return what may help where no peak is found: another mode, if the spectra look so."""
    _, odd = settle_mode(measurement.mode, [(mz, None) for mz in measurement.some_axes()])
    return " ".join(odd) or (
        "lower minimum_share or minimum_snr, give a list, or see in ingest.json whether the "
        f"spectra are empty; they were read as {measurement.mode}: if they are not, set ingest.mode"
    )


def extract(
    measurement,
    peaks,
    path,
    table,
    *,
    intensity="area",
    normalization="none",
    reference_mz=None,
    preprocess=_AS_MEASURED,
    seed=0,
    threads=1,
):
    """Integrate the peaks of all spectra; one pass over the raw file.

    Parameters
    ----------
    measurement : Measurement
    peaks : Peaks
    path : path
        ``peaks.h5`` is written here, a `PeakMatrix`.
    table : path
        ``peaks.csv`` is written here: ``mz, lower, upper, width, snr, share_of_pixels,
        mean_intensity``.
    intensity : {"area", "height"}
        Sum, or largest, of the points within a window, in the unit of the raw file. A sum has
        no m/z in its unit: it grows with the density of points.
    normalization : {"none", "tic", "rms", "median", "reference", "pqn"}
        What each spectrum is divided by, see `normalizer`; a spectrum that has no divisor becomes
        zero.
    reference_mz : float, optional
        With ``normalization="reference"``, the peak that all others are divided by.
    preprocess : Preprocessing
    seed : int
        Decides which pixels make the reference spectrum of "pqn".
    threads : int

    Raises
    ------
    ConfigError
        If there is no such statistic or normalisation, or no peak at ``reference_mz``.
    IngestError
        If the raw file changed. Then nothing is written.
    """
    if measurement.mode == "centroid":
        _refuse_for_centroids(preprocess)
    integrate = integrator(peaks, intensity)

    def sample():
        rows = random_pixels(measurement.n_pixels, _REFERENCE_PIXELS, seed)
        blocks = stream(
            measurement,
            lambda block: integrate(preprocess(block)),
            "reference spectrum",
            threads,
            rows=rows,
        )
        return np.concatenate([values for _, values in blocks])

    divisor_of = normalizer(normalization, peaks, reference_mz, sample)

    def integrated(block):
        block = preprocess(block)
        values, n_lost = integrate(block), 0
        if divisor_of is not None:
            divisor = divisor_of(block, values)
            n_lost = np.count_nonzero((divisor == 0) & values.any(axis=1))
            factor = np.divide(1, divisor, out=np.zeros(len(divisor)), where=divisor > 0)
            values = values * factor[:, None]
        return values.astype(np.float32, copy=False), n_lost

    present, total, n_lost = np.zeros(len(peaks), dtype=np.int64), np.zeros(len(peaks)), 0
    with atomic(table) as temporary_table, peak_matrix_file(path, measurement, peaks.mz) as write:
        for _, (values, lost) in stream(
            measurement, integrated, "integration", threads, spectrum_cost=len(peaks)
        ):
            write(values)
            present += np.count_nonzero(values, axis=0)
            total += values.sum(axis=0, dtype=np.float64)
            n_lost += lost
        columns = {
            "mz": peaks.mz,
            "lower": peaks.lower,
            "upper": peaks.upper,
            "width": peaks.width,
            "snr": peaks.snr,
            "share_of_pixels": present / measurement.n_pixels,
            "mean_intensity": total / measurement.n_pixels,
        }
        pd.DataFrame(columns).to_csv(temporary_table, index=False)
    if not present.all():
        logger.warning("%d peaks show no signal in any pixel", np.count_nonzero(present == 0))
    if n_lost:
        logger.warning(
            "%d pixels have signal, but nothing to divide it by (%s): set to zero",
            n_lost,
            normalization,
        )
    logger.info("%d pixels x %d peaks written", measurement.n_pixels, len(peaks))


def _refuse_for_centroids(preprocess, **settings):
    """Refuse what would change nothing."""
    settings = {"smoothing": preprocess.smoothing, "baseline": preprocess.baseline, **settings}
    for name, value in settings.items():
        if value:
            raise ConfigError(f"{name}: is for profile spectra, but these are centroids")
