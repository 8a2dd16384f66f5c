"""The class of each pixel: by clustering its spectrum, or as given with the measurement."""

import logging

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

from imsforge.errors import DataError
from imsforge.factorization.semi_orthogonal import SemiOrthogonalNMF
from imsforge.io.artifacts import Labels

logger = logging.getLogger(__name__)


def label_pixels(peaks, *, method, classes=20, transform="none", column=None, seed=0):
    """Give every pixel a class.

    Parameters
    ----------
    peaks : PeakMatrix
    method : {"semi-orthogonal-nmf", "kmeans", "column"}
    classes, transform
        Of the clusterings, see `cluster_pixels`.
    column : str
        Of the method "column", see `given_labels`.
    seed : int

    Returns
    -------
    Labels
    """
    if method == "column":
        label, names = given_labels(peaks.annotations, column)
        return Labels(label, names)
    label, components, weight = cluster_pixels(
        peaks.intensity, method=method, n_classes=classes, transform=transform, seed=seed
    )
    return Labels(label, np.array([str(k) for k in range(1, classes + 1)]), components, weight)


def class_table(labels):
    """Count the pixels of each class.

    Returns
    -------
    DataFrame with columns class, pixels, share (of all pixels with a class)
    """
    pixels = np.bincount(labels.label, minlength=len(labels.names) + 1)[1:]
    return pd.DataFrame({"class": labels.names, "pixels": pixels, "share": pixels / pixels.sum()})


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


def given_labels(annotations, column):
    """Take the classes from an annotation of the measurement.

    Values that mean "no class" (0, NaN, the empty string) give label 0.

    Parameters
    ----------
    annotations : dict of (n_pixels,) arrays
    column : str

    Returns
    -------
    label : (n_pixels,) int16
    names : (n_classes,) str array

    Raises
    ------
    DataError
        If there is no such annotation, or no two classes in it.
    """
    if column not in annotations:
        known = ", ".join(sorted(annotations)) or "none"
        raise DataError(
            f"labels.column: the measurement has no annotation '{column}'; it has: {known}"
        )
    values = np.asarray(annotations[column])
    if values.dtype.kind == "f":
        whole = np.all(values[np.isfinite(values)] % 1 == 0)
        values = np.nan_to_num(values).astype(np.int64) if whole else values
    text = values.astype(str)
    missing = np.isin(text, ["", "0", "nan", "None", "False"])
    present = values[~missing]
    names, codes = np.unique(present, return_inverse=True)
    if len(names) < 2:
        raise DataError(f"labels.column: '{column}' holds {len(names)} class(es); two are needed")
    label = np.zeros(len(values), dtype=np.int16)
    label[~missing] = codes + 1
    return label, names.astype(str)
