"""Features of spectra: the weights of a non-negative matrix factorisation, or all intensities."""

import numpy as np

from imsforge.artifacts.contract import Features
from imsforge.errors import DataError
from imsforge.factorization.nmf import NMFFeatures

# Twice as many singular vectors as features leave the objective as it is, within 0.1 %, in half of
# the time or less; below this number there is little to gain.
_MIN_COMPRESSION = 100


def make_features(peaks, labels, split, *, n_features, fit_on="train"):
    """Describe the pixels of a split by features.

    Parameters
    ----------
    peaks : PeakMatrix
    labels : Labels
    split : Split
    n_features : int, or "full" for the spectra themselves
    fit_on : {"train", "all"}
        Rows that the factorisation sees; "all" leaks test and reserved rows, as in the thesis.

    Returns
    -------
    Features
    """
    pixel = np.sort(np.concatenate([split.train, split.test, split.reserve]))
    train = np.isin(pixel, split.train)
    fit_rows = train if fit_on == "train" else np.ones_like(train)
    values, components = reduce_spectra(peaks.intensity[pixel], fit_rows, n_features)
    return Features(
        values,
        labels.label[pixel],
        pixel,
        train,
        labels.names,
        components,
        sample=peaks.sample[pixel],
        samples=peaks.samples,
        reserve=np.isin(pixel, split.reserve) if len(split.reserve) else None,
    )


def reduce_spectra(intensity, fit_rows, n_features):
    """Describe spectra by a number of NMF features.

    Thesis row V2: NNDSVD start, at most 500 iterations of coordinate descent; here on twice as many
    leading singular vectors as features, at least 100. See `NMFFeatures`.

    Parameters
    ----------
    intensity : (n_rows, n_peaks) array, non-negative
    fit_rows : (n_rows,) bool, the rows that the factorisation may see
    n_features : int, or "full" for the spectra themselves

    Returns
    -------
    values : (n_rows, n_features) float32
    components : (n_features, n_peaks) float32, or None with "full"

    Raises
    ------
    DataError
        If more features are asked for than there are peaks or rows to fit on.
    """
    if n_features == "full":
        return intensity.astype(np.float32), None
    limit = min(int(fit_rows.sum()), intensity.shape[1])
    if n_features > limit:
        raise DataError(
            f"features: {n_features} is more than the {limit} that "
            f"{intensity.shape[1]} peaks and {fit_rows.sum()} training spectra allow; "
            f"choose at most {limit}, or `full`"
        )
    model = NMFFeatures(n_features, compression=max(_MIN_COMPRESSION, 2 * n_features))
    values = np.empty((len(intensity), n_features), dtype=np.float32)
    values[fit_rows] = model.fit_transform(intensity[fit_rows])
    if not fit_rows.all():
        values[~fit_rows] = model.transform(intensity[~fit_rows])
    return values, model.components_.astype(np.float32)
