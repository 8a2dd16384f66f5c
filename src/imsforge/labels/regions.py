"""Regions drawn on an image, in GeoJSON as QuPath writes it."""

import json
import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imsforge.errors import DataError
from imsforge.labels.canvas import Placed

logger = logging.getLogger(__name__)

# What QuPath calls an object that somebody drew. Version 0.2 wrote its kinds into `id`.
_DRAWN = ("annotation", "PathAnnotationObject", "unknown")
_KINDS = ("PathDetectionObject", "PathCellObject", "PathTileObject", "TMACoreObject")


@dataclass(frozen=True)
class Region:
    """A region with its class.

    Attributes
    ----------
    name : str, the class; empty where it has none
    polygons : list of polygons, each a list of rings: the outline, then its holes; a ring is a
        (n_points, 2) float64 array of x and y in pixels of the image that it was drawn on
    """

    name: str
    polygons: list


def read_regions(path):
    """Read the regions of a GeoJSON file, in its order.

    A FeatureCollection, a list of features, or one feature. The class of a region is its QuPath
    classification, or else its name. Only annotations are taken: detections, cells, tiles and
    cores are left out, points and lines too; the log counts them.

    Parameters
    ----------
    path : path

    Returns
    -------
    list of Region

    Raises
    ------
    DataError
        If the file is no GeoJSON, a polygon is broken, or no region is left.
    """
    features = _read_features(path)
    regions, left_out = [], Counter()
    for number, feature in enumerate(features, start=1):
        place = f"{path}: feature {number}"
        if not isinstance(feature, dict):
            raise DataError(f"{place} is no GeoJSON feature; export the annotations again")
        properties = feature.get("properties") or {}
        geometry = feature.get("geometry") or {}
        if not isinstance(properties, dict) or not isinstance(geometry, dict):
            raise DataError(f"{place} is no GeoJSON feature; export the annotations again")
        kind = _kind(feature, properties)
        polygons = [[_ring(place, ring) for ring in rings] for rings in _polygons(place, geometry)]
        if kind not in _DRAWN:
            left_out[kind] += 1
        elif not polygons:
            left_out[str(geometry.get("type", "no geometry"))] += 1
        else:
            regions.append(Region(_class(properties), polygons))
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(left_out.items()))
    if not regions:
        raise DataError(
            f"{path}: holds no region ({counts or 'no features'}); export annotations with an area"
        )
    if left_out:
        logger.warning("%s: left out what is no annotated region: %s", path, counts)
    return regions


def _read_features(path):
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: is no GeoJSON ({reason}); export the regions again") from error
    if isinstance(content, dict):
        content = content.get("features") if "features" in content else [content]
    if not isinstance(content, list):
        raise DataError(f"{path}: has no list of features; export a FeatureCollection")
    return list(_flat(content))


def _flat(features):
    """Yield features, each before those that lie within it."""
    for feature in features:
        yield feature
        properties = feature.get("properties") if isinstance(feature, dict) else None
        children = properties.get("childObjects") if isinstance(properties, dict) else None
        if isinstance(children, list):
            yield from _flat(children)


def _kind(feature, properties):
    kind = properties.get("objectType", properties.get("object_type", "annotation"))
    return feature["id"] if feature.get("id") in _KINDS else str(kind)


def _class(properties):
    given = properties.get("classification")
    if isinstance(given, dict):
        # QuPath 0.4 splits a derived class into its names.
        names = given.get("names")
        given = ": ".join(map(str, names)) if isinstance(names, list) else given.get("name")
    return str(given or properties.get("name") or "").strip()


def _polygons(place, geometry):
    """Return the polygons of a geometry; points and lines have none."""
    kind = geometry.get("type")
    inner = geometry.get("geometries" if kind == "GeometryCollection" else "coordinates")
    if kind not in ("Polygon", "MultiPolygon", "GeometryCollection"):
        return []
    if not isinstance(inner, list):
        raise DataError(f"{place}: a {kind} without coordinates; export the annotations again")
    if kind == "GeometryCollection":
        parts = [part for part in inner if isinstance(part, dict)]
        return [polygon for part in parts for polygon in _polygons(place, part)]
    # Empty coordinates mean no geometry.
    polygons = [inner] if kind == "Polygon" and inner else inner
    if not all(isinstance(polygon, list) and polygon for polygon in polygons):
        raise DataError(f"{place}: a {kind} without an outline; draw it again")
    return polygons


def _ring(place, points):
    try:
        ring = np.array([point[:2] for point in points], dtype=np.float64)
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise DataError(f"{place}: an outline is no list of points; draw it again") from error
    if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3 or not np.isfinite(ring).all():
        raise DataError(f"{place}: an outline needs three points or more, all finite")
    return ring


def place_regions(regions, x, y, source, *, scale=1.0, offset=None, key="labels"):
    """Find the pixels whose centres lie in regions; of two regions the later one counts.

    Parameters
    ----------
    regions : list of Region, at least one
    x, y : (n_pixels,) int arrays, pixel coordinates
    source : str, for messages
    scale : float
        Pixels of the image that the regions were drawn on, for one pixel of the measurement.
    offset : (x, y) or None
        The pixel of the measurement whose upper left corner is that of the image; None for the
        smallest coordinates.
    key : str, for messages
        Where the configuration can say ``scale`` and ``offset``.

    Returns
    -------
    Placed

    Raises
    ------
    DataError
        If no pixel lies in any region.
    """
    corner = np.array([x.min(), y.min()] if offset is None else offset, dtype=np.float64)
    names = sorted({region.name for region in regions})
    code, extent, overlap = np.full(len(x), -1), np.zeros(len(names)), 0
    lines = PixelLines(x, y)
    for region in regions:
        own = names.index(region.name)
        for rings in region.polygons:
            # The centre of the pixel at the corner lies half a pixel inside the image.
            outline, *holes = [ring / scale + corner - 0.5 for ring in rings]
            inside = lines.inside(outline)
            for hole in holes:
                inside = np.setdiff1d(inside, lines.inside(hole), assume_unique=True)
            overlap += np.count_nonzero((code[inside] >= 0) & (code[inside] != own))
            code[inside] = own
            extent[own] += ring_area(outline) - sum(map(ring_area, holes))
    if (code < 0).all():
        points = np.concatenate([rings[0] for r in regions for rings in r.polygons])
        low, high = (edge(points, axis=0) / scale + corner - 0.5 for edge in (np.min, np.max))
        raise DataError(
            f"{source}: no measured pixel lies in a region; with {key}.scale {scale:g} and "
            f"{key}.offset [{corner[0]:g}, {corner[1]:g}] the regions span x {low[0]:.0f} to "
            f"{high[0]:.0f} and y {low[1]:.0f} to {high[1]:.0f}, the pixels x {x.min()} to "
            f"{x.max()} and y {y.min()} to {y.max()}"
        )
    if overlap:
        logger.info(
            "%s: %d pixels lie in regions of two classes; the later counts", source, overlap
        )
    return Placed(code, [(name,) for name in names], extent)


def ring_area(ring):
    """Return the area that a ring of (n_points, 2) encloses, in its units squared."""
    x, y = (ring - ring[0]).T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


class PixelLines:
    """Pixels in order, line by line, to be asked which of them lie in an outline.

    An outline cuts each line of pixels into runs outside and inside. The cost grows with the lines
    that its edges cross and with the pixels inside, not with points times pixels.

    Parameters
    ----------
    x, y : (n_pixels,) arrays, coordinates of the centres
    """

    def __init__(self, x, y):
        self._columns, column = np.unique(x, return_inverse=True)
        self._lines, line = np.unique(y, return_inverse=True)
        place = line.astype(np.int64) * len(self._columns) + column
        self._order = np.argsort(place, kind="stable")
        self._place = place[self._order]

    def inside(self, ring):
        """Return the rows of the pixels in a closed outline of (n_points, 2) x and y.

        By the even-odd rule. A centre on the outline is inside on its left and upper sides alone,
        so that regions side by side share no pixel.
        """
        ends = np.stack([ring, np.roll(ring, -1, axis=0)])
        # Each edge runs downwards: its crossings are the same numbers for both its neighbours.
        rising = ends[0, :, 1] > ends[1, :, 1]
        ends[:, rising] = ends[::-1, rising]
        (x, y), (end_x, end_y) = ends[0].T, ends[1].T
        first = np.searchsorted(self._lines, y)
        n_lines = np.searchsorted(self._lines, end_y) - first
        edge = np.repeat(np.arange(len(ring)), n_lines)
        if not len(edge):
            return edge
        line = np.arange(len(edge)) - np.repeat(np.cumsum(n_lines) - n_lines - first, n_lines)
        share = (self._lines[line] - y[edge]) / (end_y - y)[edge]
        crossing = np.searchsorted(self._columns, x[edge] + share * (end_x - x)[edge])
        place = np.searchsorted(self._place, line * len(self._columns) + crossing)
        start = place.min()
        # A line is crossed an even number of times, so its last run is outside again.
        odd = np.cumsum(np.bincount(place - start)) % 2 == 1
        return self._order[start + np.flatnonzero(odd)]
