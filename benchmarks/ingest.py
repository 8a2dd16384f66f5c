"""Time and memory of the integrating pass, against pyimzML's loop and against bare reading.

    python benchmarks/ingest.py [--quick]

For each kind of file, written anew, the windows of all peaks are summed over all spectra

- by `imsforge.spectra.extract`, which also checks every value and writes peaks.h5 and peaks.csv,
- by a loop over pyimzML's getspectrum that sums the windows of each spectrum in NumPy,

and the same bytes are read in blocks of 16 MiB. The XML is parsed before, by pyimzML for both.
All three find the file in the page cache, and CPU seconds are counted, user and system. The last
line is JSON: ratios of these seconds, and the memory that the pass adds to a fresh process as a
ratio to the file.
"""

import argparse
import json
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from pyimzml.ImzMLParser import ImzMLParser
from pyimzml.ImzMLWriter import ImzMLWriter

from imsforge.io.ingest import read_measurement
from imsforge.io.measurement import Measurement
from imsforge.spectra import Peaks, extract

N_PEAKS = 500
REPEATS = 5
# Pixels and points of a spectrum, for the quick and the whole benchmark.
KINDS = {
    "profile continuous": {"quick": (800, 50_000), "whole": (8_000, 100_000)},
    "profile processed": {"quick": (400, 50_000), "whole": (2_000, 100_000)},
    "centroid processed": {"quick": (10_000, 400), "whole": (100_000, 1_000)},
}


def main():
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small files, under a minute")
    size = "quick" if parser.parse_args().quick else "whole"
    ratios = {}
    for kind, sizes in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            ratios[kind] = measure(kind, *sizes[size], Path(folder))
    print(json.dumps(ratios))


def measure(kind, n_pixels, n_points, folder):
    """Time one kind of file and return the ratios."""
    spec_type, layout = kind.split()
    path = write(folder / "measurement", spec_type, layout, n_pixels, n_points)
    measurement = read_measurement(path)
    measurement.write(folder / "spectra.h5")
    ibd = measurement.source
    n_bytes = ibd.stat().st_size
    mz = np.linspace(410, 990, N_PEAKS)
    peaks = Peaks.around(mz, mz * 50e-6)
    parser = ImzMLParser(str(path))
    # In turns, so that a busy machine slows all three.
    times = [
        (
            seconds(extract, measurement, peaks, folder / "peaks.h5", folder / "peaks.csv"),
            seconds(pyimzml_loop, parser, peaks),
            seconds(read_blocks, ibd),
        )
        for _ in range(REPEATS)
    ]
    ours, loop, bare = np.median(times, axis=0)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        added = fresh.submit(added_memory, folder).result()
    print(
        f"{kind}: {n_pixels} pixels, {n_bytes / 2**20:.0f} MiB; extract {ours:.2f} s, pyimzML loop "
        f"{loop:.2f} s, bare reading {bare:.2f} s; {added / 2**20:.0f} MiB of memory added"
    )
    return {
        "times_faster_than_pyimzml": round(loop / ours, 2),
        "times_bare_reading": round(ours / bare, 2),
        "memory_to_file": round(added / n_bytes, 3),
    }


def write(path, spec_type, layout, n_pixels, n_points):
    """Write an imzML file of random spectra and return its path."""
    rng = np.random.default_rng(0)
    axis = np.linspace(400, 1000, n_points)
    with ImzMLWriter(str(path), mode=layout, spec_type=spec_type) as writer:
        for pixel in range(n_pixels):
            shift = 0 if layout == "continuous" else rng.normal(0, 1e-6)
            intensity = rng.random(n_points, dtype=np.float32)
            writer.addSpectrum(axis * (1 + shift), intensity, (pixel % 100 + 1, pixel // 100 + 1))
    return path.with_suffix(".imzML")


def pyimzml_loop(parser, peaks):
    """Sum the windows spectrum by spectrum, as a careful script would."""
    edges = np.stack([peaks.lower, peaks.upper], axis=1).ravel()
    sums = np.zeros((len(parser.coordinates), len(peaks)), dtype=np.float32)
    for row in range(len(sums)):
        mz, intensity = parser.getspectrum(row)
        cumulative = np.concatenate(([0.0], np.cumsum(intensity, dtype=np.float64)))
        bounds = np.searchsorted(mz, edges)
        sums[row] = cumulative[bounds[1::2]] - cumulative[bounds[::2]]
    return sums


def read_blocks(path):
    """Read a file in large blocks."""
    buffer = bytearray(2**24)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def added_memory(folder):
    """Return the bytes by which the integrating pass raises the peak of a fresh process."""
    measurement = Measurement.read(folder / "spectra.h5")
    mz = np.linspace(410, 990, N_PEAKS)
    before = peak_memory()
    extract(measurement, Peaks.around(mz, mz * 50e-6), folder / "peaks.h5", folder / "peaks.csv")
    return peak_memory() - before


def peak_memory():
    """Return the peak of this process' resident memory in bytes, as Linux counts it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def seconds(function, *arguments):
    """Return the CPU seconds of one call."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


if __name__ == "__main__":
    main()
