"""GeoJSON for QuPath: the classes of a sample and its abnormal regions, as annotations."""

from pathlib import Path

import numpy as np

from imsforge.anomaly.regions import annotation
from imsforge.artifacts.text import read_json, write_json
from imsforge.plots.style import class_colours


def write_geojson(results, folder):
    """Write ``{sample}.geojson`` for each sample.

    An annotation a class, in the colour that figures have it, then one for each abnormal region of
    each anomaly map. Coordinates are pixels of the sample's grid, from its upper left corner, as
    the images of ``ome-tiff`` have them.

    Parameters
    ----------
    results : Results
    folder : path
    """
    maps = [path.parent for path in results.files if path.name == "regions.csv"]
    for sample in results.samples():
        features = _classes(results.labels, sample)
        for anomaly_map in maps:
            file = anomaly_map / "regions" / f"{sample.stem}.geojson"
            features += _regions(file, anomaly_map.name)
        collection = {"type": "FeatureCollection", "features": features}
        write_json(collection, Path(folder) / f"{sample.stem}.geojson")


def _classes(labels, sample):
    colours = np.rint(255 * class_colours(len(labels.names))).astype(int).tolist()
    label, (x, y) = labels.label[sample.rows], sample.place
    area = np.nan if sample.pixel_size is None else np.prod(sample.pixel_size) / 1e6
    features = []
    for k in np.unique(label[label > 0]):
        own, name = label == k, str(labels.names[k - 1])
        told = {"Area px": float(own.sum())}
        told |= {} if np.isnan(area) else {"Area mm^2": float(own.sum() * area)}
        features.append(annotation(name, name, colours[k - 1], told, x[own], y[own]))
    return features


def _regions(path, name):
    """Return the regions of an anomaly map, named after it; none where it has no such sample."""
    features = read_json(path)["features"] if path.is_file() else []
    for feature in features:
        feature["properties"]["name"] = f"{name}: {feature['properties']['name']}"
    return features
