"""Classes that experts gave: a column of the measurement, or files."""

import logging

import numpy as np

from imsforge.errors import DataError
from imsforge.labels.annotation_tables import AnnotationTable, as_text, place_table
from imsforge.labels.canvas import Canvas, Placed
from imsforge.labels.masks import LabelImage, place_image
from imsforge.labels.regions import Region, place_regions

logger = logging.getLogger(__name__)


def column_labels(annotations, column, *, names=None, background=None):
    """Take the classes from an annotation of the measurement.

    Parameters
    ----------
    annotations : dict of (n_pixels,) arrays
    column : str
    names, background
        As in `Canvas`.

    Returns
    -------
    Labels

    Raises
    ------
    DataError
        If there is no such annotation, or no two classes in it.
    """
    if column not in annotations:
        known = ", ".join(sorted(annotations)) or "none"
        raise DataError(
            f"labels.column: the measurement has no annotation '{column}'; it has: {known}"
        )
    source = f"labels.column '{column}'"
    values, code = np.unique(as_text(annotations[column]).astype(str), return_inverse=True)
    canvas = Canvas(len(code), names, background)
    canvas.paint(slice(None), Placed(code, [(str(v),) for v in values], np.bincount(code)), source)
    return canvas.labels(source)


def layer_labels(
    peaks, layers, *, names=None, background=None, column=None, scale=1.0, offset=None
):
    """Take the classes from masks, regions and annotation tables.

    Layers are painted in their order, later ones over earlier ones. A pixel that none of them
    gives a class has none.

    Parameters
    ----------
    peaks : PeakMatrix
    layers : sequence of Layer, at least one
    names, background
        As in `Canvas`.
    column
        As in `place_table`.
    scale, offset
        As in `place_regions`. Where no layer has regions, ``offset`` is that of the masks and
        tables, see `image_places` and `place_table`.

    Returns
    -------
    Labels

    Raises
    ------
    DataError
        If a layer does not fit the measurement, or there are no two classes.
    """
    canvas = Canvas(len(peaks.x), names, background)
    drawn = any(isinstance(layer.content, list) for layer in layers)
    corner = None if drawn else offset
    for layer in layers:
        rows = _rows(layer, peaks)
        x, y, named = peaks.x[rows], peaks.y[rows], layer.name is not None
        if isinstance(layer.content, AnnotationTable):
            sample = peaks.samples[peaks.sample[rows]]
            settings = {"column": column, "named": named, "offset": corner}
            placed = place_table(layer.content, x, y, sample, layer.source, **settings)
        elif isinstance(layer.content, LabelImage):
            settings = {"named": named or bool(names), "offset": corner}
            placed = place_image(layer.content, x, y, layer.source, **settings)
        else:
            regions = _renamed(layer) if named else _classified(layer, canvas)
            placed = place_regions(regions, x, y, layer.source, scale=scale, offset=offset)
        canvas.paint(rows, placed, layer.source, layer.name)
    others = f" and {len(layers) - 1} more" if len(layers) > 1 else ""
    return canvas.labels(f"labels.file {layers[0].source}{others}")


def _rows(layer, peaks):
    """Return the pixels that a layer is about."""
    if layer.sample is not None:
        return np.flatnonzero(peaks.samples[peaks.sample] == layer.sample)
    if len(peaks.samples) > 1 and not isinstance(layer.content, AnnotationTable):
        raise DataError(
            f"{layer.source}: the measurement has {len(peaks.samples)} samples "
            f"({', '.join(peaks.samples[:5])}{', ...' * (len(peaks.samples) > 5)}), each with a "
            "grid of its own; give each its file, with {sample} in the path"
        )
    return np.arange(len(peaks.x))


def _renamed(layer):
    return [Region(layer.name, region.polygons) for region in layer.content]


def _classified(layer, canvas):
    """Return the regions whose name means a class; the others hide nothing below them."""
    regions = [region for region in layer.content if canvas.class_of((region.name,)) is not None]
    if not regions:
        found = ", ".join(sorted({region.name for region in layer.content} - {""})) or "none"
        raise DataError(
            f"{layer.source}: none of its {len(layer.content)} regions has a class that counts "
            f"(classes in it: {found}); classify them, or say in the configuration which class "
            "the file is"
        )
    if len(regions) < len(layer.content):
        logger.warning(
            "%s: %d of %d regions have no class that counts",
            *(layer.source, len(layer.content) - len(regions), len(layer.content)),
        )
    return regions
