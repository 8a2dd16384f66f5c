"""The synthetic kidney as one object: its truth, and its spectra block by block."""

import logging
from dataclasses import dataclass

import numpy as np

from imsforge.errors import ConfigError
from imsforge.phantom.anatomy import ZONES, Kidney
from imsforge.phantom.chemistry import (
    COMPONENTS,
    MZ_RANGE,
    Composition,
    component_spectra,
    peak_positions,
)
from imsforge.phantom.instrument import MEAN_INTENSITY, measure, measured_mz, pixel_gains
from imsforge.phantom.truth import PhantomTruth
from imsforge.seeding import derive_seed

logger = logging.getLogger(__name__)

# Pixels and peaks of the default study, and of the thesis' kidney.
PRESETS = {
    "demo": {"n_pixels": 12_000, "n_peaks": 240},
    "thesis": {"n_pixels": 161_547, "n_peaks": 573},
}

# Each block has a random stream of its own, so this number is part of what a seed means.
BLOCK_ROWS = 2048

MIN_PEAKS = 50
MAX_PEAKS = MZ_RANGE[1] - MZ_RANGE[0]


@dataclass(frozen=True)
class Phantom:
    """A synthetic measurement: the truth, and the noisy spectra drawn from it when asked for.

    Attributes
    ----------
    truth : PhantomTruth
    seed : int
    """

    truth: PhantomTruth
    seed: int

    @property
    def shape(self):
        """Number of pixels and of peaks."""
        return len(self.truth.x), len(self.truth.mz)

    def blocks(self):
        """Yield (rows, intensity, mz) for each block of pixels, in order.

        Yields
        ------
        rows : slice
        intensity : (n, n_peaks) float32, zero where nothing was detected
        mz : (n, n_peaks) float64, as measured
        """
        n_pixels, _ = self.shape
        for start in range(0, n_pixels, BLOCK_ROWS):
            rows = slice(start, min(start + BLOCK_ROWS, n_pixels))
            yield rows, *self._block(rows)

    def intensity(self):
        """Return all spectra as one matrix, (n_pixels, n_peaks) float32."""
        matrix = np.empty(self.shape, dtype=np.float32)
        for rows, intensity, _ in self.blocks():
            matrix[rows] = intensity
        return matrix

    def expected(self, rows):
        """Return the expected intensities of some pixels, (n, n_peaks) float32."""
        truth = self.truth
        return truth.gain[rows, None] * (truth.abundances[rows] @ truth.spectra)

    def _block(self, rows):
        rng = np.random.default_rng(derive_seed(self.seed, "phantom", "ions", rows.start))
        intensity = measure(self.expected(rows), rng)
        rng = np.random.default_rng(derive_seed(self.seed, "phantom", "mz", rows.start))
        return intensity, measured_mz(self.truth.mz, len(intensity), rng)


def make_phantom(n_pixels=12_000, n_peaks=240, seed=0):
    """Make a synthetic kidney section with two bacterial colonies and folds along its rim.

    Spectra are mixtures of smoothly varying tissue components, not separate classes. One seed
    gives the same anatomy at every number of pixels.

    Parameters
    ----------
    n_pixels : int
        Measured pixels, all of them tissue.
    n_peaks : int
        Peaks between m/z 400 and 1400, at least 0.9 apart; 50 to 1000.
    seed : int

    Returns
    -------
    Phantom

    Raises
    ------
    ConfigError
        If a size is out of range.
    """
    if not MIN_PEAKS <= n_peaks <= MAX_PEAKS:
        raise ConfigError(f"n_peaks: {n_peaks}; a phantom has {MIN_PEAKS} to {MAX_PEAKS} peaks")
    if n_pixels < 1:
        raise ConfigError(f"n_pixels: {n_pixels}; a phantom has at least one pixel")
    anatomy, chemistry, gain = (
        np.random.default_rng(derive_seed(seed, "phantom", part))
        for part in ("anatomy", "chemistry", "gain")
    )
    kidney = Kidney(anatomy)
    section = kidney.section(n_pixels)
    points = section.points
    fold = kidney.folds(points)
    spectra = MEAN_INTENSITY * component_spectra(n_peaks, chemistry)
    truth = PhantomTruth(
        x=section.x,
        y=section.y,
        region=kidney.zones(points).argmax(axis=1).astype(np.int8),
        colony=kidney.colonies(points) > 0,
        fold=fold,
        abundances=Composition(kidney, anatomy).abundances(points).astype(np.float32),
        spectra=spectra.astype(np.float32),
        gain=pixel_gains(points, fold, gain).astype(np.float32),
        mz=peak_positions(n_peaks, chemistry),
        region_names=np.array(ZONES),
        component_names=np.array(COMPONENTS),
    )
    logger.info(
        "phantom: %d pixels, %d peaks, seed %d; %d pixels in colonies, %d in folds",
        *(n_pixels, n_peaks, seed, truth.colony.sum(), fold.sum()),
    )
    return Phantom(truth, seed)
