"""Peaks of centroid spectra, gathered in one pass."""

import numpy as np

from imsforge.peaks.columns import ColumnPeaks, FileColumns, form_columns
from imsforge.peaks.density import RESOLUTION, CentroidPeaks
from imsforge.peaks.grid import Grid, GridSums
from imsforge.peaks.integrate import points_with_signal
from imsforge.peaks.streaming import stream


def gather_centroids(measurement, tolerance_ppm, threads=1):
    """Read all centroids once.

    Parameters
    ----------
    measurement : Measurement
    tolerance_ppm : float
        How far a centroid may lie from its peak.
    threads : int

    Returns
    -------
    ColumnPeaks or CentroidPeaks
        The former where spectra are in columns already: the files list m/z values, or m/z values
        repeat exactly.
    """
    tolerance = tolerance_ppm * 1e-6
    sources = list(measurement.sources.values())
    files = [FileColumns(source.listed_mz, tolerance) for source in sources]
    starts = np.cumsum([0, *(len(rows) for rows in measurement.rows.values())])
    all_listed = all(file.listed for file in files)
    grid = Grid(spacing=tolerance / RESOLUTION, power=1)
    sums = GridSums(2, measurement.source)

    def file_of(rows):
        return files[np.searchsorted(starts, rows.start, side="right") - 1]

    def density(block):
        mz, intensity, _ = points_with_signal(block)
        points = sums.points(grid.position(mz))
        return points.low, np.stack([points.shared(w) for w in (np.ones(len(mz)), intensity)])

    def part(block):
        return None if all_listed else density(block), file_of(block.rows).part(block)

    for rows, (shared, own) in stream(measurement, part, "centroids", threads):
        if shared is not None:
            sums.add(*shared)
        file_of(rows).add(*own)
    if form_columns(files):
        return ColumnPeaks(files, tolerance, measurement.n_pixels)
    count, intensity = sums.sums
    return CentroidPeaks(grid, sums.low, count, intensity, measurement.n_pixels)
