"""The pixels known to be healthy."""

import numpy as np

from imsforge.errors import DataError

#: Names of the labels 1 and 2 of an anomaly map's rows.
HEALTHY_NAMES = ("healthy", "unknown")


def healthy_split(peaks, *, rectangle=None, mask=None, sample=None):
    """Split the pixels that have signal into healthy ones, to learn from, and all others.

    Parameters
    ----------
    peaks : PeakMatrix
    rectangle, mask, sample
        As in `healthy_pixels`.

    Returns
    -------
    train, test : (n,) int64 arrays, ascending
    label : (n_pixels,) int16, 1 for healthy, 2 for unknown, 0 for no signal
    """
    signal = peaks.intensity.any(axis=1)
    train = healthy_pixels(peaks, signal, rectangle=rectangle, mask=mask, sample=sample)
    label = np.where(signal, 2, 0).astype(np.int16)
    label[train] = 1
    return train, np.flatnonzero(label == 2), label


def healthy_pixels(peaks, signal, *, rectangle=None, mask=None, sample=None):
    """Return the rows of the healthy pixels that have signal.

    Parameters
    ----------
    peaks : PeakMatrix
    signal : (n_pixels,) bool, False for empty spectra
    rectangle : (x_min, y_min, x_max, y_max) or None, bounds included
        In the coordinates of a sample.
    mask : (height, width) bool or None
        Covers a sample's grid from the smallest to the largest coordinate.
    sample : name, list of names, or None
        The samples that rectangle or mask refer to; without either, all their pixels are healthy.
        May be left out where there is one sample.

    Returns
    -------
    (n,) int64 array, ascending

    Raises
    ------
    DataError
        If a sample is unknown, or not named where there are several, if the mask has another size
        than a sample's grid, or if fewer than 50 pixels are left.
    """
    inside, spans = np.zeros(len(signal), dtype=bool), []
    for k in _chosen(sample, peaks.samples):
        own = np.flatnonzero(peaks.sample == k)
        x, y = peaks.x[own], peaks.y[own]
        title = f"sample '{peaks.samples[k]}'" if len(peaks.samples) > 1 else "the measurement"
        spans.append(f"{title} spans x {x.min()} to {x.max()} and y {y.min()} to {y.max()}")
        if mask is not None:
            inside[own] = _inside_mask(x, y, mask, title)
        elif rectangle is not None:
            inside[own] = _inside_rectangle(x, y, rectangle)
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
    wanted = [str(name) for name in (sample if isinstance(sample, list) else [sample])]
    index = {str(name): k for k, name in enumerate(samples)}
    unknown = [name for name in wanted if name not in index]
    if unknown:
        raise DataError(f"healthy.sample: no sample '{unknown[0]}'; known: {known}")
    return [index[name] for name in wanted]


def _inside_mask(x, y, mask, title):
    grid = (int(np.ptp(y)) + 1, int(np.ptp(x)) + 1)
    if mask.shape != grid:
        raise DataError(
            f"healthy.mask: {mask.shape[1]} x {mask.shape[0]} pixels, but the grid of {title} "
            f"has {grid[1]} x {grid[0]} (width x height)"
        )
    return mask[y - y.min(), x - x.min()]


def _inside_rectangle(x, y, rectangle):
    x_min, y_min, x_max, y_max = rectangle
    return (x >= x_min) & (x <= x_max) & (y >= y_min) & (y <= y_max)
