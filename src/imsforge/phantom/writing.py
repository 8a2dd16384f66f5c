"""The phantom on disk: an imzML file with its ibd, and the truth beside them."""

import hashlib
import logging
import tempfile
import uuid
from pathlib import Path

import numpy as np
from pyimzml.ImzMLWriter import ImzMLWriter
from tqdm import tqdm

from imsforge.seeding import derive_seed

logger = logging.getLogger(__name__)


def write_phantom(phantom, imzml, truth=None):
    """Write a phantom as processed centroid imzML (64-bit m/z, 32-bit intensity) with its truth.

    Only detected peaks are stored. The files are made in a temporary folder beside the imzML and
    take their places at the end, the imzML last. The same phantom gives the same bytes.

    Parameters
    ----------
    phantom : Phantom
    imzml : path
        Ends in ``.imzML``; the ibd is written beside it.
    truth : path, optional
        Where the `PhantomTruth` goes; ``truth.h5`` beside the imzML when left out.
    """
    imzml = Path(imzml)
    truth = Path(truth) if truth else imzml.with_name("truth.h5")
    imzml.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{imzml.stem}.", dir=imzml.parent) as folder:
        temporary = Path(folder, imzml.name)
        _write_spectra(phantom, temporary)
        phantom.truth.write(truth)
        temporary.with_suffix(".ibd").replace(imzml.with_suffix(".ibd"))
        temporary.replace(imzml)
    logger.info("%s: %d spectra of up to %d peaks", imzml, *phantom.shape)


def _write_spectra(phantom, imzml):
    coordinates = np.column_stack([phantom.truth.x, phantom.truth.y]).tolist()
    with ImzMLWriter(str(imzml), mode="processed", spec_type="centroid") as writer:
        _fix_identity(writer, imzml.stem, phantom)
        with tqdm(total=len(coordinates), unit="spectra", disable=None) as progress:
            for rows, intensity, mz in phantom.blocks():
                for position, values, masses in zip(coordinates[rows], intensity, mz, strict=True):
                    detected = values > 0
                    writer.addSpectrum(masses[detected], values[detected], tuple(position))
                progress.update(len(intensity))


def _fix_identity(writer, name, phantom):
    """Replace the path in the XML and the random UUID that opens the ibd by repeatable ones."""
    rng = np.random.default_rng(derive_seed(phantom.seed, "phantom", "uuid", *phantom.shape))
    writer.run_id = name
    writer.uuid = uuid.UUID(bytes=rng.bytes(16), version=4)
    writer.ibd.seek(0)
    writer.ibd.write(writer.uuid.bytes)
    writer.sha1 = hashlib.sha1(writer.uuid.bytes, usedforsecurity=False)
