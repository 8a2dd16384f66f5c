"""The phantom on disk: an imzML file with its ibd, and the truth beside them."""

import logging
import math
from pathlib import Path

from imsforge.errors import ConfigError
from imsforge.phantom.profiles import Profiles, falling_background
from imsforge.readers.imzml.writer import write_continuous, write_processed
from imsforge.seeding import derive_seed

logger = logging.getLogger(__name__)


#: What the spectra of a phantom may be written as.
SPECTRA = ("centroid", "profile")

#: Of the section, in square micrometres, as of a mouse kidney: more pixels are smaller ones.
AREA = 30e6


def write_phantom(phantom, imzml, truth=None, *, spectra="centroid", baseline=0.0):
    """Write a phantom as a measurement, with its truth. The same phantom gives the same bytes.

    Parameters
    ----------
    phantom : Phantom
    imzml : path
        Ends in ``.imzML``; the ibd is written beside it.
    truth : path, optional
        Where the `PhantomTruth` goes; ``truth.h5`` beside the imzML when left out.
    spectra : {"centroid", "profile"}
        Picked peaks, or `Profiles` with the points between them.
    baseline : float
        Height of the background that profiles stand on, at their lowest m/z, in the unit of the
        intensities; see `falling_background`.

    Raises
    ------
    ConfigError
        If there are no such spectra, or centroids shall have a baseline.
    """
    _check(spectra, baseline)
    said = {
        "seed": derive_seed(phantom.seed, "phantom", "uuid", *phantom.shape),
        "pixel_size": 2 * [round(math.sqrt(AREA / phantom.shape[0]), 2)],
    }
    place = (imzml, phantom.truth.x, phantom.truth.y)
    if spectra == "centroid":
        write_processed(*place, phantom.blocks(), **said)
    else:
        profiles = Profiles(phantom, falling_background(baseline))
        blocks = ((rows, intensity) for rows, intensity, _ in profiles.blocks())
        write_continuous(*place, profiles.axis, blocks, spectra="profile", **said)
    phantom.truth.write(truth or Path(imzml).with_name("truth.h5"))
    logger.info(
        "%s: %d %s spectra of up to %d peaks", imzml, phantom.shape[0], spectra, phantom.shape[1]
    )


def _check(spectra, baseline):
    if spectra not in SPECTRA:
        raise ConfigError(f"spectra: {spectra!r} is unknown; choose one of {', '.join(SPECTRA)}")
    if baseline < 0:
        raise ConfigError(f"baseline: {baseline} is negative")
    if baseline and spectra == "centroid":
        raise ConfigError("baseline: is for profiles; set spectra to profile as well")
