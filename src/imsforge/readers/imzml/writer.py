"""Writing imzML, with pyimzML."""

import hashlib
import uuid
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from pyimzml.ImzMLWriter import ImzMLWriter
from tqdm import tqdm

from imsforge.artifacts.atomic import atomic


def write_processed(path, x, y, blocks, *, seed, pixel_size=None):
    """Write spectra as processed centroid imzML (64-bit m/z, 32-bit intensity).

    Only intensities above zero are stored; the files are as those of `write_continuous`.

    Parameters
    ----------
    path : path
        Ends in ``.imzML``; the .ibd is written beside it.
    x, y : (n_pixels,) int arrays, pixel coordinates
    blocks : iterable of (rows, intensity, mz)
        Spectra of neighbouring pixels: a slice and two (n, n_peaks) arrays, in order.
    seed : int
        Decides the identifier that ties the two files together.
    pixel_size : pair of float, optional
        Micrometres along x and y.
    """
    kind = {"mode": "processed", "spec_type": "centroid"}
    with _written(path, x, y, seed, _settings(pixel_size), **kind) as add:
        for rows, intensity, mz in blocks:
            detected = intensity > 0
            add(
                rows,
                [masses[there] for masses, there in zip(mz, detected, strict=True)],
                [values[there] for values, there in zip(intensity, detected, strict=True)],
            )


def write_continuous(
    path, x, y, axis, blocks, *, spectra, seed, pixel_size=None, about=None, notes=None
):
    """Write spectra of one m/z axis as continuous imzML (64-bit m/z, 32-bit intensity).

    Both files take their places at the end, the imzML last. The same spectra and seed give the
    same bytes.

    Parameters
    ----------
    axis : (n_points,) float64, of all spectra
    blocks : iterable of (rows, intensity)
        Spectra of neighbouring pixels: a slice and an (n, n_points) array, in order.
    spectra : {"profile", "centroid"}
    about : dict of str to str, optional
        What is said of the file as a whole, as ``userParam``.
    notes : dict of str to (n_pixels,) arrays of str, optional
        What is said of each spectrum in the same way; nothing where it is empty.
    path, x, y, seed, pixel_size
        As for `write_processed`.
    """
    told = _settings(pixel_size) | {"fileContent": _user_params(about or {})}
    columns = {name: np.asarray(values) for name, values in (notes or {}).items()}
    with _written(path, x, y, seed, told, mode="continuous", spec_type=spectra) as add:
        for rows, intensity in blocks:
            own = {name: values[rows] for name, values in columns.items()}
            add(rows, [axis] * len(intensity), intensity, own)


@contextmanager
def _written(path, x, y, seed, told, **options):
    """Yield a function that adds spectra of neighbouring pixels: rows, m/z, intensities, notes."""
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
        writer.imzml_template = _Template(writer.imzml_template, told)

        def add(rows, mz, intensity, notes=None):
            noted = zip(coordinates[rows], mz, intensity, _noted(notes, len(mz)), strict=True)
            for position, masses, values, params in noted:
                writer.addSpectrum(masses, values, tuple(position), params)
            progress.update(len(intensity))

        yield add


def _noted(notes, n_spectra):
    """Return the user parameters of each spectrum, as pyimzML takes them."""
    if not notes:
        return [[]] * n_spectra
    names = list(map(_text, notes))
    return [
        [{"name": name, "value": _text(v)} for name, v in zip(names, row, strict=True) if v]
        for row in zip(*notes.values(), strict=True)
    ]


class _Template:
    """The template of pyimzML, and terms that it has no place for, by the element they stand in."""

    def __init__(self, template, told):
        self.template, self.told = template, told

    def render(self, values):
        text = self.template.render(values)
        for element, lines in self.told.items():
            end = f"    </{element}>\n"
            text = text.replace(end, "".join(f"      {line}\n" for line in lines) + end, 1)
        return text


def _settings(pixel_size):
    """Return the terms of the scan settings that pyimzML does not write, by element."""
    if pixel_size is None:
        return {}
    # The vocabulary writes them so.
    names = ("46", "pixel size (x)"), ("47", "pixel size y")
    lines = [
        f'<cvParam cvRef="IMS" accession="IMS:10000{number}" name="{name}" '
        f'value="{size:.12g}" unitCvRef="UO" unitAccession="UO:0000017" unitName="micrometer"/>'
        for (number, name), size in zip(names, pixel_size, strict=True)
    ]
    return {"scanSettings": lines}


def _user_params(about):
    return [f'<userParam name="{_text(k)}" value="{_text(v)}"/>' for k, v in about.items()]


def _text(value):
    """Return text as it stands in an attribute of XML, whatever the encoding of the file."""
    text = escape(str(value), {'"': "&quot;"})
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _fix_identity(writer, name, seed):
    """Replace the path in the XML and the random UUID that opens the ibd by repeatable ones."""
    # pyimzML writes the name as it is.
    writer.run_id = _text(name)
    writer.uuid = uuid.UUID(bytes=np.random.default_rng(seed).bytes(16), version=4)
    writer.ibd.seek(0)
    writer.ibd.write(writer.uuid.bytes)
    writer.sha1 = hashlib.sha1(writer.uuid.bytes, usedforsecurity=False)
