"""Real and made imzML files with bytes changed: a result or one clear line, nothing else."""

import logging
import resource
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imzml_by_hand import write_by_hand
from measurements import centroid_spectra, write_imzml

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import ImsforgeError
from imsforge.ingest.ingest import read_measurement
from imsforge.ingest.inspection import inspect
from imsforge.ingest.policies import PROBLEMS
from imsforge.peaks.extract import extract, find_peaks

LENIENT = {name: problem.choices()[-1] for name, problem in PROBLEMS.items()}

REAL = ("mixed_dtype_processed_centroid", "two_precision_terms", "no_profile_or_centroid_term")


def made(folder):
    """Small files of each kind."""
    rng = np.random.default_rng(0)
    axis = np.arange(400, 402, 0.01)
    profiles = [(axis, rng.random(len(axis)) + (abs(axis - 401) < 0.1)) for _ in range(2)]
    centroids = centroid_spectra(rng, 3)
    return [
        write_imzml(folder / "a.imzML", centroids, mode="processed"),
        write_imzml(folder / "b.imzML", profiles, mode="processed", spec_type="profile"),
        write_imzml(folder / "c.imzML", profiles, mode="continuous", spec_type="profile"),
        write_by_hand(folder / "d.imzML", centroids, compressed=True, inline=True),
        write_by_hand(folder / "e.imzML", profiles, shared_axis=True, compressed=True),
    ]


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    return made(tmp_path_factory.mktemp("originals"))


@pytest.fixture(scope="module")
def real_originals(shared_data):
    return [shared_data / "imzml-zoo" / f"{name}.imzML" for name in REAL]


@pytest.fixture(autouse=True)
def quiet_and_bounded():
    """Silence warnings, and turn unbounded memory into a failure."""
    logging.disable(logging.WARNING)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (16 * 2**30, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    logging.disable(logging.NOTSET)


MUTATIONS = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from([0, 1, 1, 2, 8, 64]),
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from([b"-1", b"0", b"9" * 19, b"9" * 5000, b"<", b'"', b"&", b"\xff\xfe"]),
        ),
    ),
    min_size=1,
    max_size=3,
)
FUZZ = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def outcome(path, folder, policies):
    """Go the whole way; return the one line, or nothing."""
    try:
        measurement = read_measurement(path, **policies)
        extract(measurement, find_peaks(measurement), folder / "peaks.h5", folder / "peaks.csv")
    except ImsforgeError as error:
        return str(error)
    matrix = PeakMatrix.read(folder / "peaks.h5")
    assert np.isfinite(matrix.intensity).all()
    assert (matrix.intensity >= 0).all()
    assert np.isfinite(matrix.total_ion_current).all()
    return ""


def check(original, suffix, mutations, policies):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for ending in (".imzML", ".ibd"):
            shutil.copyfile(original.with_suffix(ending), folder / f"a{ending}")
        target = folder / f"a{suffix}"
        data = target.read_bytes()
        for place, length, replacement in mutations:
            at = int(place * len(data))
            data = data[:at] + replacement + data[at + length :]
        target.write_bytes(data)
        line = outcome(folder / "a.imzML", folder / "results", policies)
        if line:
            assert "\n" not in line
            assert len(line) < 2000
            results = folder / "results"
            assert not results.exists() or not list(results.iterdir())
        try:
            inspect(folder / "a.imzML")
        except ImsforgeError as error:
            assert "\n" not in str(error)


@FUZZ
@given(
    which=st.integers(0, 4),
    suffix=st.sampled_from([".imzML", ".ibd"]),
    mutations=MUTATIONS,
    policies=st.sampled_from([{}, LENIENT]),
)
def test_made_files(originals, which, suffix, mutations, policies):
    check(originals[which], suffix, mutations, policies)


@FUZZ
@given(
    which=st.integers(0, len(REAL) - 1),
    suffix=st.sampled_from([".imzML", ".ibd"]),
    mutations=MUTATIONS,
    policies=st.sampled_from([{}, LENIENT]),
)
def test_real_files(real_originals, which, suffix, mutations, policies):
    check(real_originals[which], suffix, mutations, policies)


@pytest.mark.slow
@settings(FUZZ, max_examples=3000)
@given(
    which=st.integers(0, 4),
    suffix=st.sampled_from([".imzML", ".ibd"]),
    mutations=MUTATIONS,
    policies=st.sampled_from([{}, LENIENT]),
)
def test_many_made_files(originals, which, suffix, mutations, policies):
    check(originals[which], suffix, mutations, policies)
