"""Intensities stored as integers: as large as they may be, they come out as floats do."""

import h5py
import numpy as np
import pytest
from imzml_by_hand import write_by_hand
from measurements import TRUE_MZ, profile_spectra

from imsforge.artifacts.contract import PeakMatrix
from imsforge.ingest.ingest import read_measurement
from imsforge.peaks.extract import extract_peaks
from imsforge.peaks.preprocessing import Preprocessing
from imsforge.peaks.summary import summarize


@pytest.mark.parametrize("spectrum", ["mean", "skyline"])
@pytest.mark.parametrize("shared_axis", [True, False])
@pytest.mark.parametrize(("dtype", "top"), [("<i4", 5e8), ("<i8", 4e15)])
@pytest.mark.parametrize("steps", [{}, {"smoothing": {"window": 5, "order": 2}}])
def test_large_integers_are_like_floats(tmp_path, rng, dtype, top, shared_axis, spectrum, steps):
    """Sums of the first overflow 32 bits, squares of the second 64."""
    spectra = profile_spectra(rng, axis=np.arange(400, 800, 0.01))
    if not shared_axis:
        spectra = [(mz + k * 1e-4, high) for k, (mz, high) in enumerate(spectra)]
    most = max(high.max() for _, high in spectra)
    spectra = [(mz, np.rint(high / most * top)) for mz, high in spectra]
    results = []
    for stored in (dtype, "<f8"):
        options = {"intensity_types": (stored,), "shared_axis": shared_axis, "mode": "MS:1000128"}
        path = write_by_hand(tmp_path / f"{stored[1]}.imzML", spectra, **options)
        measurement = read_measurement(path)
        extract_peaks(
            measurement,
            tmp_path / "p.h5",
            tmp_path / "p.csv",
            spectrum=spectrum,
            normalization="rms",
            **steps,
        )
        peaks = PeakMatrix.read(tmp_path / "p.h5")
        summary = summarize(measurement, spectrum, 2.0, Preprocessing())
        own = (measurement.total_ion_current, summary.intensity, summary.share())
        results.append((peaks.mz, peaks.intensity, *own))
    for integers, floats in zip(*results, strict=True):
        np.testing.assert_allclose(integers, floats, rtol=1e-6)
    assert len(results[0][0]) >= len(TRUE_MZ)


@pytest.mark.parametrize(("dtype", "top"), [(np.int32, 2e9), (np.uint32, 4e9), (np.int64, 4e15)])
@pytest.mark.parametrize("normalization", ["tic", "rms", "median", "pqn"])
def test_large_integers_in_columns_are_like_floats(tmp_path, rng, dtype, top, normalization):
    mz, results = np.arange(400.0, 430.0), []
    table = rng.integers(top / 2, top, (20, 30))
    for stored in (dtype, np.float64):
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["intensity"], file["mz"] = table.astype(stored), mz
            file["x"], file["y"] = np.arange(20) % 5, np.arange(20) // 5
        measurement = read_measurement(tmp_path / "a.h5")
        extract_peaks(
            measurement, tmp_path / "p.h5", tmp_path / "p.csv", normalization=normalization
        )
        peaks = PeakMatrix.read(tmp_path / "p.h5")
        results.append((peaks.mz, peaks.intensity, measurement.total_ion_current))
    for integers, floats in zip(*results, strict=True):
        np.testing.assert_allclose(integers, floats, rtol=1e-6)
    np.testing.assert_allclose(results[0][2], table.sum(axis=1, dtype=float))
