"""Classes from clusters of spectra."""

import logging

import numpy as np
from sklearn.cluster import KMeans

from imsforge.errors import DataError
from imsforge.factorization.magnitude import moderated
from imsforge.factorization.semi_orthogonal import SemiOrthogonalNMF
from imsforge.factorization.spherical import leading_direction

logger = logging.getLogger(__name__)


def cluster_pixels(
    intensity, *, method, n_classes, transform="none", merge_below=0, usable=None, seed=0
):
    """Cluster spectra into classes, numbered from 1 by falling size.

    Parameters
    ----------
    intensity : (n_pixels, n_peaks) array, non-negative
    method : {"semi-orthogonal-nmf", "kmeans"}
    n_classes : int
    transform : {"none", "sqrt"}
        Cluster the intensities, or their square roots.
    merge_below : int
        Classes with fewer pixels are merged into those that they are most like.
    usable : (n_pixels,) bool or None
        Which pixels may get a class; all when left out.
    seed : int

    Returns
    -------
    label : (n_pixels,) int16, 0 for pixels without any signal or not usable
    components : (n_left, n_peaks) float32, for each class left after merging the spectrum (with
        "sqrt", its square root) that stands for it
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
    if not signal.all():
        logger.warning("%d pixels without any signal get no class", np.sum(~signal))
    enough = "any signal"
    if usable is not None and not usable.all():
        enough = "enough signal (labels.minimum_signal)"
        logger.warning("%d pixels without enough signal get no class", np.sum(signal & ~usable))
        signal &= usable
    if signal.sum() < n_classes:
        raise DataError(
            f"labels.classes: {n_classes} clusters asked for, but only {signal.sum()} pixels have "
            f"{enough}; ask for fewer"
        )
    values = intensity[signal]  # a copy
    if transform == "sqrt":
        values = np.sqrt(values, out=values if values.dtype.kind == "f" else None)
    values, exponent = moderated(values)
    if method == "semi-orthogonal-nmf":
        model = SemiOrthogonalNMF(n_classes, random_state=seed).fit(values)
        components = model.components_
    else:
        model = KMeans(n_classes, n_init=3, random_state=seed).fit(values)
        components = model.cluster_centers_
    labels = merge_small(model.labels_, components, merge_below)
    if merge_below and labels.max() + 1 < n_classes:
        components = _representatives(values, labels, method)
    order = _by_falling_size(labels, len(components))
    rank = np.empty(len(order), dtype=np.int16)
    rank[order] = np.arange(1, len(order) + 1)
    label = np.zeros(len(intensity), dtype=np.int16)
    label[signal] = rank[labels]
    weight = None
    if method == "semi-orthogonal-nmf":
        weight = np.zeros(len(intensity), dtype=np.float32)
        weights = (values @ components.T)[np.arange(len(values)), labels]
        weight[signal] = np.ldexp(weights, exponent)
    else:
        components = np.ldexp(components, exponent)
    return label, components[order].astype(np.float32), weight


def _by_falling_size(labels, n_classes):
    """Return the classes, largest first; of equally large ones, that of the earlier pixel."""
    sizes = np.bincount(labels, minlength=n_classes)
    first = np.full(n_classes, len(labels))
    np.minimum.at(first, labels, np.arange(len(labels)))
    return np.lexsort((first, -sizes))


def _representatives(values, labels, method):
    """Return what stands for each class: the best direction of its spectra, or their mean."""
    represent = leading_direction if method == "semi-orthogonal-nmf" else _mean
    classes = [values[labels == k] for k in range(labels.max() + 1)]
    return np.stack([represent(members) for members in classes])


def _mean(members):
    return members.mean(axis=0)


def merge_small(labels, components, minimum):
    """Merge each class with too few pixels into the class whose component is nearest in angle.

    The smallest class goes first; what it joins grows, and may so be large enough itself.

    Parameters
    ----------
    labels : (n,) int array, 0 to n_classes - 1
    components : (n_classes, m) array, the spectrum that stands for a class
    minimum : int, pixels that a class has at least

    Returns
    -------
    labels : (n,) int array, numbered anew without gaps, in the old order
    """
    lengths = np.linalg.norm(components, axis=1, keepdims=True)
    similarity = (components / lengths) @ (components / lengths).T
    np.fill_diagonal(similarity, -np.inf)
    sizes = np.bincount(labels, minlength=len(components))
    joins = np.arange(len(components))
    alive = np.ones(len(components), dtype=bool)
    while alive.sum() > 1:
        small = np.where(alive, sizes, np.iinfo(sizes.dtype).max).argmin()
        if sizes[small] >= minimum:
            break
        nearest = np.where(alive, similarity[small], -np.inf).argmax()
        joins[joins == small] = nearest
        sizes[nearest] += sizes[small]
        alive[small] = False
    if not alive.all():
        logger.warning(
            "%d classes below %d pixels were merged with others; %d are left",
            *(np.sum(~alive), minimum, alive.sum()),
        )
    return (np.cumsum(alive) - 1)[joins[labels]]
