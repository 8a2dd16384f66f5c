"""A shift of the m/z axis, in ppm, estimated at masses that are known."""

import logging
from dataclasses import dataclass

import numpy as np
from scipy.stats import siegelslopes

from imsforge.errors import ConfigError, DataError

logger = logging.getLogger(__name__)

MODELS = ("constant", "linear")


@dataclass(frozen=True)
class MassShift:
    """How far measured m/z values lie above the true ones: ``offset + slope * mz``, in ppm.

    Attributes
    ----------
    offset : float, ppm
    slope : float, ppm for one m/z
    """

    offset: float = 0.0
    slope: float = 0.0

    def ppm(self, mz):
        """Return the shift at m/z values."""
        return self.offset + self.slope * mz

    def corrected(self, measured):
        """Return true m/z values of measured ones."""
        return measured / (1 + 1e-6 * self.ppm(measured))

    def measured(self, true):
        """Return where true m/z values are measured; the inverse of `corrected`."""
        # The shift hardly changes over its own length: each step gains four digits or more.
        measured = true
        for _ in range(2):
            measured = true * (1 + 1e-6 * self.ppm(measured))
        return measured


def estimate_shift(peaks, references, model="constant", search_ppm=50.0):
    """Estimate the shift of a measurement from the peaks that belong to known masses.

    The strongest peak within reach of a reference is taken for it. A constant shift is the median
    of their errors, a linear one a line of repeated medians (Siegel 1982): up to half of the
    references may be wrong or missing.

    Parameters
    ----------
    peaks : Peaks
    references : sequence of float
        True m/z values.
    model : {"constant", "linear"}
    search_ppm : float
        How far a reference may lie from its peak.

    Returns
    -------
    MassShift

    Raises
    ------
    ConfigError
        If there is no such model, or too few references for it.
    DataError
        If too few references have a peak.
    """
    needed = _check(references, model, search_ppm)
    errors = {}
    for reference in sorted(references):
        ppm = (peaks.mz / reference - 1) * 1e6
        near = np.flatnonzero(np.abs(ppm) <= search_ppm)
        if len(near):
            errors[reference] = ppm[near[np.argmax(peaks.intensity[near])]]
    missing = sorted(set(references) - set(errors))
    if len(errors) < needed:
        raise DataError(
            f"recalibration: {len(errors)} of {len(references)} references have a peak within "
            f"{search_ppm:g} ppm, {needed} are needed for a {model} shift (none at "
            f"{', '.join(f'{mz:g}' for mz in missing)}); correct references or raise search_ppm"
        )
    mz, ppm = np.array(list(errors)), np.array(list(errors.values()))
    if model == "constant":
        shift = MassShift(float(np.median(ppm)))
    else:
        slope, offset = siegelslopes(ppm, mz * (1 + 1e-6 * ppm))
        shift = MassShift(float(offset), float(slope))
    logger.info(
        "recalibration: %s; shifts by %.2f to %.2f ppm, %.2f ppm left (median)",
        ", ".join(f"{m:g} is off by {e:.2f} ppm" for m, e in zip(mz, ppm, strict=True)),
        *shift.ppm(mz[[0, -1]]),
        np.median(np.abs(ppm - shift.ppm(mz))),
    )
    for reference in missing:
        logger.warning("recalibration: no peak within %g ppm of %g", search_ppm, reference)
    return shift


def _check(references, model, search_ppm):
    """Return how many references a model needs."""
    if model not in MODELS:
        raise ConfigError(
            f"recalibration.model: {model!r} is unknown; choose one of {', '.join(MODELS)}"
        )
    needed = 1 + MODELS.index(model)
    if len(set(references)) < needed:
        raise ConfigError(
            f"recalibration.references: {len(set(references))} given, a {model} shift takes "
            f"{needed} or more"
        )
    if not min(references) > 0:
        raise ConfigError(f"recalibration.references: {min(references)} is no m/z")
    if not 0 < search_ppm < 1e5:
        raise ConfigError(f"recalibration.search_ppm: {search_ppm} is not between 0 and 100000")
    return needed
