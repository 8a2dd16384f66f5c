"""The phantom on disk: an imzML file with its ibd, and the truth beside them."""

import logging
from pathlib import Path

from imsforge.readers.imzml.writer import write_centroids
from imsforge.seeding import derive_seed

logger = logging.getLogger(__name__)


def write_phantom(phantom, imzml, truth=None):
    """Write a phantom as a measurement, with its truth. The same phantom gives the same bytes.

    Parameters
    ----------
    phantom : Phantom
    imzml : path
        Ends in ``.imzML``; the ibd is written beside it.
    truth : path, optional
        Where the `PhantomTruth` goes; ``truth.h5`` beside the imzML when left out.
    """
    seed = derive_seed(phantom.seed, "phantom", "uuid", *phantom.shape)
    write_centroids(imzml, phantom.truth.x, phantom.truth.y, phantom.blocks(), seed=seed)
    phantom.truth.write(truth or Path(imzml).with_name("truth.h5"))
    logger.info("%s: %d spectra of up to %d peaks", imzml, *phantom.shape)
