"""imzML: what is indexed, what is warned of; broken files are in tests/robustness."""

import hashlib
import json
import shutil

import numpy as np
import pytest
from measurements import centroid_spectra, profile_spectra, write_imzml
from pyimzml.ImzMLParser import ImzMLParser

from imsforge.io.ingest import read_measurement
from imsforge.io.measurement import Measurement

SIX = [(np.linspace(400, 500, 6) + i, np.arange(1.0, 7.0) * i) for i in range(1, 7)]


def spectra_of(measurement, **options):
    """All spectra of a measurement as (mz, intensity) pairs."""
    spectra = []
    for block in measurement.blocks(**options):
        for start, stop in zip(block.indptr[:-1], block.indptr[1:], strict=True):
            mz = block.mz if measurement.axis is not None else block.mz[start:stop]
            spectra.append((mz, block.intensity[start:stop]))
    return spectra


@pytest.mark.parametrize("mz_dtype", [np.float32, np.float64])
@pytest.mark.parametrize("intensity_dtype", [np.float32, np.float64, np.int32, np.int64])
@pytest.mark.parametrize("mode", ["continuous", "processed"])
def test_spectra_are_those_that_pyimzml_reads(tmp_path, rng, mode, mz_dtype, intensity_dtype):
    spectra = centroid_spectra(rng, mz=np.linspace(300, 900, 30))
    if mode == "continuous":
        spectra = [(spectra[0][0], rng.uniform(1, 100, len(spectra[0][0]))) for _ in spectra]
    path = write_imzml(
        tmp_path / "a.imzML", spectra, mode=mode, mz_dtype=mz_dtype, intensity_dtype=intensity_dtype
    )
    measurement = read_measurement(path)
    assert measurement.layout == mode
    with ImzMLParser(str(path)) as parser:
        expected = [parser.getspectrum(row) for row in range(len(spectra))]
        pixels = [(x, y) for x, y, _ in parser.coordinates]
    assert list(zip(measurement.x.tolist(), measurement.y.tolist(), strict=True)) == pixels
    for options in ({}, {"max_points": 50, "spectrum_cost": 1}):
        for (mz, intensity), (true_mz, true_intensity) in zip(
            spectra_of(measurement, **options), expected, strict=True
        ):
            np.testing.assert_array_equal(mz, true_mz)
            np.testing.assert_array_equal(intensity, true_intensity)
            assert intensity.dtype == np.dtype(intensity_dtype)


def test_blocks_cover_every_pixel_once_and_stay_small(tmp_path, rng):
    path = write_imzml(tmp_path / "a.imzML", centroid_spectra(rng), mode="processed")
    blocks = list(read_measurement(path).blocks(max_points=20, spectrum_cost=2))
    assert [block.rows.start for block in blocks][1:] == [block.rows.stop for block in blocks][:-1]
    assert (blocks[0].rows.start, blocks[-1].rows.stop) == (0, 40)
    assert len(blocks) > 5
    assert all(len(block.mz) < 20 + 6 for block in blocks)


def test_arrays_in_any_order_in_the_ibd(tmp_path):
    """The XML is what says where a spectrum lies; here the second spectrum lies first."""
    path = write_imzml(tmp_path / "a.imzML", SIX[:2], mode="processed", intensity_dtype=np.float64)
    text = path.read_text()
    for first, second in ((16, 112), (64, 160)):
        text = text.replace(f'value="{first}"', 'value="X"')
        text = text.replace(f'value="{second}"', f'value="{first}"')
        text = text.replace('value="X"', f'value="{second}"')
    path.write_text(text)
    (mz, intensity), (other_mz, other_intensity) = spectra_of(read_measurement(path))
    np.testing.assert_array_equal([mz, other_mz], [SIX[1][0], SIX[0][0]])
    np.testing.assert_array_equal([intensity, other_intensity], [SIX[1][1], SIX[0][1]])


def test_an_index_read_back_is_the_index_written(tmp_path):
    path = write_imzml(tmp_path / "a.imzML", SIX, mode="processed")
    measurement = read_measurement(path)
    measurement.write(tmp_path / "spectra.h5")
    again = Measurement.read(tmp_path / "spectra.h5")
    assert again.summary() == measurement.summary()
    for one, other in zip(spectra_of(again), spectra_of(measurement), strict=True):
        np.testing.assert_array_equal(one, other)
    measurement.write(tmp_path / "again.h5")
    assert (tmp_path / "again.h5").read_bytes() == (tmp_path / "spectra.h5").read_bytes()


def test_the_summary_is_plain_json(tmp_path):
    pixels = [(0, 5), (3, 5), (1, 6), (2, 6), (2, 7), (3, 7)]
    path = write_imzml(tmp_path / "a.imzML", SIX, pixels, mode="processed", spec_type="centroid")
    summary = json.loads(json.dumps(read_measurement(path).summary()))
    assert (summary["width"], summary["height"], summary["pixels"]) == (4, 3, 6)
    assert (summary["mode"], summary["layout"], summary["mz_range"]) == (
        "centroid",
        "processed",
        None,
    )
    ibd = (tmp_path / "a.ibd").read_bytes()
    assert summary["files"][1] == {
        "path": str(tmp_path / "a.ibd"),
        "bytes": len(ibd),
        "sha256": hashlib.sha256(ibd).hexdigest(),
    }
    assert summary["warnings"] == []


def test_an_ibd_with_other_letters(tmp_path):
    path = write_imzml(tmp_path / "a.imzML", SIX)
    (tmp_path / "a.ibd").rename(tmp_path / "A.IBD")
    assert read_measurement(path).source.name == "A.IBD"
    shutil.move(path, tmp_path / "a.IMZML")
    assert read_measurement(tmp_path / "a.IMZML").n_pixels == 6


def test_a_changed_ibd_is_warned_of(tmp_path):
    path = write_imzml(tmp_path / "a.imzML", SIX)
    ibd = bytearray((tmp_path / "a.ibd").read_bytes())
    ibd[:4] = b"abcd"
    (tmp_path / "a.ibd").write_bytes(ibd)
    sha1, uuid = read_measurement(path).warnings
    assert f"its SHA-1 is {hashlib.sha1(ibd).hexdigest()}, the imzML declares" in sha1
    assert "its UUID is 61626364" in uuid


@pytest.mark.parametrize("spec_type", ["profile", "centroid"])
def test_the_mode_is_found_out_where_it_is_not_declared(tmp_path, rng, spec_type):
    make = {"profile": profile_spectra, "centroid": centroid_spectra}[spec_type]
    options = {"mz": np.linspace(410, 790, 40), "n_pixels": 4}
    path = write_imzml(
        tmp_path / "a.imzML", make(rng, **options), mode="processed", spec_type="none"
    )
    measurement = read_measurement(path)
    assert measurement.mode == spec_type
    (warning,) = measurement.warnings
    assert f"neither profile nor centroid is declared: read as {spec_type}" in warning


def test_a_declaration_against_the_looks_is_kept_and_warned_of(tmp_path, rng):
    path = write_imzml(tmp_path / "a.imzML", profile_spectra(rng, 2), spec_type="centroid")
    measurement = read_measurement(path)
    assert measurement.mode == "centroid"
    assert "look like profile" in measurement.warnings[0]


def test_a_layout_against_its_declaration_is_read_as_it_is(tmp_path):
    path = write_imzml(tmp_path / "a.imzML", SIX, mode="processed")
    path.write_text(path.read_text().replace("IMS:1000031", "IMS:1000030"))
    measurement = read_measurement(path)
    assert measurement.layout == "processed"
    assert "declared continuous" in measurement.warnings[-1]


def test_negative_intensities_become_zero_and_are_counted(tmp_path):
    path = write_imzml(
        tmp_path / "a.imzML", [([1.0, 2, 3], [-1.0, 2, -3])], intensity_dtype=np.int32
    )
    (block,) = read_measurement(path).blocks()
    assert block.n_negative == 2
    np.testing.assert_array_equal(block.intensity, [0, 2, 0])


def test_empty_spectra_are_spectra(tmp_path):
    """An empty spectrum as a point without m/z and intensity, and as no point at all."""
    path = write_imzml(
        tmp_path / "a.imzML", [([0.0], [0.0]), ([5.0, 6.0], [1.0, 2.0])], mode="processed"
    )
    measurement = read_measurement(path)
    assert [len(mz) for mz, _ in spectra_of(measurement)] == [1, 2]
    path.write_text(path.read_text().replace('length" value="1"', 'length" value="0"'))
    measurement = read_measurement(path)
    assert [len(mz) for mz, _ in spectra_of(measurement)] == [0, 2]


@pytest.mark.parametrize(
    "name", ["barley/barley", pytest.param("bladder/bladder", marks=pytest.mark.slow)]
)
def test_real_measurements_as_pyimzml_reads_them(shared_data, name):
    path = shared_data / f"{name}.imzML"
    measurement = read_measurement(path)
    assert measurement.warnings.size == 0
    with ImzMLParser(str(path)) as parser:
        for row, (mz, intensity) in enumerate(spectra_of(measurement)):
            true_mz, true_intensity = parser.getspectrum(row)
            assert np.array_equal(mz, true_mz)
            assert np.array_equal(intensity, true_intensity)
        assert row + 1 == len(parser.coordinates)
