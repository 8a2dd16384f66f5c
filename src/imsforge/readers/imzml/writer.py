"""Writing imzML, with pyimzML."""

import hashlib
import uuid
from pathlib import Path

import numpy as np
from pyimzml.ImzMLWriter import ImzMLWriter
from tqdm import tqdm

from imsforge.artifacts.atomic import atomic


def write_centroids(path, x, y, blocks, *, seed):
    """Write spectra as processed centroid imzML (64-bit m/z, 32-bit intensity).

    Only intensities above zero are stored. Both files take their places at the end, the imzML last.
    The same spectra and seed give the same bytes.

    Parameters
    ----------
    path : path
        Ends in ``.imzML``; the .ibd is written beside it.
    x, y : (n_pixels,) int arrays, pixel coordinates
    blocks : iterable of (rows, intensity, mz)
        Spectra of neighbouring pixels: a slice and two (n, n_peaks) arrays, in order.
    seed : int
        Decides the identifier that ties the two files together.
    """
    path = Path(path)
    coordinates = np.column_stack([x, y]).tolist()
    # The writer puts the ibd beside the imzML, where `atomic` has it too.
    with (
        atomic(path) as temporary,
        atomic(path.with_suffix(".ibd")),
        ImzMLWriter(str(temporary), mode="processed", spec_type="centroid") as writer,
        tqdm(total=len(coordinates), unit="spectra", disable=None) as progress,
    ):
        _fix_identity(writer, path.stem, seed)
        for rows, intensity, mz in blocks:
            for position, values, masses in zip(coordinates[rows], intensity, mz, strict=True):
                detected = values > 0
                writer.addSpectrum(masses[detected], values[detected], tuple(position))
            progress.update(len(intensity))


def _fix_identity(writer, name, seed):
    """Replace the path in the XML and the random UUID that opens the ibd by repeatable ones."""
    writer.run_id = name
    writer.uuid = uuid.UUID(bytes=np.random.default_rng(seed).bytes(16), version=4)
    writer.ibd.seek(0)
    writer.ibd.write(writer.uuid.bytes)
    writer.sha1 = hashlib.sha1(writer.uuid.bytes, usedforsecurity=False)
