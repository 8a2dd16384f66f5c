"""Anomaly maps: how abnormal each pixel is to each of several detectors."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from imsforge.anomaly.critic import Critic
from imsforge.anomaly.cross_fitting import cross_fitted_scores, stripes
from imsforge.anomaly.registry import CRITIC, DETECTORS
from imsforge.anomaly.scores import AnomalyScores
from imsforge.anomaly.thresholds import false_alarm_rate, threshold
from imsforge.anomaly.views import SINGLE_VIEWS, most_abnormal
from imsforge.seeding import derive_seed


class PixelRows:
    """What detectors look at of each pixel, by view.

    Parameters
    ----------
    peaks : PeakMatrix
    features : Features, not scaled
    """

    def __init__(self, peaks, features):
        self.spectra = peaks.intensity[features.pixel]
        self.total_ion_current = peaks.total_ion_current[features.pixel].astype(np.float64)
        self._weights = features.values
        self._sum = self.spectra.sum(axis=1, dtype=np.float64)

    def view(self, name):
        """Return the rows of a view: one of `SINGLE_VIEWS`, "spectra" or "total-ion-current"."""
        if name == "spectra":
            return self.spectra
        if name == "total-ion-current":
            return np.log(self.total_ion_current)[:, None]
        return SINGLE_VIEWS[name](self._weights, self._sum, self.total_ion_current)


def detector_scores(name, rows, view, fold, *, seed=0):
    """Score all pixels by a detector, each by fits that did not see it.

    Parameters
    ----------
    name : a key of `DETECTORS`
    rows : PixelRows
    view : a key of `imsforge.anomaly.views.VIEWS`
        What the detector looks at, unless it always looks at the same.
    fold : (n_pixels,) int array, as of `cross_fitted_scores`
    seed : int

    Returns
    -------
    (n_pixels,) float64 array
    """
    entry = DETECTORS[name]
    views = ["count", "composition"] if view == "both" else [view]
    scores = [
        cross_fitted_scores(entry.make(derive_seed(seed, name)), rows.view(one), fold)
        for one in ([entry.view] if entry.view else views)
    ]
    score = scores[0] if len(scores) == 1 else most_abnormal(scores, fold >= 0)
    return score / rows.total_ion_current if entry.per_current else score
