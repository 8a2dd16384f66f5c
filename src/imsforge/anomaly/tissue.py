"""Pixels off the tissue: glass, matrix, holes. They are neither healthy nor abnormal."""

import logging

import numpy as np

logger = logging.getLogger(__name__)


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
