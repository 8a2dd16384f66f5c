"""Broken and odd files: a result, or one line that says what is wrong; nothing else."""

import tracemalloc

import numpy as np
import pytest
from imzml_by_hand import write_by_hand
from measurements import write_imzml

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import IngestError
from imsforge.ingest.ingest import read_measurement
from imsforge.ingest.measurement import Measurement
from imsforge.peaks.extract import extract, find_peaks

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
    ibd.write_bytes(ibd.read_bytes()[:-40])
    message = message_of(path)
    assert message.startswith(f"{ibd}: spectrum 6 (x 2, y 2), the file has 408 bytes: 1 of 6")
    assert "beyond the end of the .ibd; copy the .ibd again, or set ingest.cut_off" in message


BOMB = "".join(f'<!ENTITY b{i} "{f"&b{i - 1};" * 10 if i else "boom" * 10}">' for i in range(10))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("</spectrumList>", "")], "its XML is broken or breaks off (mismatched tag"),
        ([("<mzML", "<!DOCTYPE mzML><mzML")], "has a document type declaration"),
        ([("<mzML", f"<!DOCTYPE m [{BOMB}]><mzML")], "has a document type declaration"),
        (
            [("<mzML", '<!DOCTYPE m SYSTEM "file:///etc/passwd"><mzML')],
            "has a document type declaration",
        ),
        (
            [("<mzML", '<!DOCTYPE m [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]><mzML')],
            "has a document type declaration",
        ),
        ([("<mzML ", "<html "), ("</mzML>", "</html>")], "its root element is html, not mzML"),
        (
            [('name="position x" value="2"', 'name="position x" value="two"')],
            "spectrum 2 has 'two' for its position x",
        ),
        ([("IMS:1000050", "IMS:1000099")], "spectrum 1 has no position x"),
        (
            [('name="position y" value="1"', f'name="position y" value="{10**20}"')],
            "for its position y",
        ),
        (
            [('name="position y" value="1"', f'name="position y" value="{10**10}"')],
            "y of spectrum 1 is 10000000000, not a whole number of 32 bits",
        ),
        ([('ref="mzArray"', 'ref="other"')], "spectrum 1 has no m/z arrays"),
        ([('ref="mzArray"', 'ref="intensityArray"')], "spectrum 1 has no m/z arrays"),
        ([('length" value="6"', 'length" value="5"')], "5 m/z values and 6 intensities: 1 of 6"),
        ([('length" value="6"', f'length" value="{10**30}"')], "spectrum 1 has an array at '16'"),
        ([('offset" value="16"', 'offset" value="sixteen"')], "an array at 'sixteen' of length"),
        ([('length" value="6"', f'length" value="{2**61}"')] * 2, "1 of 6 spectra has data beyond"),
        (
            [('length" value="6"', 'length" value="-6"')] * 2,
            "1 of 6 spectra has an offset or a length",
        ),
        (
            [('offset" value="16"', 'offset" value="-16"')],
            "1 of 6 spectra has an offset or a length",
        ),
        ([('offset" value="16"', f'offset" value="{2**62}"')], "1 of 6 spectra has data beyond"),
        ([('offset" value="16"', 'offset" value="20"')], "arrays overlap in the .ibd, first at"),
        (
            [('name="position x" value="2"', 'name="position x" value="1"')],
            "of an earlier spectrum",
        ),
        ([("MS:1000576", "MS:1002312")], "compressed by MS-Numpress linear prediction"),
        ([("MS:1000576", "MS:1000574")], "cannot be read (Error -3 while decompressing data"),
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
    assert "its XML is broken" in message_of(path)
    path.write_text("<indexedmzML></indexedmzML>")
    assert "holds no mzML element" in message_of(path)


def test_no_spectra(path):
    text = path.read_text()
    start, stop = text.index("<spectrum "), text.rindex("</spectrum>")
    path.write_text(text[:start] + text[stop + len("</spectrum>") :])
    assert "holds no spectrum" in message_of(path)


def test_a_tag_without_end(path):
    path.write_bytes(b'<mzML><cvParam name="' + b"a" * 2**25)
    assert "has no end within 16777216 bytes" in message_of(path)


def test_lengths_that_no_zlib_array_can_have_are_refused_before_memory_is_taken(tmp_path):
    path = write_by_hand(
        tmp_path / "a.imzML",
        [(np.arange(400.0, 410), np.ones(10))] * 2,
        compressed=True,
        change=lambda text: text.replace('value="10"/>', f'value="{2**40}"/>'),
    )
    tracemalloc.start()
    message = message_of(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "2 of 2 spectra have data beyond the end" in message
    assert peak < 2**25


def test_a_zlib_bomb_unpacks_to_what_is_declared(tmp_path):
    path = write_by_hand(
        tmp_path / "a.imzML",
        [(np.full(2_000_000, 400.0), np.zeros(2_000_000))],
        compressed=True,
        change=lambda text: text.replace('value="2000000"/>', 'value="2"/>'),
    )
    measurement = read_measurement(path)
    (block,) = measurement.blocks()
    assert block.mz.tolist() == [400.0, 400.0]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("a.d", "TIMSCONVERT for Bruker"),
        ("a.raw", "raw2imzml for Thermo"),
        ("a.ibd", "give the .imzML file beside it"),
        ("a.mzML", "imzMLConverter, which adds the pixels"),
        ("a.wiff", "convert it with msconvert"),
        ("a.xyz", "convert it, for example with msconvert"),
        ("a", "convert it, for example with msconvert"),
    ],
)
def test_formats_that_are_not_read(tmp_path, name, remedy):
    (tmp_path / name).mkdir()  # vendors' raw data are folders
    message = message_of(tmp_path / name)
    assert "imsforge reads .imzML, .h5, .hdf5" in message
    assert remedy in message


@pytest.mark.parametrize("folder", ["with space", "größe/質量", "a'b;c$d"])
def test_odd_paths(tmp_path, folder):
    (tmp_path / folder).mkdir(parents=True)
    path = write_imzml(tmp_path / folder / "meas urement.imzML", SPECTRA, mode="processed")
    measurement = read_measurement(path)
    measurement.write(tmp_path / folder / "spectra.h5")
    (block,) = Measurement.read(tmp_path / folder / "spectra.h5").blocks()
    assert block.n_rows == 6


def test_a_folder_that_cannot_be_written_to(path, tmp_path):
    path.parent.chmod(0o555)
    for file in path.parent.iterdir():
        file.chmod(0o444)
    try:
        assert read_measurement(path).n_pixels == 6
        assert sorted(file.suffix for file in path.parent.iterdir()) == [".ibd", ".imzML"]
    finally:
        path.parent.chmod(0o755)


def run(path, folder):
    """The whole way from a raw file to its peaks."""
    measurement = read_measurement(path)
    extract(measurement, find_peaks(measurement), folder / "peaks.h5", folder / "peaks.csv")
    return PeakMatrix.read(folder / "peaks.h5")


ZOO = {
    "git_lfs_pointer": "is a Git LFS pointer",
    "length_mismatch": r"spectrum 2 .*, 1999 m/z values and 1997 intensities: 3 of 4",
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
