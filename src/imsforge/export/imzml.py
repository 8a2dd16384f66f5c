"""imzML: the peaks of each sample, and the spectra that were generated, marked as such."""

import math
from pathlib import Path

import numpy as np

from imsforge.artifacts.contract import Features, Resampled
from imsforge.readers.imzml.writer import write_continuous
from imsforge.seeding import derive_seed

# Generated spectra that are brought back to intensities at once.
_BLOCK_ROWS = 4096
#: What stands beside a spectrum of a class.
CLASS = "imsforge class"


def write_imzml(results, folder):
    """Write ``{sample}.imzML``, and ``{experiment}-{method}-synthetic.imzML`` of the first repeat.

    Continuous imzML of centroids, whose m/z are those of the peaks. The class of a spectrum stands
    beside it as a ``userParam``, "imsforge class". Synthetic spectra are those that replace the
    training set; they lie on a square, sorted by class, and the file says that none was measured.

    Parameters
    ----------
    results : Results
    folder : path
    """
    for sample in results.samples():
        _write_sample(results, sample, Path(folder))
    for path in results.files:
        if path.name == "resampled.h5":
            _write_synthetic(results, path, Path(folder))


def _write_sample(results, sample, folder):
    names = np.concatenate([[""], results.labels.names])
    # Coordinates of imzML begin at 1.
    x, y = (axis + max(0, 1 - int(axis.min())) for axis in (sample.x, sample.y))
    write_continuous(
        folder / f"{sample.stem}.imzML",
        x,
        y,
        results.peaks.mz,
        results.blocks(sample.rows),
        spectra="centroid",
        seed=derive_seed(0, "imzml", results.name, sample.name),
        pixel_size=sample.pixel_size,
        about={"imsforge content": "integrated peaks", "imsforge sample": sample.name}
        | _named(results.about),
        notes={CLASS: names[results.labels.label[sample.rows]]},
    )


def _write_synthetic(results, path, folder):
    experiment, method = results.relative(path)[0], path.parent.name
    (tasks,) = Resampled.read(path, "tasks")
    features = Features.read(path.parents[1] / "scaled.h5")
    made = tasks["replace"]
    drawn = np.flatnonzero(made["synthetic"])
    rows = drawn[np.argsort(made["label"][drawn], kind="stable")]
    place, width = np.arange(len(rows)), math.ceil(math.sqrt(len(rows)))
    write_continuous(
        folder / f"{experiment}-{method}-synthetic.imzML",
        place % width + 1,
        place // width + 1,
        results.peaks.mz,
        _spectra(features, made["values"], rows),
        spectra="centroid",
        seed=derive_seed(0, "imzml", results.name, experiment, method),
        about={
            "imsforge content": "synthetic spectra: generated, none of them was measured",
            "imsforge generator": f"{method} of the experiment {experiment}, first repeat",
        }
        | _named(results.about),
        notes={CLASS: np.asarray(features.names)[made["label"][rows] - 1]},
    )


def _spectra(features, values, rows):
    """Yield generated spectra in the units of the peaks; what is below zero is no intensity."""
    for start in range(0, len(rows), _BLOCK_ROWS):
        own = slice(start, min(start + _BLOCK_ROWS, len(rows)))
        yield own, np.maximum(features.to_spectra(values[rows[own]]), 0)


def _named(about):
    return {f"imsforge {name}": text for name, text in about.items()}
