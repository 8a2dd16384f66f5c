"""Classes from clusters of spectra."""

import logging

import numpy as np
from sklearn.cluster import KMeans

from imsforge.errors import DataError
from imsforge.factorization.semi_orthogonal import SemiOrthogonalNMF

logger = logging.getLogger(__name__)


def cluster_pixels(intensity, *, method, n_classes, transform="none", seed=0):
    """Cluster spectra into classes, numbered from 1 by falling size.

    Parameters
    ----------
    intensity : (n_pixels, n_peaks) array, non-negative
    method : {"semi-orthogonal-nmf", "kmeans"}
    n_classes : int
    transform : {"none", "sqrt"}
        Cluster the intensities, or their square roots.
    seed : int

    Returns
    -------
    label : (n_pixels,) int16, 0 for pixels without any signal
    components : (n_classes, n_peaks) float32, the spectrum (with "sqrt", its square root) that
        stands for each class
    weight : (n_pixels,) float32, the non-zero of each row of W; None with k-means

    Raises
    ------
    DataError
        If there are fewer pixels with signal than classes.

    Notes
    -----
    Thesis row V1: semi-orthogonal NMF with 20 classes.
    """
    signal = intensity.any(axis=1)
    if signal.sum() < n_classes:
        raise DataError(
            f"labels.classes: {n_classes} clusters asked for, but only {signal.sum()} pixels have "
            "any signal; ask for fewer"
        )
    if not signal.all():
        logger.warning("%d pixels without any signal get no class", np.sum(~signal))
    spectra = intensity[signal]
    if method == "semi-orthogonal-nmf":
        model = SemiOrthogonalNMF(n_classes, stabilise=transform, random_state=seed).fit(spectra)
        components = model.components_
        weight = np.zeros(len(intensity), dtype=np.float32)
        weight[signal] = model.transform(spectra).max(axis=1)
    else:
        values = np.sqrt(spectra) if transform == "sqrt" else spectra
        model = KMeans(n_classes, n_init=3, random_state=seed).fit(values)
        components, weight = model.cluster_centers_, None
    order = np.argsort(-np.bincount(model.labels_, minlength=n_classes), kind="stable")
    rank = np.empty(n_classes, dtype=np.int16)
    rank[order] = np.arange(1, n_classes + 1)
    label = np.zeros(len(intensity), dtype=np.int16)
    label[signal] = rank[model.labels_]
    return label, components[order].astype(np.float32), weight
