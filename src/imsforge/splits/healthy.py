"""The pixels known to be healthy."""

import numpy as np

from imsforge.errors import DataError
from imsforge.labels.classes import in_classes, indices_of
from imsforge.labels.masks import image_places
from imsforge.labels.regions import place_regions

#: Names of the labels 1 and 2 of an anomaly map's rows.
HEALTHY_NAMES = ("healthy", "unknown")


def healthy_split(peaks, **healthy):
    """Split the pixels that have signal into healthy ones, to learn from, and all others.

    Parameters
    ----------
    peaks : PeakMatrix
    **healthy
        As in `healthy_pixels`.

    Returns
    -------
    train, test : (n,) int64 arrays, ascending
    label : (n_pixels,) int16, 1 for healthy, 2 for unknown, 0 for no signal
    """
    signal = peaks.intensity.any(axis=1)
    train = healthy_pixels(peaks, signal, **healthy)
    label = np.where(signal, 2, 0).astype(np.int16)
    label[train] = 1
    return train, np.flatnonzero(label == 2), label


def healthy_pixels(
    peaks,
    signal,
    *,
    rectangle=None,
    mask=None,
    regions=None,
    classes=None,
    labels=None,
    sample=None,
    scale=1.0,
    offset=None,
):
    """Return the rows of the healthy pixels that have signal.

    Parameters
    ----------
    peaks : PeakMatrix
    signal : (n_pixels,) bool, False for empty spectra
    rectangle : (x_min, y_min, x_max, y_max) or None, bounds included
        In the coordinates of a sample.
    mask : (height, width) bool or None
        Covers a sample's grid as masks of labels do, see `imsforge.labels.masks.image_places`.
    regions : list of Region or None
        Of one class, whatever its name.
    classes : name, list of names, or None
        Classes of ``labels``.
    labels : Labels or None
        The classes of the dataset.
    sample : name, list of names, or None
        The samples that rectangle, mask, regions or classes refer to; without any of these, all
        their pixels are healthy. May be left out where there is one sample, and with ``classes``.
    scale, offset
        Of regions as in `imsforge.labels.regions.place_regions`, of a mask as in `image_places`.

    Returns
    -------
    (n,) int64 array, ascending

    Raises
    ------
    DataError
        If a sample or class is unknown, or the sample not named where there are several, if mask
        or regions do not fit, or if fewer than 50 pixels are left.
    """
    chosen = range(len(peaks.samples)) if classes is not None and sample is None else None
    inside, spans = np.zeros(len(signal), dtype=bool), []
    for k in _chosen(sample, peaks.samples) if chosen is None else chosen:
        own = np.flatnonzero(peaks.sample == k)
        x, y = peaks.x[own], peaks.y[own]
        title = f"sample '{peaks.samples[k]}'" if len(peaks.samples) > 1 else "the measurement"
        spans.append(f"{title} spans x {x.min()} to {x.max()} and y {y.min()} to {y.max()}")
        if mask is not None:
            of = {"offset": offset, "grid": f"the grid of {title}", "key": "healthy"}
            rows, columns, _ = image_places(mask.shape, x, y, "healthy.mask", **of)
            inside[own] = mask[rows, columns]
        elif regions is not None:
            inside[own] = _inside_regions(x, y, regions, scale, offset)
        elif rectangle is not None:
            inside[own] = _inside_rectangle(x, y, rectangle)
        elif classes is not None:
            inside[own] = in_classes(labels, classes, "healthy.classes")[own]
        else:
            inside[own] = True
    rows = np.flatnonzero(inside & signal)
    if len(rows) < 50:
        raise DataError(
            f"healthy: only {len(rows)} measured pixels lie inside (at least 50 are needed); "
            f"{', '.join(spans)}"
        )
    return rows


def _chosen(sample, samples):
    """Return the indices of the samples that are meant."""
    known = ", ".join(samples)
    if sample is None:
        if len(samples) > 1:
            raise DataError(
                f"healthy.sample: the dataset has {len(samples)} samples ({known}), each with "
                "coordinates of its own; name the one that is meant"
            )
        return [0]
    return indices_of(sample, samples, "sample", "healthy.sample")


def _inside_regions(x, y, regions, scale, offset):
    names = sorted({region.name for region in regions})
    if len(names) > 1:
        raise DataError(
            f"healthy.regions: regions of several classes ({', '.join(map(repr, names))}); export "
            "the healthy ones alone, or take the file as labels and name the class"
        )
    of = {"scale": scale, "offset": offset, "key": "healthy"}
    return place_regions(regions, x, y, "healthy.regions", **of).code >= 0


def _inside_rectangle(x, y, rectangle):
    x_min, y_min, x_max, y_max = rectangle
    return (x >= x_min) & (x <= x_max) & (y >= y_min) & (y <= y_max)
