"""SpatialData (Zarr), its elements named as thyra names them; needs the package spatialdata.

https://spatialdata.scverse.org, https://github.com/Tomatokeftes/thyra
"""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from imsforge.export.anndata import spatial, unstructured

#: The one coordinate system, which all elements share.
SYSTEM = "global"


def write_spatialdata(results, folder):
    """Write ``{dataset}.zarr``; of the sample k, from 0, it holds these elements.

    - the table ``{dataset}_z{k}``, with peaks in ``var`` and pixels in ``obs``, as ``anndata`` has
      them, which annotates
    - the shapes ``{dataset}_z{k}_pixels``, the squares of its pixels;
    - the images ``{dataset}_z{k}_tic`` and ``{dataset}_z{k}_classes``, and ``.._{map}`` for each
      anomaly map, a channel a detector.

    Coordinates of the system "global" are micrometres where the size of all pixels is known,
    otherwise pixels; the centre of the pixel (x, y) of the sample's grid, from 0, lies at x and y
    times that.

    Parameters
    ----------
    results : Results
    folder : path
    """
    from spatialdata import SpatialData

    unit, _ = spatial(results.peaks)
    pixels, elements = results.pixels(), {}
    for sample in results.samples():
        elements |= _elements(results, sample, pixels.iloc[sample.rows], unit)
    told = {"software": results.about["software"], "unit": unit}
    path = Path(folder) / f"{results.name}.zarr"
    temporary = path.with_name(f".{path.name}.part")
    for old in (temporary, path):
        shutil.rmtree(old, ignore_errors=True)
    SpatialData.init_from_elements(elements, attrs={"imsforge": told}).write(temporary)
    temporary.rename(path)


def _elements(results, sample, pixels, unit):
    from spatialdata.transformations import Identity, Scale, Sequence, Translation

    key = f"{results.name}_z{sample.index}"
    size = sample.pixel_size if unit == "micrometer" else [1.0, 1.0]
    centres = np.column_stack(
        [place * step for place, step in zip(sample.place, size, strict=True)]
    )
    # An image draws its pixel 0 from 0 to 1; its centre belongs to 0.
    moved = Translation([-0.5, -0.5], axes=("x", "y"))
    placed = Sequence([moved, Scale(size, axes=("x", "y"))])
    images = {
        f"{key}_tic": ([sample.image(pixels["total_ion_current"].to_numpy())], ["tic"]),
        f"{key}_classes": ([sample.image(results.labels.label[sample.rows])], ["class"]),
    }
    for name, (_, scores) in results.maps.items():
        columns = [pixels[f"{name}_{one}_score"].to_numpy() for one in scores.detectors]
        planes = [sample.image(values, np.nan) for values in columns]
        images[f"{key}_{name}"] = planes, list(map(str, scores.detectors))
    return {
        key: _table(results, sample, pixels, centres, unit, f"{key}_pixels"),
        f"{key}_pixels": _squares(centres, size, pixels.index, Identity()),
        **{name: _image(*image, placed) for name, image in images.items()},
    }


def _table(results, sample, pixels, centres, unit, region):
    from anndata import AnnData
    from spatialdata.models import TableModel

    obs = pixels.copy()
    obs["region"] = pd.Categorical([region] * len(obs))
    obs["instance_key"] = obs.index.astype(str)
    obs["spatial_x"], obs["spatial_y"] = centres.T
    table = AnnData(
        X=np.concatenate([intensity for _, intensity in results.blocks(sample.rows)]),
        obs=obs,
        var=results.peak_table(),
        uns=unstructured(results, unit),
        obsm={"spatial": centres},
    )
    keys = {"region": region, "region_key": "region", "instance_key": "instance_key"}
    return TableModel.parse(table, **keys)


def _squares(centres, size, index, transformation):
    from geopandas import GeoDataFrame
    from shapely import box
    from spatialdata.models import ShapesModel

    low, high = centres - np.array(size) / 2, centres + np.array(size) / 2
    frame = GeoDataFrame({"geometry": box(*low.T, *high.T)}, index=index)
    return ShapesModel.parse(frame, transformations={SYSTEM: transformation})


def _image(planes, channels, transformation):
    from spatialdata.models import Image2DModel

    return Image2DModel.parse(
        np.stack(planes),
        dims=("c", "y", "x"),
        c_coords=channels,
        transformations={SYSTEM: transformation},
    )
