"""The synthetic kidney: its size, shape, chemistry and files."""

import signal
import subprocess
import sys

import numpy as np
import pytest
from pyimzml.ImzMLParser import ImzMLParser
from scipy.ndimage import label as connected
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split

from imsforge.errors import ConfigError
from imsforge.factorization import SemiOrthogonalNMF
from imsforge.phantom import PRESETS, PhantomTruth, make_phantom, write_phantom
from imsforge.phantom.anatomy import SmoothField
from imsforge.phantom.instrument import DETECTION_LIMIT, ION_INTENSITY, measure
from imsforge.phantom.profiles import Profiles, falling_background
from imsforge.study.config import PHANTOM_COLUMNS


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(n_pixels=3000, n_peaks=80, seed=1)


@pytest.fixture(scope="module")
def intensity(phantom):
    return phantom.intensity()


@pytest.fixture(scope="module")
def files(phantom, tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantom")
    write_phantom(phantom, folder / "kidney.imzML")
    return folder


def image(truth, values):
    """Lay values on the pixel grid; zero where nothing was measured."""
    grid = np.zeros((truth.y.max() + 1, truth.x.max() + 1), dtype=values.dtype)
    grid[truth.y, truth.x] = values
    return grid


@pytest.mark.parametrize("n_pixels", [1, 777, 3000])
def test_exactly_the_pixels_asked_for(n_pixels):
    truth = make_phantom(n_pixels=n_pixels, n_peaks=50).truth
    assert len(set(zip(truth.x, truth.y, strict=True))) == n_pixels
    assert truth.x.min() == truth.y.min() == 1


def test_presets_are_the_demo_and_the_thesis():
    assert PRESETS["demo"]["n_pixels"] == 12_000
    assert PRESETS["thesis"] == {"n_pixels": 161_547, "n_peaks": 573}


@pytest.mark.parametrize("sizes", [{"n_peaks": 49}, {"n_peaks": 1001}, {"n_pixels": 0}])
def test_impossible_sizes(sizes):
    with pytest.raises(ConfigError, match=next(iter(sizes))):
        make_phantom(**sizes)


def test_kidney_is_one_bean(phantom):
    tissue = image(phantom.truth, np.ones(3000, dtype=bool))
    assert connected(tissue)[1] == 1
    # The hilum: rows half way down end before the rows above and below them do.
    ends = tissue.shape[1] - tissue[1:, ::-1].argmax(axis=1)
    third = len(ends) // 3
    assert ends[third : 2 * third].min() < 0.9 * min(ends[:third].max(), ends[-third:].max())


def test_colonies_lie_inside_and_folds_along_the_rim(phantom):
    truth = phantom.truth
    background = image(truth, np.ones(3000, dtype=bool)) == 0
    assert connected(image(truth, truth.colony))[1] == 2
    assert connected(image(truth, truth.fold), np.ones((3, 3)))[1] >= 2
    rows, columns = np.nonzero(background)
    for mask, inside in ((truth.colony, True), (truth.fold, False)):
        distance = np.hypot(truth.x[mask, None] - columns, truth.y[mask, None] - rows).min(axis=1)
        assert (distance.min() > 5) == inside
    assert set(np.unique(truth.region)) == set(range(len(truth.region_names)))


def test_one_seed_is_one_kidney_at_every_size(phantom):
    fine = make_phantom(n_pixels=12_000, n_peaks=80, seed=1).truth
    np.testing.assert_array_equal(fine.spectra, phantom.truth.spectra)
    for name in ("colony", "fold"):
        share = getattr(fine, name).mean()
        assert getattr(phantom.truth, name).mean() == pytest.approx(share, rel=0.2)
    np.testing.assert_allclose(
        fine.abundances.mean(axis=0), phantom.truth.abundances.mean(axis=0), atol=0.005
    )


def test_tissue_is_a_mixture(phantom):
    truth = phantom.truth
    np.testing.assert_allclose(truth.abundances.sum(axis=1), 1, rtol=1e-5)
    assert truth.abundances.min() >= 0
    effective = 1 / np.sum(truth.abundances**2, axis=1)
    assert np.median(effective) > 3
    bacteria = np.char.startswith(truth.component_names, "bacteria")
    share = truth.abundances[:, bacteria].sum(axis=1)
    assert share[truth.colony].mean() > 0.3
    assert share[~truth.colony].mean() < 0.01


def test_mz_axis_and_its_errors(phantom):
    mz = phantom.truth.mz
    assert mz.min() >= 400
    assert mz.max() <= 1400
    assert np.diff(mz).min() > 0.9
    _, _, measured = next(phantom.blocks())
    ppm = 1e6 * (measured / mz - 1)
    assert 1 < ppm.std() < 4
    assert np.diff(measured, axis=1).min() > 0


def test_intensities_look_measured(phantom, intensity):
    detected = intensity[intensity > 0]
    assert intensity.dtype == np.float32
    assert 0.2 < len(detected) / intensity.size < 0.8
    assert detected.min() >= DETECTION_LIMIT
    assert intensity.max() > 500_000
    assert np.median(detected) < 0.02 * intensity.max()
    # Continuous: hardly two alike, so no multiples of a count.
    assert len(np.unique(detected)) > 0.9 * len(detected)
    truth = phantom.truth
    expected = truth.gain[:, None] * (truth.abundances @ truth.spectra)
    bright = expected > 50_000
    assert np.mean(intensity[bright] / expected[bright]) == pytest.approx(1, abs=0.01)


def test_noise_of_bright_peaks_is_that_of_ions(rng):
    # Compound Poisson: mean x ION_INTENSITY x (1 + 1 / pulse shape), plus the detector's noise.
    drawn = measure(np.full((20_000, 1), 200 * ION_INTENSITY), rng)
    variance = 200 * ION_INTENSITY**2 * 1.25 + 400**2
    assert drawn.var() == pytest.approx(variance, rel=0.05)


def test_smooth_fields_have_unit_variance_and_their_length(rng):
    field = SmoothField(400, 0.3, rng)
    points = np.array([[0.0, 0.0], [0.3, 0.0], [5.0, 5.0]])
    values = field(points)
    assert values.var() == pytest.approx(1, rel=0.2)
    # Squared-exponential covariance: exp(-1/2) at one length.
    correlation = np.corrcoef(values)
    assert correlation[0, 1] == pytest.approx(np.exp(-0.5), abs=0.15)
    assert abs(correlation[0, 2]) < 0.15


def test_blocks_are_the_matrix_and_repeatable(phantom, intensity):
    rows = [rows for rows, _, _ in phantom.blocks()]
    assert rows[0].start == 0
    assert rows[-1].stop == 3000
    np.testing.assert_array_equal(make_phantom(3000, 80, seed=1).intensity(), intensity)
    other = make_phantom(3000, 80, seed=2).intensity()
    assert not np.array_equal(other, intensity)


def test_files_hold_the_detected_peaks(phantom, intensity, files):
    assert sorted(path.name for path in files.iterdir()) == [
        "kidney.ibd",
        "kidney.imzML",
        "truth.h5",
    ]
    parser = ImzMLParser(str(files / "kidney.imzML"))
    assert len(parser.coordinates) == 3000
    rows, values, masses = next(phantom.blocks())
    for i in (0, 17, 2000):
        mz, stored = parser.getspectrum(i)
        assert parser.coordinates[i][:2] == (phantom.truth.x[i], phantom.truth.y[i])
        assert (mz.dtype, stored.dtype) == (np.float64, np.float32)
        np.testing.assert_array_equal(stored, values[rows][i][intensity[i] > 0])
        np.testing.assert_array_equal(mz, masses[i][intensity[i] > 0])


def test_truth_comes_back(phantom, files):
    truth = PhantomTruth.read(files / "truth.h5")
    for name, values in vars(phantom.truth).items():
        np.testing.assert_array_equal(getattr(truth, name), values)


def test_same_seed_same_bytes(files, tmp_path):
    write_phantom(make_phantom(3000, 80, seed=1), tmp_path / "kidney.imzML")
    for path in files.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    write_phantom(make_phantom(3000, 80, seed=2), tmp_path / "kidney.imzML")
    assert (tmp_path / "kidney.ibd").read_bytes()[:16] != (files / "kidney.ibd").read_bytes()[:16]


def test_nothing_half_written(phantom, tmp_path, monkeypatch):
    def fail(self):
        yield from ()
        raise OSError("disk full")

    monkeypatch.setattr(type(phantom), "blocks", fail)
    with pytest.raises(OSError, match="disk full"):
        write_phantom(phantom, tmp_path / "kidney.imzML", tmp_path / "deep" / "truth.h5")
    assert list(tmp_path.iterdir()) == []


def test_profiles_hold_the_ions_on_their_background(phantom, tmp_path):
    """Point by point what a formula of width, place and area says, and noise."""
    profiles = Profiles(phantom, falling_background(500))
    blocks = list(profiles.blocks())
    assert [rows.start for rows, *_ in blocks] == list(range(0, 3000, 256))
    spectra, ions = blocks[3][1:]
    axis, mz = profiles.axis, phantom.truth.mz
    assert (spectra >= 0).all()
    between = np.abs(axis[:, None] / mz - 1).min(axis=1) > 1e-3
    level = 500 * np.exp((400 - axis[between]) / 400)
    assert np.median(spectra[:, between].mean(axis=0) / level) == pytest.approx(1, abs=0.05)
    for peak in (ions.mean(axis=0).argmax(), 0):
        near = np.abs(axis / mz[peak] - 1) < 5e-4
        level = 500 * np.exp((400 - mz[peak]) / 400)
        height = spectra[:, near].mean(axis=0) - level * np.exp(0.02)
        assert height.sum() == pytest.approx(ions[:, peak].mean(), rel=0.05, abs=300)
        centre = height @ axis[near] / height.sum()
        assert centre == pytest.approx(mz[peak], rel=2e-5)


def test_profiles_on_disk_are_those_of_the_phantom(tmp_path):
    small = make_phantom(260, 50, seed=1)
    for name in ("a", "b"):
        path = tmp_path / name / "kidney.imzML"
        write_phantom(small, path, spectra="profile", baseline=500)
    for suffix in (".imzML", ".ibd"):
        assert path.with_suffix(suffix).read_bytes() == (
            (tmp_path / "a/kidney").with_suffix(suffix).read_bytes()
        )
    _, (_, last, _) = Profiles(small, falling_background(500)).blocks()
    with ImzMLParser(str(path)) as parser:
        assert "profile spectrum" in path.read_text()
        axis, intensity = parser.getspectrum(259)
    np.testing.assert_array_equal(intensity, last[-1])
    np.testing.assert_array_equal(axis, Profiles(small).axis)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"spectra": "raw"}, "spectra: 'raw' is unknown; choose one of centroid, profile"),
        ({"baseline": 5}, "baseline: is for profiles; set spectra to profile as well"),
        ({"spectra": "profile", "baseline": -1}, "baseline: -1 is negative"),
    ],
)
def test_spectra_that_cannot_be_written(phantom, tmp_path, options, says):
    with pytest.raises(ConfigError, match=says):
        write_phantom(phantom, tmp_path / "kidney.imzML", **options)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from imsforge.phantom import make_phantom, write_phantom
phantom = make_phantom(3000, 80, seed=1)
class Killed:
    truth, seed, shape = phantom.truth, phantom.seed, phantom.shape
    def blocks(self):
        yield next(phantom.blocks())
        os.kill(os.getpid(), signal.SIGKILL)
write_phantom(Killed(), sys.argv[1])
"""


def test_what_a_killed_writer_left_is_swept_by_the_next(files, tmp_path):
    path = tmp_path / "kidney.imzML"
    run = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert run.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    assert not path.exists()
    write_phantom(make_phantom(3000, 80, seed=1), path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        file.name: file.read_bytes() for file in files.iterdir()
    }


def test_the_tissue_that_comes_with_it_is_its_zones_and_its_colonies():
    truth = make_phantom(3000, 80, seed=1).truth
    assert tuple(truth.annotations) == PHANTOM_COLUMNS
    tissue = truth.annotations["tissue"]
    assert set(tissue) == {*truth.region_names, "colony"}
    assert np.array_equal(tissue == "colony", truth.colony)
    assert np.all(tissue[~truth.colony] == truth.region_names[truth.region[~truth.colony]])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_labels_are_as_hard_as_the_thesis(seed):
    """Thesis row V21: macro recall 0.67 of LDA on the labels of semi-orthogonal NMF."""
    X = make_phantom(**PRESETS["demo"], seed=seed).intensity()
    y = SemiOrthogonalNMF(n_clusters=20, random_state=seed).fit_predict(X)
    sizes = np.bincount(y, minlength=20)
    assert sizes.min() >= 25
    assert sizes.max() < 0.2 * len(X)
    train, test = train_test_split(np.arange(len(X)), test_size=0.2, stratify=y, random_state=0)
    predicted = LinearDiscriminantAnalysis().fit(X[train], y[train]).predict(X[test])
    assert 0.6 < recall_score(y[test], predicted, average="macro") < 0.8
