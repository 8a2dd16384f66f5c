"""The one spectrum that peaks of profile data are picked on, streamed."""

from dataclasses import dataclass

import numpy as np

from imsforge.errors import ConfigError
from imsforge.peaks.grid import GridSums, sampling_grid
from imsforge.peaks.integrate import points_with_signal
from imsforge.peaks.streaming import ByAxis, stream

# Pixels of a random subset.
_SUBSET = 1000
# float32 ends at 3e38.
_SAFE_TO_SQUARE = 1e15


@dataclass(frozen=True)
class SummarySpectrum:
    """One spectrum for all pixels.

    Attributes
    ----------
    mz : (n_points,) float64, ascending
    intensity : (n_points,) float64, mean or maximum over pixels
    nearest, spread : (n_points,) float64
        Mean and standard deviation over pixels of what each has nearest to a point; of a maximum
        itself and 0.
    n_pixels : int
    """

    mz: np.ndarray
    intensity: np.ndarray
    nearest: np.ndarray
    spread: np.ndarray
    n_pixels: int

    def share(self, level=0.0, spread=0.0):
        """Return the share of the pixels that stand behind the mean, (n_points,) float64.

        It is the participation ratio, squared mean over mean square. Of n pixels, k with one
        intensity and the others without any give k / n; a single bright pixel gives 1 / n. It is 1
        under a maximum.

        Parameters
        ----------
        level, spread : (n_points,) float64
            Mean and standard deviation of a background, which is no signal. How far it varies with
            the signal is not known: the share is the largest that is possible, which it has where
            both vary alike.
        """
        mean, own = np.maximum(self.nearest - level, 0), np.maximum(self.spread - spread, 0)
        square = mean**2 + own**2
        return np.divide(mean**2, square, out=np.zeros(len(mean)), where=square > 0)


def summarize(measurement, kind, finest_ppm, preprocess, seed=0, threads=1):
    """Summarise the spectra of a measurement on their common axis, or the grid that fits theirs.

    Parameters
    ----------
    measurement : Measurement
    kind : {"mean", "skyline", "subset"}
        Mean over all pixels, maximum over all pixels, or mean over 1000 random pixels.
    finest_ppm : float
        Least spacing of that grid.
    preprocess : callable, of a `Block`
    seed : int
        Decides which pixels a subset has.
    threads : int

    Returns
    -------
    SummarySpectrum

    Raises
    ------
    ConfigError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise ConfigError(f"spectrum: {kind!r} is unknown; choose one of {', '.join(KINDS)}")
    rows = random_pixels(measurement.n_pixels, _SUBSET, seed) if kind == "subset" else None
    summary = KINDS[kind](measurement, finest_ppm)
    blocks = stream(
        measurement,
        lambda block: summary.part(preprocess(block)),
        f"{kind} spectrum",
        threads,
        rows=rows,
    )
    for _, part in blocks:
        summary.add(*part)
    return summary.finish(measurement.n_pixels if rows is None else len(rows))


def random_pixels(n_pixels, n_wanted, seed):
    """Draw pixels without replacement; ascending."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(n_pixels, min(n_wanted, n_pixels), replace=False))


class _Summary:
    """Sums by axis where blocks have a common one, on a grid where spectra have their own."""

    n_sums, combine = 0, np.add

    def __init__(self, measurement, finest_ppm):
        self.by_axis = ByAxis()
        self.on_grid = GridSums(self.n_sums, measurement.source, self.combine)
        if measurement.axis is None:
            self.grid = sampling_grid(measurement.some_axes(), finest_ppm)

    def part(self, block):
        """Return what a block adds: its axis, or the first position on the grid, and sums."""
        if block.axis is not None:
            return block.axis, self._over_rows(block.intensity.reshape(block.n_rows, -1))
        mz, intensity, row = points_with_signal(block)
        points = self.on_grid.points(self.grid.position(mz))
        return points.low, self._over_points(points, intensity.astype(np.float64), row)

    def add(self, place, sums):
        """Add what a block adds."""
        if isinstance(place, np.ndarray):
            own = self.by_axis.setdefault(place, lambda: np.zeros_like(sums))
            self.combine(own, sums, out=own)
        else:
            self.on_grid.add(place, sums)

    def total(self):
        """Return m/z values, ascending, and sums over all blocks."""
        axes = list(self.by_axis)
        if len(axes) == 1 and self.on_grid.n_grid == 0:
            return axes[0]
        for axis, sums in axes:
            points = self.on_grid.points(self.grid.position(axis))
            self.on_grid.add(points.low, self._from_axis(points, sums))
        mz = self.grid.mz(self.on_grid.low + np.arange(self.on_grid.n_grid))
        # An `AxisGrid` has nothing beyond its ends.
        mz, first = np.unique(mz, return_index=True)
        return mz, self.on_grid.sums[:, first]


class _Mean(_Summary):
    """Sums: intensities; intensities by nearest grid point; squares of the latter."""

    n_sums = 3

    @staticmethod
    def _over_rows(values):
        total = values.sum(axis=0, dtype=np.float64)
        if values.dtype != np.float32 or values.max() > _SAFE_TO_SQUARE:
            values = values.astype(np.float64)
        squares = np.einsum("ij,ij->j", values, values)
        return np.stack([total, total, squares])

    @staticmethod
    def _over_points(points, intensity, row):
        # A spectrum may have several points at one grid point: these are one value of its own.
        key = row * points.n_grid + points.nearest
        first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))[: len(key)]
        value = np.add.reduceat(intensity, first) if len(key) else intensity
        cell, n_grid = points.nearest[first], points.n_grid
        binned = (np.bincount(cell, weight, n_grid) for weight in (value, np.square(value)))
        return np.stack([points.shared(intensity), *binned])

    @staticmethod
    def _from_axis(points, sums):
        return np.stack([points.shared(values) for values in sums])

    def finish(self, n_pixels):
        """Return the mean spectrum."""
        mz, (total, binned, squares) = self.total()
        nearest = np.where(squares > 0, binned / n_pixels, 0)  # squares of next to nothing vanish
        spread = np.sqrt(np.maximum(squares / n_pixels - nearest**2, 0))
        return SummarySpectrum(mz, total / n_pixels, nearest, spread, n_pixels)


class _Skyline(_Summary):
    """The largest intensity at each point, or nearest to each grid point."""

    n_sums, combine = 1, np.maximum

    @staticmethod
    def _over_rows(values):
        return values.max(axis=0)[None].astype(np.float64)

    @staticmethod
    def _over_points(points, intensity, row):
        top = np.zeros((1, points.n_grid))
        np.maximum.at(top[0], points.nearest, intensity)
        return top

    @staticmethod
    def _from_axis(points, sums):
        return np.interp(np.arange(points.n_grid), points.index + points.share, sums[0])[None]

    def finish(self, n_pixels):
        """Return the skyline spectrum."""
        mz, (top,) = self.total()
        return SummarySpectrum(mz, top, top, np.zeros(len(mz)), n_pixels)


#: What stands for all pixels.
KINDS = {"mean": _Mean, "skyline": _Skyline, "subset": _Mean}
