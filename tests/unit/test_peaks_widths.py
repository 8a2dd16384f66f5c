"""How wide peaks are, and how densely spectra are sampled."""

import numpy as np
import pytest
from measurements import profile_spectra, write_imzml

from imsforge.ingest.ingest import read_measurement
from imsforge.peaks.extract import find_peaks
from imsforge.peaks.grid import Grid, sampling_grid
from imsforge.peaks.widths import PowerLaw, ResolvingPower


@pytest.mark.parametrize("analyser", ["tof", "orbitrap", "ft-icr"])
def test_a_stated_resolving_power_gives_the_windows(tmp_path, rng, analyser):
    options = {"mode": "continuous", "spec_type": "profile"}
    path = write_imzml(tmp_path / "a.imzML", profile_spectra(rng), **options)
    measurement = read_measurement(path)
    stated = {"value": 20_000, "at_mz": 500, "analyser": analyser}
    peaks = find_peaks(measurement, resolving_power=stated)
    power = {"tof": 1, "orbitrap": 1.5, "ft-icr": 2}[analyser]
    width = 500 / 20_000 * (peaks.mz / 500) ** power
    np.testing.assert_allclose(ResolvingPower(**stated).width(peaks.mz), width)
    np.testing.assert_allclose(peaks.upper[-1] - peaks.mz[-1], 1.25 * width[-1])


def test_the_width_is_learnt_from_many_peaks_and_some_are_wrong(rng):
    mz = rng.uniform(400, 1400, 60)
    width = 1e-4 * mz**1.3 * rng.lognormal(0, 0.02, 60)
    width[:10] *= 5  # peaks that are two
    learnt = PowerLaw.fit(mz, width)
    np.testing.assert_allclose(learnt.width(mz), 1e-4 * mz**1.3, rtol=0.1)
    few = PowerLaw.fit(np.array([500.0, 600.0]), np.array([0.05, 0.06]))
    assert few.width(1000.0) == pytest.approx(0.1)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_the_sampling_of_an_analyser_is_found(power):
    truth = Grid(0.005 * 500**-power, power)
    low, high = truth.position(np.array([200.0, 1500.0]))
    spectra = [truth.mz(np.arange(low, high, 1) + phase) for phase in (0, 0.3, 0.6)]
    grid = sampling_grid(spectra, finest_ppm=0.1)
    assert grid.power == pytest.approx(power, abs=0.05)
    positions = grid.position(spectra[0])
    np.testing.assert_allclose(np.diff(positions), 1, rtol=0.1)
