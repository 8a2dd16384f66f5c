"""How peaks are found and integrated, from the configuration to the tables."""

import numpy as np
import pandas as pd
import pytest
from measurements import TRUE_MZ, profile_spectra, write_imzml

from imsforge.artifacts.contract import Labels, PeakMatrix
from imsforge.artifacts.text import read_json
from imsforge.ingest.ingest import read_measurement
from imsforge.phantom import PhantomTruth

pytestmark = pytest.mark.workflow


@pytest.fixture
def shifted(tmp_path, rng):
    """Profile spectra on a baseline, their axis 40 ppm off."""
    axis = np.arange(400, 800, 0.01)
    spectra = [
        (mz * (1 + 40e-6), intensity + 30 * np.exp(-(mz - 400) / 200))
        for mz, intensity in profile_spectra(rng, 20, axis=axis)
    ]
    return write_imzml(tmp_path / "a.imzML", spectra, mode="continuous", spec_type="profile")


def run(workspace, path, **peaks):
    workspace.configure({"datasets": {"own": {"input": str(path), "peaks": peaks}}})
    run = workspace.snakemake("peaks")
    assert run.returncode == 0, run.stderr
    results = workspace.folder / "results/own"
    return PeakMatrix.read(results / "peaks.h5"), pd.read_csv(results / "peaks.csv")


def test_profiles_are_mended_recalibrated_and_normalized(workspace, shifted):
    peaks, table = run(
        workspace,
        shifted,
        smoothing={"window": 5},
        baseline={"width": 100},
        resolving_power={"value": 8500, "analyser": "orbitrap"},
        recalibration={"references": [420.1, 500.3, 611.7], "search_ppm": 80},
        minimum_snr=10,
        normalization="pqn",
    )
    np.testing.assert_allclose(peaks.mz, TRUE_MZ, rtol=5e-6)
    np.testing.assert_array_equal(table.mz, peaks.mz)
    # Windows are where the file has the peaks.
    measured = TRUE_MZ * (1 + 40e-6)
    assert (table.lower < measured).all()
    assert (measured < table.upper).all()
    # Windows reach 1.25 stated widths to each side, where no neighbour is in the way.
    stated = 400 / 8500 * (measured / 400) ** 1.5
    alone = [0, 3, 4, 5]
    np.testing.assert_allclose((table.upper - table.lower)[alone], 2.5 * stated[alone], rtol=1e-3)
    np.testing.assert_allclose(table.mean_intensity, peaks.intensity.mean(axis=0), rtol=1e-5)


def test_a_list_is_taken_as_it_is_until_its_content_changes(workspace, shifted):
    given = workspace.folder / "list.csv"
    given.write_text("mz\n500.3\n420.1\n")
    recalibration = {"references": [611.7], "search_ppm": 80}
    peaks, table = run(workspace, shifted, list="list.csv", recalibration=recalibration)
    assert peaks.mz.tolist() == table.mz.tolist() == [420.1, 500.3]
    assert (peaks.intensity > 0).all()
    given.touch()
    assert "extract_peaks" not in workspace.planned("peaks")
    given.write_text("mz\n500.3\n420.1\n780.05\n")
    plan = workspace.planned("peaks")
    assert "extract_peaks" in plan
    assert "ingest" not in plan


def test_a_phantom_of_profiles_on_a_high_background(workspace):
    """The base peak is less high than its background, which is far higher elsewhere."""
    made = {"pixels": 300, "peaks": 50, "spectra": "profile", "baseline": 300_000}
    workspace.configure({"seed": 3, "datasets": {"own": {"phantom": made}}})
    run = workspace.snakemake("results/own/labels.h5")
    assert run.returncode == 0, run.stderr
    results = workspace.folder / "results/own"
    assert read_json(results / "ingest.json")["mode"] == "profile"
    truth = PhantomTruth.read(results / "phantom/truth.h5")
    expected = (truth.gain[:, None] * (truth.abundances @ truth.spectra)).mean(axis=0)
    base = truth.mz[expected.argmax()]
    measurement = read_measurement(results / "phantom/phantom.imzML")
    (block,) = measurement.blocks(max_points=10**8)
    mean = block.intensity.reshape(300, -1).mean(axis=0)
    apex = np.abs(block.axis - base).argmin()
    beside = np.interp(base * 1.002, block.axis, mean)
    assert beside < mean[apex] < 2 * beside
    peaks, table = PeakMatrix.read(results / "peaks.h5"), pd.read_csv(results / "peaks.csv")
    off = np.abs(peaks.mz / base - 1)
    assert off.min() < 5e-6
    assert table.width[off.argmin()] == pytest.approx(base / 5000, rel=0.15)
    strong = truth.mz[expected > 2000]
    assert (np.abs(peaks.mz[:, None] / strong - 1).min(axis=0) < 1e-5).all()
    assert (np.abs(peaks.mz[:, None] / truth.mz - 1).min(axis=1) < 1e-4).all()
    assert len(Labels.read(results / "labels.h5").label) == 300
