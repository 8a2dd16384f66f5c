"""What an anomaly map consists of."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from imsforge.artifacts.hdf5 import Artifact


@dataclass(frozen=True)
class AnomalyScores(Artifact):
    """``scores.h5`` of an anomaly map: how abnormal each pixel with signal is.

    Attributes
    ----------
    x, y : (n,) int32, coordinates within a sample
    sample : (n,) int16, index into ``samples``
    samples : (n_samples,) str
    healthy : (n,) bool, inside the healthy mask
    train : (n,) bool, fitted on; fewer than the healthy ones where a mask is trimmed
    tissue : (n,) bool, False off the tissue
    total_ion_current : (n,) float32, sum of the spectrum before any normalisation
    kmeans : (n,) int16, cluster of the pixel, from 1
    detectors : (n_detectors,) str; the first leads
    score : (n, n_detectors) float32, higher is more abnormal; of detectors that did not see the
        pixel
    false_alarm_rate : (n, n_detectors) float32, share of the healthy pixels that score at least as
        high, the pixel counted among them: 1 / (n_healthy + 1) at least
    threshold : (n_detectors,) float64, a pixel that scores higher is abnormal
    """

    axes: ClassVar[dict] = {
        "x": ("pixels",),
        "y": ("pixels",),
        "sample": ("pixels",),
        "healthy": ("pixels",),
        "train": ("pixels",),
        "tissue": ("pixels",),
        "total_ion_current": ("pixels",),
        "kmeans": ("pixels",),
        "detectors": ("detectors",),
        "score": ("pixels", "detectors"),
        "false_alarm_rate": ("pixels", "detectors"),
        "threshold": ("detectors",),
    }

    x: np.ndarray
    y: np.ndarray
    sample: np.ndarray
    samples: np.ndarray
    healthy: np.ndarray
    train: np.ndarray
    tissue: np.ndarray
    total_ion_current: np.ndarray
    kmeans: np.ndarray
    detectors: np.ndarray
    score: np.ndarray
    false_alarm_rate: np.ndarray
    threshold: np.ndarray

    def abnormal(self, detector=0):
        """Return the pixels of tissue that a detector finds abnormal, (n,) bool.

        Healthy pixels too, where it raises a false alarm.
        """
        return self.tissue & (self.score[:, detector] > self.threshold[detector])
