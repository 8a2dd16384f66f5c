"""Broken and odd files: a result, or one line that says what is wrong; nothing else."""

import logging
import shutil
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from measurements import centroid_spectra, write_imzml

from imsforge.errors import ImsforgeError, IngestError
from imsforge.io.artifacts import PeakMatrix
from imsforge.io.ingest import read_measurement
from imsforge.spectra import extract, find_peaks

SPECTRA = [(np.linspace(400, 500, 6) + i, np.arange(1.0, 7.0)) for i in range(6)]


@pytest.fixture
def path(tmp_path):
    return write_imzml(tmp_path / "a.imzML", SPECTRA, mode="processed")


def message_of(path):
    """The one line with which a file is refused."""
    with pytest.raises(IngestError) as error:
        read_measurement(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def edit(path, *changes):
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    return path


def test_a_missing_file(tmp_path):
    assert message_of(tmp_path / "no.imzML") == (
        f"{tmp_path / 'no.imzML'}: no such file; check the path in the configuration"
    )


def test_a_missing_ibd(path):
    path.with_suffix(".ibd").unlink()
    assert "no a.ibd beside it" in message_of(path)


@pytest.mark.parametrize("suffix", [".imzML", ".ibd"])
def test_an_empty_file_and_a_pointer(path, suffix):
    other = path.with_suffix(suffix)
    other.write_bytes(b"")
    assert message_of(path).startswith(f"{other}: is empty")
    other.write_bytes(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4273\nsize 19919966\n"
    )
    assert message_of(path).startswith(f"{other}: is a Git LFS pointer")


def test_a_truncated_ibd(path):
    ibd = path.with_suffix(".ibd")
    ibd.write_bytes(ibd.read_bytes()[:-80])
    message = message_of(path)
    assert "is cut off: it has 368 bytes" in message
    assert "m/z array of spectrum 6 is 48 bytes at 376, and 1 of 6" in message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("</spectrumList>", "")], "its XML is broken or breaks off (mismatched tag"),
        ([("<mzML", "<!DOCTYPE mzML><mzML")], "has a document type declaration"),
        (
            [("<mzML", '<!DOCTYPE m [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><mzML')],
            "has a document type declaration",
        ),
        ([("http://psi.hupo.org/ms/mzml", "http://psi.example/")], "its root element is"),
        ([('name="position x" value="2"', 'name="position x" value="two"')], "malformed, before"),
        ([("IMS:1000050", "IMS:1000099")], "missing or malformed"),
        ([('ref="mzArray"', 'ref="other"')], "missing or malformed"),
        ([('length" value="6"', 'length" value="5"')], "spectrum 1 has 5 m/z values and 6"),
        ([('length" value="6"', f'length" value="{10**30}"')], "more than 64 bits"),
        (
            [('length" value="6"', f'length" value="{2**61}"')] * 2,
            "of spectrum 1 is 2305843009213693952 bytes",
        ),
        ([('length" value="6"', 'length" value="-6"')] * 2, "is -6 bytes"),
        ([('offset" value="16"', 'offset" value="-16"')], "lie outside"),
        ([('offset" value="16"', 'offset" value="20"')], "arrays overlap in the .ibd, first at"),
        ([('name="position x" value="2"', 'name="position x" value="1"')], "by spectra 1 and 2"),
        ([("MS:1000576", "MS:1000574")], "the m/z arrays are compressed (zlib compression)"),
        ([("MS:1000523", "MS:1000520")], "data type of the m/z arrays is not declared"),
    ],
)
def test_broken_metadata(path, changes, message):
    assert message in message_of(edit(path, *changes))


def test_metadata_that_breaks_off(path):
    path.write_text(path.read_text()[:6000])
    assert "breaks off" in message_of(path)
    path.write_text("<html></html>")
    assert "its root element is html" in message_of(path)
    path.write_text("mass spectra")
    assert "is not XML" in message_of(path)


def test_no_spectra(path):
    text = path.read_text()
    start, stop = text.index("<spectrum "), text.rindex("</spectrum>")
    path.write_text(text[:start] + text[stop + len("</spectrum>") :])
    assert "holds no spectrum" in message_of(path)


def test_several_planes(tmp_path):
    pixels = [(1, 1, z + 1) for z in range(6)]
    assert "holds 6 planes" in message_of(write_imzml(tmp_path / "b.imzML", SPECTRA, pixels))


@pytest.mark.parametrize("name", ["a.d", "a.raw", "a.ibd", "a.mzML", "a.txt", "a"])
def test_formats_that_are_not_read(tmp_path, name):
    message = message_of(tmp_path / name)
    assert "imsforge reads .imzML, .h5 and .hdf5" in message
    assert ("convert" in message) != (name == "a.ibd")


def test_hdf5_that_is_none(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    assert "is not HDF5 or is damaged" in message_of(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        for name in ("intensity", "mz", "x", "y"):
            file[name] = h5py.SoftLink("/nowhere")
    assert "has no dataset intensity, mz, x, y" in message_of(tmp_path / "b.h5")


@pytest.mark.parametrize(
    ("spectrum", "message"),
    [
        (([400.0, np.nan, 402], [1.0, 1, 1]), "point 2: m/z is nan"),
        (([400.0, 401, 1e35], [1.0, 1, 1]), "point 3: m/z is 1e+35"),
        (([-1.0, 401, 402], [1.0, 1, 1]), "point 1: m/z is -1.0"),
        (([400.0, 402, 401], [1.0, 1, 1]), "m/z values do not ascend"),
        (([400.0, 401, 402], [1.0, np.inf, np.nan]), "point 2: intensity is inf (2 such"),
    ],
)
def test_values_that_falsify_are_named_and_nothing_is_written(tmp_path, spectrum, message):
    spectra = [*SPECTRA[:2], spectrum]
    measurement = read_measurement(
        write_imzml(tmp_path / "b.imzML", spectra, mode="processed", intensity_dtype=np.float64)
    )
    assert measurement.n_pixels == 3
    with pytest.raises(IngestError) as error:
        find_peaks(measurement)
    assert "spectrum 3 (x 3, y 1)" in str(error.value)
    assert message in str(error.value)
    good = read_measurement(write_imzml(tmp_path / "c.imzML", SPECTRA, mode="processed"))
    folder = tmp_path / "results"
    with pytest.raises(IngestError):
        extract(measurement, find_peaks(good), folder / "peaks.h5", folder / "peaks.csv")
    assert list(folder.iterdir()) == []


def run(path, folder):
    """The whole way from a raw file to its peaks."""
    measurement = read_measurement(path)
    extract(measurement, find_peaks(measurement), folder / "peaks.h5", folder / "peaks.csv")
    return PeakMatrix.read(folder / "peaks.h5")


ZOO = {
    "git_lfs_pointer": "is a Git LFS pointer",
    "length_mismatch": "spectrum 2 has 1999 m/z values and 1997 intensities",
    "large_coordinate_gaps": 8,
    "md5_mismatch_zero_based": 4,
    "missing_pixels": 5,
    "mixed_dtype_processed_centroid": 8,
    "mostly_empty_spectra": 364,
    "negative_intensities": 40,
    "no_mode_term_ragged": 4,
    "no_profile_or_centroid_term": 6,
    "official_continuous": 9,
    "official_processed": 9,
    "processed_centroid_f64": 18,
    "sha1_mismatch_offset_grid": 2,
    "sparse_coordinates": 40,
    "two_precision_terms": 4,
    "wide_71549_bins": 4,
}


@pytest.mark.parametrize("name", ZOO)
def test_odd_files_of_the_field(shared_data, tmp_path, name):
    path = shared_data / "imzml-zoo" / f"{name}.imzML"
    if isinstance(ZOO[name], str):
        with pytest.raises(IngestError, match=ZOO[name]):
            run(path, tmp_path)
        return
    matrix = run(path, tmp_path)
    assert len(matrix.x) == ZOO[name]
    assert np.isfinite(matrix.intensity).all()
    assert (matrix.intensity >= 0).all()
    assert (matrix.intensity.sum(axis=0) > 0).any()


def test_the_zoo_is_all_there(shared_data):
    assert {path.stem for path in (shared_data / "imzml-zoo").glob("*.imzML")} == set(ZOO)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Small files of each kind, to be mutated."""
    folder = tmp_path_factory.mktemp("originals")
    rng = np.random.default_rng(0)
    axis = np.arange(400, 402, 0.01)
    profiles = [(axis, rng.random(len(axis)) + (abs(axis - 401) < 0.1)) for _ in range(2)]
    return [
        write_imzml(folder / "a.imzML", centroid_spectra(rng, 3), mode="processed"),
        write_imzml(folder / "b.imzML", profiles, mode="processed", spec_type="profile"),
        write_imzml(folder / "c.imzML", profiles, mode="continuous", spec_type="profile"),
    ]


MUTATIONS = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True), st.sampled_from([1, 1, 2, 8]), st.binary(max_size=8)
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(which=st.integers(0, 2), suffix=st.sampled_from([".imzML", ".ibd"]), mutations=MUTATIONS)
def test_mutated_files_give_a_result_or_one_line(originals, which, suffix, mutations):
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for ending in (".imzML", ".ibd"):
            shutil.copy(originals[which].with_suffix(ending), folder / f"a{ending}")
        target = folder / f"a{suffix}"
        data = target.read_bytes()
        for place, length, replacement in mutations:
            at = int(place * len(data))
            data = data[:at] + replacement + data[at + length :]
        target.write_bytes(data)
        try:
            matrix = run(folder / "a.imzML", folder / "results")
        except ImsforgeError as error:
            assert "\n" not in str(error)
            assert not (folder / "results").exists() or not list((folder / "results").iterdir())
        else:
            assert np.isfinite(matrix.intensity).all()
        finally:
            logging.disable(logging.NOTSET)
