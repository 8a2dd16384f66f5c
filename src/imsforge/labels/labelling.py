"""The stage `label`: a class for each pixel."""

import numpy as np
import pandas as pd

from imsforge.artifacts.contract import Labels
from imsforge.labels.clustering import cluster_pixels
from imsforge.labels.given import column_labels, layer_labels


def label_pixels(
    peaks,
    layers=(),
    *,
    method,
    classes=20,
    transform="none",
    merge_below=0,
    minimum_signal=0,
    column=None,
    names=None,
    background=None,
    scale=1.0,
    offset=None,
    seed=0,
):
    """Give every pixel a class.

    Parameters
    ----------
    peaks : PeakMatrix
    layers : sequence of Layer
        Of the method "file", what experts gave.
    method : {"semi-orthogonal-nmf", "kmeans", "column", "file"}
    classes, transform, merge_below
        Of the clusterings, see `cluster_pixels`.
    minimum_signal : float
        Of the clusterings: pixels with a smaller total ion current get no class.
    column, names, background, scale, offset
        Of given labels, see `column_labels` and `layer_labels`.
    seed : int

    Returns
    -------
    Labels
    """
    if method == "column":
        return column_labels(peaks.annotations, column, names=names, background=background)
    if method == "file":
        settings = {"names": names, "background": background}
        return layer_labels(peaks, layers, column=column, scale=scale, offset=offset, **settings)
    label, components, weight = cluster_pixels(
        peaks.intensity,
        method=method,
        n_classes=classes,
        transform=transform,
        merge_below=merge_below,
        usable=~(peaks.total_ion_current < minimum_signal),
        seed=seed,
    )
    names = np.array([str(k) for k in range(1, len(components) + 1)])
    return Labels(label, names, components, weight)


def class_table(labels):
    """Count the pixels of each class.

    Returns
    -------
    DataFrame with columns class, pixels, share (of all pixels with a class)
    """
    pixels = np.bincount(labels.label, minlength=len(labels.names) + 1)[1:]
    return pd.DataFrame({"class": labels.names, "pixels": pixels, "share": pixels / pixels.sum()})
