"""Regions drawn on an image, in GeoJSON as QuPath writes it."""

import json
import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imsforge.errors import DataError

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
