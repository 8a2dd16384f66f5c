"""Pixels off the tissue: glass, matrix, holes. They are neither healthy nor abnormal."""

import logging

import numpy as np

from imsforge.labels.classes import in_classes

logger = logging.getLogger(__name__)


def find_tissue(peaks, features, labels=None, *, below=None, classes=None):
    """Return which rows lie on the tissue: not of a background class, or else bright enough.

    Parameters
    ----------
    peaks : PeakMatrix
    features : Features, training rows are the healthy pixels
    labels : Labels or None, of all pixels; with ``classes`` only
    below : float or None, see `on_tissue`
    classes : name, list of names, or None
        Classes of ``labels`` that mean background, in the place of ``below``.

    Returns
    -------
    (n_rows,) bool array

    Raises
    ------
    DataError
        If a class is unknown.
    """
    if classes is None:
        return on_tissue(peaks.total_ion_current[features.pixel], features.train, below=below)
    background = in_classes(labels, classes, "off_tissue.classes")
    return outside_classes(background[features.pixel], features.train)


def on_tissue(total_ion_current, healthy, *, below=0.1):
    """Return which pixels are bright enough to be tissue.

    Parameters
    ----------
    total_ion_current : (n,) array, sums of the spectra before any normalisation
    healthy : (n,) bool, at least one True
    below : float
        Share of the healthy pixels' median total ion current below which a pixel is off the tissue;
        0 takes every pixel for tissue.

    Returns
    -------
    (n,) bool array
    """
    floor = below * np.median(total_ion_current[healthy])
    tissue = total_ion_current >= floor
    _tell(tissue, healthy, f"total ion current below {floor:.4g}")
    return tissue


def outside_classes(background, healthy):
    """Return which pixels are of no class that means background.

    Parameters
    ----------
    background : (n,) bool, pixels of such a class
    healthy : (n,) bool

    Returns
    -------
    (n,) bool array
    """
    tissue = ~background
    _tell(tissue, healthy, "of a background class")
    return tissue


def _tell(tissue, healthy, reason):
    off, lost = np.count_nonzero(~tissue), np.count_nonzero(healthy & ~tissue)
    logger.info("%d of %d pixels lie off the tissue (%s)", off, len(tissue), reason)
    if lost:
        logger.warning(
            "%d of %d healthy pixels lie off the tissue (%s); does the healthy mask reach beyond "
            "it, or is the floor too high?",
            *(lost, np.count_nonzero(healthy), reason),
        )
