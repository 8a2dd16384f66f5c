"""Writing imzML, with pyimzML."""

import hashlib
import uuid
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from pyimzml.ImzMLWriter import ImzMLWriter
from tqdm import tqdm

from imsforge.artifacts.atomic import atomic


def write_centroids(path, x, y, blocks, *, seed):
    """Write spectra as processed centroid imzML (64-bit m/z, 32-bit intensity).

    Only intensities above zero are stored; the files are as those of `write_profiles`.

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
    with _written(path, x, y, seed, mode="processed", spec_type="centroid") as add:
        for rows, intensity, mz in blocks:
            detected = intensity > 0
            add(
                rows,
                [masses[there] for masses, there in zip(mz, detected, strict=True)],
                [values[there] for values, there in zip(intensity, detected, strict=True)],
            )


def write_profiles(path, x, y, axis, blocks, *, seed):
    """Write spectra as continuous profile imzML (64-bit m/z, 32-bit intensity).

    Both files take their places at the end, the imzML last. The same spectra and seed give the
    same bytes.

    Parameters
    ----------
    axis : (n_points,) float64, of all spectra
    blocks : iterable of (rows, intensity)
        Spectra of neighbouring pixels: a slice and an (n, n_points) array, in order.
    path, x, y, seed
        As for `write_centroids`.
    """
    with _written(path, x, y, seed, mode="continuous", spec_type="profile") as add:
        for rows, intensity in blocks:
            add(rows, [axis] * len(intensity), intensity)


@contextmanager
def _written(path, x, y, seed, **options):
    """Yield a function that adds spectra of neighbouring pixels: of rows, m/z and intensities."""
    path = Path(path)
    coordinates = np.column_stack([x, y]).tolist()
    # The writer puts the ibd beside the imzML, where `atomic` has it too.
    with (
        atomic(path) as temporary,
        atomic(path.with_suffix(".ibd")),
        ImzMLWriter(str(temporary), **options) as writer,
        tqdm(total=len(coordinates), unit="spectra", disable=None) as progress,
    ):
        _fix_identity(writer, path.stem, seed)

        def add(rows, mz, intensity):
            for position, masses, values in zip(coordinates[rows], mz, intensity, strict=True):
                writer.addSpectrum(masses, values, tuple(position))
            progress.update(len(intensity))

        yield add


def _fix_identity(writer, name, seed):
    """Replace the path in the XML and the random UUID that opens the ibd by repeatable ones."""
    writer.run_id = name
    writer.uuid = uuid.UUID(bytes=np.random.default_rng(seed).bytes(16), version=4)
    writer.ibd.seek(0)
    writer.ibd.write(writer.uuid.bytes)
    writer.sha1 = hashlib.sha1(writer.uuid.bytes, usedforsecurity=False)
