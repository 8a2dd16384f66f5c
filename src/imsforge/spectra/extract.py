"""From a measurement to its peaks, and from both to ``peaks.h5``: two passes over the raw file."""

import logging

import numpy as np
import pandas as pd

from imsforge.errors import ConfigError, DataError
from imsforge.io.atomic import atomic
from imsforge.io.peaks import peak_matrix_file
from imsforge.spectra.centroid import centroid_peaks
from imsforge.spectra.integrate import integrator
from imsforge.spectra.normalization import divisors, total_ion_current
from imsforge.spectra.profile import profile_peaks
from imsforge.spectra.progress import stream

logger = logging.getLogger(__name__)


def find_peaks(measurement, *, tolerance_ppm=20.0, minimum_share=0.01, minimum_snr=3.0):
    """Find the peaks of a measurement; at most one pass over the raw file.

    Parameters
    ----------
    measurement : Measurement
    tolerance_ppm : float
        How far a point may lie from its peak, in parts per million; for profile spectra the least
        half-width of a window.
    minimum_share : float
        Least share of pixels in which a peak shows. Not asked of spectra that are on a common axis
        of centroids already: these keep their axis.
    minimum_snr : float
        Least signal-to-noise ratio in the mean spectrum; for profile spectra only.

    Returns
    -------
    Peaks

    Raises
    ------
    ConfigError
        If a parameter is out of range.
    DataError
        If there is no peak.
    """
    if not 0 < tolerance_ppm < 1e5:
        raise ConfigError(f"tolerance_ppm: {tolerance_ppm} is not between 0 and 100000")
    if not 0 <= minimum_share <= 1:
        raise ConfigError(f"minimum_share: {minimum_share} is not between 0 and 1")
    if not minimum_snr >= 0:
        raise ConfigError(f"minimum_snr: {minimum_snr} is negative")
    if measurement.mode == "centroid":
        peaks = centroid_peaks(measurement, tolerance_ppm, minimum_share)
    else:
        peaks = profile_peaks(measurement, tolerance_ppm, minimum_share, minimum_snr)
    if len(peaks) == 0:
        raise DataError(
            f"{measurement.source}: no peak found; lower minimum_share or minimum_snr, "
            "or see in ingest.json whether the spectra are empty"
        )
    logger.info("%d peaks from m/z %.4f to %.4f", len(peaks), peaks.mz[0], peaks.mz[-1])
    return peaks


def extract(measurement, peaks, path, table, *, normalization="none"):
    """Integrate the peaks of all spectra; one pass over the raw file.

    Parameters
    ----------
    measurement : Measurement
    peaks : Peaks
    path : path
        ``peaks.h5`` is written here, a `PeakMatrix`.
    table : path
        ``peaks.csv`` is written here: ``mz, lower, upper, share_of_pixels, mean_intensity``.
    normalization : {"none", "tic", "rms", "median"}
        What each spectrum is divided by; a spectrum without signal stays zero.

    Raises
    ------
    ConfigError
        If there is no such normalisation.
    IngestError
        If the raw file changed, or holds values that would falsify the result. Then nothing is
        written.
    """
    integrate, divisor_of = integrator(measurement, peaks), divisors(normalization)
    present, total = np.zeros(len(peaks), dtype=np.int64), np.zeros(len(peaks))
    n_negative = 0
    with (
        atomic(table) as temporary_table,
        peak_matrix_file(path, peaks.mz, measurement.x, measurement.y, measurement.annotations) as (
            matrix,
            tic,
        ),
    ):
        for block in stream(measurement, "integration", spectrum_cost=len(peaks)):
            sums = integrate(block)
            divisor = divisor_of(block)
            divisor[divisor == 0] = 1
            sums /= divisor[:, None]
            matrix[block.rows] = sums
            tic[block.rows] = total_ion_current(block)
            present += np.count_nonzero(sums, axis=0)
            total += sums.sum(axis=0)
            n_negative += block.n_negative
        columns = {
            "mz": peaks.mz,
            "lower": peaks.lower,
            "upper": peaks.upper,
            "share_of_pixels": present / measurement.n_pixels,
            "mean_intensity": total / measurement.n_pixels,
        }
        pd.DataFrame(columns).to_csv(temporary_table, index=False)
    if n_negative:
        logger.warning("%d negative intensities were set to zero", n_negative)
    logger.info("%d pixels x %d peaks written", measurement.n_pixels, len(peaks))
