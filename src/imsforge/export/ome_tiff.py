"""OME-TIFF: ion images, classes and anomaly scores as pictures, a file a sample."""

import uuid
from pathlib import Path

import numpy as np
import tifffile

from imsforge.artifacts.atomic import atomic
from imsforge.export.results import mz_names
from imsforge.seeding import derive_seed

# A file beyond it needs offsets of 64 bits.
_LARGE = 2**31


def write_ome_tiff(results, folder):
    """Write ``{sample}.ome.tiff`` for each sample: several images on the same grid.

    The first holds the ion images, a channel a peak, named by its m/z; "classes" the classes by
    number, 0 for none, their names in its description; one for each anomaly map the scores, a
    channel a detector. Places that were not measured are 0, or NaN where there is no score.
    ``PhysicalSizeX`` and ``PhysicalSizeY`` are in micrometres, where the size of pixels is known.

    Parameters
    ----------
    results : Results
    folder : path
    """
    for sample in results.samples():
        with atomic(Path(folder) / f"{sample.stem}.ome.tiff") as temporary:
            _write_sample(results, sample, temporary)


def _write_sample(results, sample, path):
    height, width = sample.shape
    names = [f"m/z {name}" for name in mz_names(results.peaks.mz)]
    size = 4 * height * width * len(names)
    with tifffile.TiffWriter(path, ome=True, bigtiff=size > _LARGE) as file:
        ions = (sample.image(values) for values in results.ion_images(sample.rows))
        # Only the first is asked for what is said of the file.
        about = {"UUID": str(_identity(results, sample)), "Creator": results.about["software"]}
        _add(file, sample, "ion images", ions, np.float32, names, about)
        label, classes = results.labels.label[sample.rows], results.labels.names
        legend = "; ".join(f"{k} {name}" for k, name in enumerate(classes, start=1))
        image = sample.image(label.astype(np.uint16))
        _add(file, sample, "classes", [image], np.uint16, ["class"], {"Description": legend})
        for name, (pixel, scores) in results.maps.items():
            values = np.full((len(results.peaks.x), len(scores.detectors)), np.nan, np.float32)
            values[pixel] = scores.score
            planes = (sample.image(column, np.nan) for column in values[sample.rows].T)
            channels = list(map(str, scores.detectors))
            _add(file, sample, f"anomaly scores: {name}", planes, np.float32, channels, {})


def _add(file, sample, name, planes, dtype, channels, told):
    said = {"axes": "CYX", "Name": name, "Channel": {"Name": channels}, **told}
    if sample.pixel_size:
        for axis, size in zip("XY", sample.pixel_size, strict=True):
            said |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": "µm"}
    file.write(
        data=iter(planes),
        shape=(len(channels), *sample.shape),
        dtype=dtype,
        photometric="minisblack",
        compression="zlib",
        metadata=said,
    )


def _identity(results, sample):
    """Return an identifier that the same sample always has."""
    seed = derive_seed(0, "ome-tiff", results.name, sample.name)
    return uuid.UUID(bytes=np.random.default_rng(seed).bytes(16), version=4)
