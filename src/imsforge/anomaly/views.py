"""What of a pixel detectors look at: its features, with or without its brightness."""

import numpy as np

from imsforge.anomaly.thresholds import false_alarm_rate

#: Name -> what a map of this view takes for granted, in words for reports.
VIEWS = {
    "count": "brightness counts: a pixel that is brighter or darker than healthy ones is abnormal, "
    "whatever it is made of; counting noise is taken to be alike in bright and dim pixels",
    "composition": "brightness does not count: only which ions there are, relative to each other",
    "weights": "features as they are: where peaks are not normalised, brightness counts, and so "
    "does the larger noise of bright pixels",
    "both": "a pixel is abnormal in brightness or in composition, whichever is the rarer among "
    "healthy pixels",
}

#: Healthy pixels whose scores are the tail that is continued beyond the largest of them.
_TAIL = 0.1


class PixelRows:
    """What detectors look at of each pixel, by view.

    Parameters
    ----------
    spectra : (n_pixels, n_peaks) array, non-negative, none of them empty; normalised or not
    weights : (n_pixels, n_features) array, what the spectra were reduced to
    total_ion_current : (n_pixels,) array, positive, before any normalisation
    """

    def __init__(self, spectra, weights, total_ion_current):
        self.spectra, self.weights = spectra, weights
        self.total_ion_current = total_ion_current.astype(np.float64)
        self._sum = spectra.sum(axis=1, dtype=np.float64)

    def __len__(self):
        return len(self.spectra)

    def view(self, name):
        """Return the rows of a view.

        Parameters
        ----------
        name : str
            "count": weights whose counting noise has one size, and in the last column the
            logarithm of the total ion current. A count of mean N has a standard deviation of
            sqrt(N): relative to the spectrum's sum, noise falls with the root of the total ion
            current, by which it is multiplied. "composition": square roots of the spectra relative
            to their sums, which no gain changes. "weights" and "spectra" as they are;
            "total-ion-current": its logarithm.

        Returns
        -------
        (n_pixels, n_columns) array, float32 but for the total ion current
        """
        match name:
            case "count":
                scale = np.sqrt(self.total_ion_current) / self._sum
                columns = self.weights * scale[:, None], np.log(self.total_ion_current)
                return np.column_stack(columns).astype(np.float32)
            case "composition":
                shares = self.spectra / self._sum[:, None].astype(np.float32)
                return np.sqrt(shares, out=shares)
            case "total-ion-current":
                return np.log(self.total_ion_current)[:, None]
            case "weights" | "spectra":
                return getattr(self, name)
        raise KeyError(name)

    def per_current(self, squares):
        """Return squared residuals of weights over the total ion current, (n_pixels,) float64.

        Counting noise makes them grow by that. Those of normalised weights are brought back to the
        unit of the total ion current before: dim pixels would stand out by their noise otherwise.

        Parameters
        ----------
        squares : (n_pixels,) array
        """
        divisor = self.total_ion_current / self._sum
        return squares * divisor**2 / self.total_ion_current


def surprise(score, healthy):
    """Return minus the logarithm of how often healthy pixels reach a score.

    Scores of different views become comparable. Beyond the scores of nine healthy pixels in ten the
    rate falls exponentially, by their mean excess, so that pixels beyond all healthy ones are told
    apart.

    Parameters
    ----------
    score : (n,) array
    healthy : (n_healthy,) array, scores of healthy pixels that no detector learnt from

    Returns
    -------
    (n,) float64 array, from 0
    """
    start = np.quantile(healthy, 1 - _TAIL)
    excess = np.maximum(healthy - start, 0).sum() / max(1, np.count_nonzero(healthy > start))
    beyond = score > start
    found = -np.log(false_alarm_rate(score, healthy))
    # Where the largest healthy scores are all one, nothing says how fast the rate falls.
    found[beyond] = -np.log(_TAIL) + (score[beyond] - start) / (excess or 1)
    return found


def rarer(scores, healthy):
    """Combine scores of several views: the view counts in which a pixel is the rarer.

    Parameters
    ----------
    scores : list of (n,) arrays
    healthy : (n,) bool, healthy pixels, scored by detectors that did not learn from them

    Returns
    -------
    (n,) float64 array, see `surprise`
    """
    return np.max([surprise(score, score[healthy]) for score in scores], axis=0)
