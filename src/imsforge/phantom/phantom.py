"""The synthetic kidney as one object: its truth, and its spectra block by block."""

from dataclasses import dataclass

import numpy as np

from imsforge.io.artifacts import Artifact
from imsforge.phantom.anatomy import ZONES, Kidney
from imsforge.phantom.chemistry import COMPONENTS, Composition, component_spectra, peak_positions
from imsforge.phantom.measurement import MEAN_INTENSITY, measure, measured_mz, pixel_gains
from imsforge.seeding import derive_seed

PRESETS = {
    "demo": {"n_pixels": 12_000, "n_peaks": 240},
    "thesis": {"n_pixels": 161_547, "n_peaks": 573},
}

BLOCK_ROWS = 2048


@dataclass(frozen=True)
class PhantomTruth(Artifact):
    """``truth.h5``: what the phantom was made from, row for row as its spectra are stored.

    Attributes
    ----------
    x, y : (n_pixels,) int32, pixel coordinates, from 1
    region : (n_pixels,) int8, position in `region_names` of the zone that prevails
    colony, fold : (n_pixels,) bool, the anomalies
    abundances : (n_pixels, n_components) float32, rows sum to 1
    spectra : (n_components, n_peaks) float32, expected intensities of a pure pixel at gain 1
    gain : (n_pixels,) float32
    mz : (n_peaks,) float64, ascending, without the measurement's errors
    region_names, component_names : str arrays
    """

    x: np.ndarray
    y: np.ndarray
    region: np.ndarray
    colony: np.ndarray
    fold: np.ndarray
    abundances: np.ndarray
    spectra: np.ndarray
    gain: np.ndarray
    mz: np.ndarray
    region_names: np.ndarray
    component_names: np.ndarray


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

    def _block(self, rows):
        truth = self.truth
        expected = truth.gain[rows, None] * (truth.abundances[rows] @ truth.spectra)
        rng = np.random.default_rng(derive_seed(self.seed, "phantom", "ions", rows.start))
        intensity = measure(expected, rng)
        rng = np.random.default_rng(derive_seed(self.seed, "phantom", "mz", rows.start))
        return intensity, measured_mz(truth.mz, len(intensity), rng)


def make_phantom(n_pixels=12_000, n_peaks=240, seed=0):
    """Make a synthetic kidney section with two bacterial colonies and folds at its rim."""
    rng = np.random.default_rng(derive_seed(seed, "phantom", "anatomy"))
    kidney = Kidney(rng)
    section = kidney.section(n_pixels)
    composition = Composition(kidney, rng)
    rng = np.random.default_rng(derive_seed(seed, "phantom", "chemistry"))
    fold = kidney.folds(section.points)
    spectra = MEAN_INTENSITY * component_spectra(n_peaks, rng)
    mz = peak_positions(n_peaks, rng)
    rng = np.random.default_rng(derive_seed(seed, "phantom", "gain"))
    truth = PhantomTruth(
        x=section.x,
        y=section.y,
        region=kidney.zones(section.points).argmax(axis=1).astype(np.int8),
        colony=kidney.colonies(section.points) > 0,
        fold=fold,
        abundances=composition.abundances(section.points).astype(np.float32),
        spectra=spectra.astype(np.float32),
        gain=pixel_gains(section.points, fold, rng).astype(np.float32),
        mz=mz,
        region_names=np.array(ZONES),
        component_names=np.array(COMPONENTS),
    )
    return Phantom(truth, seed)
