"""What a phantom was made from."""

from dataclasses import dataclass

import numpy as np

from imsforge.artifacts.hdf5 import Artifact


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

    @property
    def annotations(self):
        """What came with the measurement, as readers hand it on: the tissue an expert would name.

        That is the zone that prevails in a pixel, or ``colony``.
        """
        zone = self.region_names[self.region].astype(str)
        return {"tissue": np.where(self.colony, "colony", zone)}

    @property
    def anomalies(self):
        """The masks by kind of anomaly, as `imsforge.anomaly` asks for them."""
        return {"colony": self.colony, "fold": self.fold}
