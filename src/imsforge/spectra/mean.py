"""The mean spectrum of a measurement, streamed."""

from dataclasses import dataclass

import numpy as np

from imsforge.spectra.grid import GridSums, sampling_grid
from imsforge.spectra.progress import stream


@dataclass(frozen=True)
class MeanSpectrum:
    """Mean over all pixels.

    Attributes
    ----------
    mz : (n_points,) float64, ascending
    mean : (n_points,) float64, mean intensity
    share : (n_points,) float64, share of pixels with signal
    """

    mz: np.ndarray
    mean: np.ndarray
    share: np.ndarray


def mean_spectrum(measurement, finest_ppm):
    """Average the spectra of a measurement on their common axis, or on the grid that fits theirs.

    Parameters
    ----------
    measurement : Measurement
    finest_ppm : float
        Least spacing of that grid.
    """
    if measurement.axis is not None:
        return _on_common_axis(measurement)
    return _on_grid(measurement, sampling_grid(measurement.some_axes(), finest_ppm))


def _on_common_axis(measurement):
    n_points = len(measurement.axis)
    total, present = np.zeros(n_points), np.zeros(n_points, dtype=np.int64)
    for block in stream(measurement, "mean spectrum"):
        intensity = block.intensity.reshape(-1, n_points)
        total += intensity.sum(axis=0, dtype=np.float64)
        present += np.count_nonzero(intensity, axis=0)
    n_pixels = measurement.n_pixels
    return MeanSpectrum(measurement.axis, total / n_pixels, present / n_pixels)


def _on_grid(measurement, grid):
    sums = GridSums(2, measurement.source)
    for block in stream(measurement, "mean spectrum"):
        signal = block.intensity > 0
        intensity = block.intensity[signal]
        sums.add(grid.position(block.mz[signal]), intensity, np.ones(len(intensity)))
    mean, share = sums.sums / measurement.n_pixels
    return MeanSpectrum(grid.mz(sums.low + np.arange(len(mean))), mean, share)
