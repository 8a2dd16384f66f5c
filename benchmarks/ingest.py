"""Time and memory of reading, against pyimzML, imzy and bare reading.

    python benchmarks/ingest.py [--quick]

- The XML of an imzML is parsed by `imsforge.readers.imzml.parser` and by pyimzML.
- For each kind of .ibd, the windows of all peaks are integrated over all spectra by
  `imsforge.peaks.extract`, which also writes peaks.h5 and peaks.csv; by loops over pyimzML's
  getspectrum that sum the windows of each spectrum in NumPy, one by one ("plain") or by running
  sums ("careful"); and by imzy's ion images, where imzy is installed. The same bytes are read with
  NumPy in blocks of 16 MiB.
- Without --quick, an .ibd of 8 GiB is made, taken through ingest, peak picking and integration in
  a fresh process, and deleted.

All find the file in the page cache, and CPU seconds on one thread are counted, user and system,
medians of runs in turns. The last line is JSON: ratios of these seconds, and memory.
"""

import argparse
import json
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from pyimzml.ImzMLParser import ImzMLParser

from imsforge.ingest.ingest import read_measurement
from imsforge.ingest.measurement import Measurement
from imsforge.peaks.extract import extract, find_peaks
from imsforge.peaks.windows import Peaks
from imsforge.readers.imzml.parser import parse_imzml

N_PEAKS = 573
REPEATS = 5
# Pixels and points of a spectrum, for the quick and the whole benchmark.
KINDS = {
    "profile continuous": {"quick": (800, 100_000), "whole": (8_000, 100_000)},
    "profile processed": {"quick": (300, 100_000), "whole": (3_000, 100_000)},
    "centroid processed": {"quick": (5_000, 1_000), "whole": (100_000, 1_000)},
}
N_SPECTRA = {"quick": 20_000, "whole": 1_000_000}
LARGE = (20_972, 102_400)  # 8 GiB of 32-bit intensities

HEAD = """<?xml version="1.0" encoding="ISO-8859-1"?>
<mzML xmlns="http://psi.hupo.org/ms/mzml" version="1.1"><cvList count="0"/><fileDescription>
<fileContent><cvParam accession="IMS:{layout}" name="" value=""/></fileContent></fileDescription>
<referenceableParamGroupList count="2"><referenceableParamGroup id="mzArray">
<cvParam accession="MS:1000514" name="m/z array" value=""/>
<cvParam accession="MS:1000523" name="64-bit float" value=""/></referenceableParamGroup>
<referenceableParamGroup id="intensities">
<cvParam accession="MS:1000515" name="intensity array" value=""/>
<cvParam accession="MS:1000521" name="32-bit float" value=""/></referenceableParamGroup>
</referenceableParamGroupList>
<scanSettingsList count="1"><scanSettings id="scansettings1">
<cvParam accession="IMS:1000042" name="max count of pixels x" value="1000"/>
<cvParam accession="IMS:1000043" name="max count of pixels y" value="{height}"/>
</scanSettings></scanSettingsList>
<instrumentConfigurationList count="1"><instrumentConfiguration id="i"/>
</instrumentConfigurationList>
<run><spectrumList count="{n_spectra}">
"""
ARRAY = """<binaryDataArray encodedLength="0"><referenceableParamGroupRef ref="{group}"/>
<cvParam accession="IMS:1000103" name="external array length" value="{length}"/>
<cvParam accession="IMS:1000104" name="external encoded length" value="{size}"/>
<cvParam accession="IMS:1000102" name="external offset" value="{offset}"/>
<binary/></binaryDataArray>
"""
SPECTRUM = """<spectrum id="s{i}" index="{i}">
<cvParam accession="MS:{mode}" name="" value=""/>
<cvParam accession="MS:1000285" name="total ion current" value="12345.678"/>
<scanList count="1"><scan>
<cvParam accession="IMS:1000050" name="position x" value="{x}"/>
<cvParam accession="IMS:1000051" name="position y" value="{y}"/></scan></scanList>
<binaryDataArrayList count="2">{mz}{intensity}</binaryDataArrayList></spectrum>
"""


def main():
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small files, about a minute")
    size = "quick" if parser.parse_args().quick else "whole"
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        results = {"parsing": parsing(Path(folder, "parsed.imzML"), N_SPECTRA[size])}
    for kind, sizes in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            results[kind] = integrating(kind, *sizes[size], Path(folder))
    if size == "whole":
        with tempfile.TemporaryDirectory() as folder:
            results["large"] = large(Path(folder))
    print(json.dumps(results))


def parsing(path, n_spectra):
    """Compare the parsing of the XML, of which the .ibd does not matter."""
    write_xml(path, "profile processed", n_spectra, 100)
    times = [
        (seconds(parse_imzml, path), seconds(ImzMLParser, str(path), ibd_file=None))
        for _ in range(3 if n_spectra < 100_000 else 1)
    ]
    ours, theirs = np.median(times, axis=0)
    added = in_fresh_process(parse_imzml, path)
    print(
        f"parsing: {n_spectra} spectra, {path.stat().st_size / 2**20:.0f} MiB; imsforge "
        f"{ours:.2f} s, pyimzML {theirs:.2f} s; {added / 2**20:.0f} MiB of memory added"
    )
    return {"times_faster_than_pyimzml": round(theirs / ours, 2), "mebibytes": round(added / 2**20)}


def integrating(kind, n_pixels, n_points, folder):
    """Time the integration of one kind of file and return the ratios."""
    path = folder / "measurement.imzML"
    write(path, kind, n_pixels, n_points)
    measurement = read_measurement(path)
    measurement.write(folder / "spectra.h5")
    ibd = path.with_suffix(".ibd")
    peaks = all_peaks()
    parser = ImzMLParser(str(path))
    contenders = {
        "imsforge": lambda: extract(
            measurement, peaks, folder / "peaks.h5", folder / "peaks.csv", threads=1
        ),
        "careful_pyimzml": lambda: pyimzml_loop(parser, peaks, careful_sums),
        "plain_pyimzml": lambda: pyimzml_loop(parser, peaks, plain_sums),
        "bare": lambda: read_blocks(ibd),
    }
    if imzy := imzy_reader(path):
        contenders["imzy"] = lambda: imzy.get_ion_images(peaks.mz, ppm=25, silent=True)
    # In turns, so that a busy machine slows all of them.
    times = [{name: seconds(run) for name, run in contenders.items()} for _ in range(REPEATS)]
    median = {name: float(np.median([row[name] for row in times])) for name in contenders}
    added = in_fresh_process(integrate_again, folder)
    told = ", ".join(f"{name} {value:.2f} s" for name, value in median.items())
    print(
        f"{kind}: {n_pixels} pixels, {ibd.stat().st_size / 2**20:.0f} MiB; {told}; "
        f"{added / 2**20:.0f} MiB of memory added"
    )
    ratios = {
        f"times_faster_than_{name}": round(value / median["imsforge"], 2)
        for name, value in median.items()
        if name not in ("imsforge", "bare")
    }
    return {
        **ratios,
        "times_bare_reading": round(median["imsforge"] / median["bare"], 2),
        "mebibytes": round(added / 2**20),
    }


def large(folder):
    """Take 8 GiB from the raw file to its peaks, and return time and the peak of memory."""
    path = folder / "large.imzML"
    write(path, "profile continuous", *LARGE)
    n_bytes = path.with_suffix(".ibd").stat().st_size
    start = time.perf_counter()
    peak = in_fresh_process(whole_way, path, absolute=True)
    took = time.perf_counter() - start
    print(
        f"large: {n_bytes / 2**30:.2f} GiB from raw file to peaks in {took:.0f} s, "
        f"at most {peak / 2**30:.2f} GiB of memory"
    )
    return {"gibibytes": round(n_bytes / 2**30, 2), "peak_memory": round(peak / 2**30, 2)}


def whole_way(path):
    """Ingest, pick peaks, integrate."""
    measurement = read_measurement(path)
    peaks = find_peaks(measurement)
    extract(measurement, peaks, path.parent / "peaks.h5", path.parent / "peaks.csv")


def integrate_again(folder):
    """Integrate a measurement that is indexed already."""
    measurement = Measurement.read(folder / "spectra.h5")
    extract(measurement, all_peaks(), folder / "peaks.h5", folder / "peaks.csv")


def all_peaks():
    """Return the windows: 50 ppm wide."""
    mz = np.linspace(410, 990, N_PEAKS)
    return Peaks.around(mz, mz * 25e-6)


def write(path, kind, n_pixels, n_points):
    """Write an imzML of noise with peaks, spectrum by spectrum."""
    rng = np.random.default_rng(0)
    axis = np.linspace(400, 1000, n_points)
    if "centroid" in kind:
        axis = np.sort(np.append(all_peaks().mz, rng.uniform(400, 1000, n_points - N_PEAKS)))
    near = np.abs(axis - all_peaks().mz[np.searchsorted(all_peaks().mz, axis) % N_PEAKS]) < 0.01
    height = (1 + 20 * near).astype(np.float32)
    continuous = "continuous" in kind
    with path.with_suffix(".ibd").open("wb") as file:
        file.write(bytes(16))
        if continuous:
            file.write(axis.tobytes())
        for _ in range(n_pixels):
            if not continuous:
                file.write((axis * (1 + rng.normal(0, 1e-6))).tobytes())
            file.write((rng.random(n_points, dtype=np.float32) * height).tobytes())
    write_xml(path, kind, n_pixels, n_points)


def write_xml(path, kind, n_spectra, n_points):
    """Write the XML half of an imzML."""
    spec_type, layout = kind.split()
    continuous = layout == "continuous"
    mode = {"profile": 1000128, "centroid": 1000127}[spec_type]
    stride = n_points * (4 if continuous else 12)
    with path.open("w") as file:
        layout = 1000030 if continuous else 1000031
        height = -(-n_spectra // 1000)
        file.write(HEAD.format(layout=layout, n_spectra=n_spectra, height=height))
        for i in range(n_spectra):
            start = 16 + i * stride + (8 * n_points if continuous else 0)
            place = (16, start) if continuous else (start, start + 8 * n_points)
            arrays = {
                name: ARRAY.format(group=group, length=n_points, size=size * n_points, offset=at)
                for name, group, size, at in (
                    ("mz", "mzArray", 8, place[0]),
                    ("intensity", "intensities", 4, place[1]),
                )
            }
            position = {"x": i % 1000 + 1, "y": i // 1000 + 1}
            file.write(SPECTRUM.format(i=i, mode=mode, **position, **arrays))
        file.write("</spectrumList></run></mzML>\n")


def pyimzml_loop(parser, peaks, sums_of):
    """Integrate spectrum by spectrum."""
    bounds = np.stack([peaks.lower, peaks.upper], axis=1)
    sums = np.zeros((len(parser.coordinates), len(peaks)), dtype=np.float32)
    for row in range(len(sums)):
        mz, intensity = parser.getspectrum(row)
        sums[row] = sums_of(intensity, np.searchsorted(mz, bounds))
    return sums


def plain_sums(intensity, bounds):
    """Sum windows as one would write it down."""
    return [intensity[start:stop].sum() for start, stop in bounds]


def careful_sums(intensity, bounds):
    """Sum windows without a loop, as differences of running sums."""
    running = np.concatenate(([0.0], np.cumsum(intensity, dtype=np.float64)))
    return running[bounds[:, 1]] - running[bounds[:, 0]]


def imzy_reader(path):
    """Open a file with imzy, where it is installed."""
    try:
        from imzy import get_reader
    except ImportError:
        return None
    return get_reader(path)


def read_blocks(path):
    """Read a file in large blocks."""
    with path.open("rb") as file:
        while np.fromfile(file, dtype=np.uint8, count=2**24).size:
            pass


def in_fresh_process(function, *arguments, absolute=False):
    """Run a function in a process of its own; return the bytes that it adds to its peak."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        return fresh.submit(memory_of, function, arguments, absolute).result()


def memory_of(function, arguments, absolute):
    """Run a function and return the peak of resident memory, or by how much it rose."""
    before = 0 if absolute else peak_memory()
    function(*arguments)
    return peak_memory() - before


def peak_memory():
    """Return the peak of this process' resident memory in bytes, as Linux counts it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def seconds(function, *arguments, **options):
    """Return the CPU seconds of one call."""
    start = time.process_time()
    function(*arguments, **options)
    return time.process_time() - start


if __name__ == "__main__":
    main()
