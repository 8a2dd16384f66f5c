"""Connected regions of abnormal pixels: which, how large, and where on the grid."""

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

#: Between a diagonal step on the grid, 1.41, and one over a pixel, 2.
_NEIGHBOUR = 1.5

#: What regions are called in QuPath, and in which colour (vermilion of Okabe & Ito).
CLASS, COLOUR = "abnormal", (213, 94, 0)


def find_regions(x, y, sample, abnormal, *, min_pixels=20):
    """Number the regions of abnormal pixels that touch by a side or a corner, by size.

    Parameters
    ----------
    x, y : (n,) int arrays, coordinates within a sample
    sample : (n,) int array
    abnormal : (n,) bool
    min_pixels : int
        Smaller regions are none.

    Returns
    -------
    (n,) int32 array
        From 1, the largest, over all samples; 0 for pixels in no region.
    """
    rows = np.flatnonzero(abnormal)
    region = np.zeros(len(x), dtype=np.int32)
    if len(rows) == 0:
        return region
    # Samples lie apart in a third direction.
    places = np.column_stack([x, y, 2 * sample.astype(np.int64)])[rows]
    pairs = KDTree(places).query_pairs(_NEIGHBOUR, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(rows), len(rows)))
    _, component = connected_components(links, directed=False)
    sizes = np.bincount(component)
    by_size = np.argsort(-sizes, kind="stable")
    number = np.empty(len(sizes), dtype=np.int32)
    number[by_size] = np.arange(1, len(sizes) + 1)
    number[sizes < min_pixels] = 0
    region[rows] = number[component]
    return region


def region_table(scores, region, pixel_size=None):
    """Describe each region.

    Parameters
    ----------
    scores : AnomalyScores
    region : (n,) int array, as `find_regions` returns it
    pixel_size : (n_samples, 2) float array, optional
        Micrometres along x and y, NaN where not known.

    Returns
    -------
    DataFrame
        One row a region, ascending: region, sample, pixels, its area in square millimetres, NaN
        where the size of pixels is not known, the mean and the largest score of the leading
        detector, its smallest false-alarm rate, the bounds in x and y, which are included, and the
        centre of gravity. Lengths are in pixels.
    """
    sizes = np.full((len(scores.samples), 2), np.nan) if pixel_size is None else pixel_size
    area = sizes.prod(axis=1) / 1e6
    pixels = pd.DataFrame(
        {
            "region": region,
            "sample": scores.samples[scores.sample],
            "x": scores.x,
            "y": scores.y,
            "area": area[scores.sample],
            "score": scores.score[:, 0].astype(np.float64),
            "rate": scores.false_alarm_rate[:, 0],
        }
    )
    groups = pixels[pixels["region"] > 0].groupby("region")
    return groups.agg(
        sample=("sample", "first"),
        pixels=("x", "size"),
        # Of nothing but NaN, a sum would be zero.
        area_mm2=("area", lambda areas: areas.sum(skipna=False)),
        mean_score=("score", "mean"),
        max_score=("score", "max"),
        false_alarm_rate=("rate", "min"),
        x_min=("x", "min"),
        x_max=("x", "max"),
        y_min=("y", "min"),
        y_max=("y", "max"),
        x_centre=("x", "mean"),
        y_centre=("y", "mean"),
    ).reset_index()


def region_files(scores, region, table, peaks):
    """Make what other programs read of the regions, sample by sample.

    Parameters
    ----------
    scores : AnomalyScores
    region : (n,) int array, as `find_regions` returns it
    table : DataFrame, as `region_table` returns it
    peaks : PeakMatrix
        Of all pixels, empty ones too, since grids begin at their smallest coordinates.

    Yields
    ------
    sample : str
    collection : dict, as `region_geojson` returns it
    mask : (height, width) uint8, as `region_mask` returns it
    """
    for k, name in enumerate(scores.samples):
        measured, own = peaks.sample == k, scores.sample == k
        grid = peaks.x[measured], peaks.y[measured]
        pixels = scores.x[own], scores.y[own], region[own]
        yield str(name), region_geojson(*pixels, table, grid), region_mask(*pixels, grid)


def region_geojson(x, y, region, table, grid):
    """Return the outlines of one sample's regions as GeoJSON for QuPath 0.4 or later.

    Outlines run along the borders of pixels, in pixels of the sample's grid, whose upper left
    corner is that of its smallest coordinates: `imsforge.labels.regions.place_regions` finds
    exactly the same pixels again.

    Parameters
    ----------
    x, y : (n,) int arrays, coordinates within the sample
    region : (n,) int array, 0 for none
    table : DataFrame, as `region_table` returns it
    grid : (x, y), int arrays of all measured pixels of the sample

    Returns
    -------
    dict
        A FeatureCollection, one annotation a region, all of the class "abnormal".
    """
    left, top = (axis.min() for axis in grid)
    described = table.set_index("region")
    features = []
    for number in np.unique(region[region > 0]):
        own, row = region == number, described.loc[number]
        measurements = {
            "Area px": float(row["pixels"]),
            **({} if np.isnan(row["area_mm2"]) else {"Area mm^2": float(row["area_mm2"])}),
            "Mean score": float(row["mean_score"]),
            "Max score": float(row["max_score"]),
            "False alarm rate": float(row["false_alarm_rate"]),
        }
        place = x[own] - left, y[own] - top
        features.append(annotation(f"region {number}", CLASS, COLOUR, measurements, *place))
    return {"type": "FeatureCollection", "features": features}


def annotation(name, kind, colour, measurements, x, y):
    """Return the outline of pixels as an annotation of QuPath, a Feature of GeoJSON.

    Parameters
    ----------
    name, kind : str, of the annotation and of its class
    colour : three ints, of the class
    measurements : dict of str to float
    x, y : (n,) int arrays, places on the grid; pixels that touch at corners alone are parts of it

    Returns
    -------
    dict
    """
    squares = shapely.box(x, y, x + 1, y + 1)
    outline = shapely.simplify(shapely.coverage_union_all(squares), 0)
    properties = {
        "objectType": "annotation",
        "name": name,
        "classification": {"name": kind, "color": list(colour)},
        "measurements": measurements,
    }
    geometry = shapely.geometry.mapping(outline)
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def region_mask(x, y, region, grid):
    """Return a sample's grid as an image: 255 in regions, 0 elsewhere.

    Parameters
    ----------
    x, y, region, grid
        As in `region_geojson`.

    Returns
    -------
    (height, width) uint8 array
    """
    left, top = (axis.min() for axis in grid)
    width, height = (np.ptp(axis) + 1 for axis in grid)
    mask = np.zeros((height, width), dtype=np.uint8)
    mask[y[region > 0] - top, x[region > 0] - left] = 255
    return mask
