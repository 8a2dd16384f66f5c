"""imzML: what is indexed, what is warned of; broken files are in tests/robustness."""

import hashlib
import json
import shutil

import numpy as np
import pytest
from imzml_by_hand import TYPE_TERMS, term, write_by_hand
from measurements import centroid_spectra, profile_spectra, write_imzml
from pyimzml.ImzMLParser import ImzMLParser

from imsforge.errors import IngestError
from imsforge.ingest.ingest import read_measurement
from imsforge.ingest.measurement import Measurement

SIX = [(np.linspace(400, 500, 6) + i, np.arange(1.0, 7.0) * i) for i in range(1, 7)]


def spectra_of(measurement, **options):
    """All spectra of a measurement as (mz, intensity) pairs."""
    spectra = []
    for block in measurement.blocks(**options):
        for start, stop in zip(block.indptr[:-1], block.indptr[1:], strict=True):
            spectra.append((block.mz[start:stop], block.intensity[start:stop]))
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
    assert measurement.summary()["layout"] == mode
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
    assert all(len(block.intensity) < 20 + 6 for block in blocks)


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
        [401.0, 506.0],
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
    assert read_measurement(path).source.endswith("A.IBD")
    shutil.move(path, tmp_path / "a.IMZML")
    assert read_measurement(tmp_path / "a.IMZML").n_pixels == 6


def test_a_changed_ibd_is_warned_of(tmp_path):
    path = write_imzml(tmp_path / "a.imzML", SIX)
    ibd = bytearray((tmp_path / "a.ibd").read_bytes())
    ibd[-4:] = b"abcd"
    (tmp_path / "a.ibd").write_bytes(ibd)
    measurement = read_measurement(path)
    (text,) = measurement.warnings
    assert f"its SHA-1 is {hashlib.sha1(ibd).hexdigest()}, the imzML declares" in text
    assert "UUID" not in text
    assert text.endswith("read all the same")
    assert measurement.summary()["findings"][0]["problem"] == "checksum"
    with pytest.raises(IngestError, match="copy both files again"):
        read_measurement(path, checksum="fail")


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
    assert f"neither profile nor centroid alone is declared: read as {spec_type}" in warning


def test_a_declaration_against_the_looks_is_kept_and_warned_of(tmp_path, rng):
    path = write_imzml(tmp_path / "a.imzML", profile_spectra(rng, 2), spec_type="centroid")
    measurement = read_measurement(path)
    assert measurement.mode == "centroid"
    assert "look like profile" in measurement.warnings[0]


def test_a_layout_against_its_declaration_is_read_as_it_is(tmp_path):
    path = write_imzml(tmp_path / "a.imzML", SIX, mode="processed")
    path.write_text(path.read_text().replace("IMS:1000031", "IMS:1000030"))
    measurement = read_measurement(path)
    assert measurement.summary()["layout"] == "processed"
    assert "declared continuous" in measurement.warnings[-1]


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


@pytest.mark.parametrize("shared_axis", [False, True])
@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
def test_compressed_arrays_and_terms_in_place(tmp_path, compressed, inline, shared_axis):
    spectra = [(SIX[0][0] if shared_axis else mz, intensity) for mz, intensity in SIX]
    path = write_by_hand(
        tmp_path / "a.imzML", spectra, compressed=compressed, inline=inline, shared_axis=shared_axis
    )
    measurement = read_measurement(path)
    assert (measurement.axis is not None) == shared_axis
    assert measurement.summary()["mz_dtype"] == ("float64, zlib" if compressed else "float64")
    for options in ({}, {"max_points": 8}):
        for (mz, intensity), (true_mz, true_intensity) in zip(
            spectra_of(measurement, **options), spectra, strict=True
        ):
            np.testing.assert_array_equal(mz, true_mz)
            np.testing.assert_array_equal(intensity, true_intensity)


def test_values_that_lost_their_last_bits_before_they_were_compressed(tmp_path):
    path = write_by_hand(
        tmp_path / "a.imzML",
        SIX,
        compressed=True,
        change=lambda text: text.replace("MS:1000574", "MS:1003088"),
    )
    for (mz, _), (true_mz, _) in zip(spectra_of(read_measurement(path)), SIX, strict=True):
        np.testing.assert_array_equal(mz, true_mz)


def test_types_that_change_from_spectrum_to_spectrum(tmp_path):
    path = write_by_hand(
        tmp_path / "a.imzML",
        SIX,
        mz_types=("<f8", "<f4"),
        intensity_types=("<i2", "<i4", "<f4", "<i1"),
    )
    measurement = read_measurement(path)
    assert measurement.summary()["mz_dtype"] == "float32 and float64"
    for (mz, intensity), (true_mz, true_intensity) in zip(
        spectra_of(measurement), SIX, strict=True
    ):
        np.testing.assert_allclose(mz, true_mz, rtol=1e-7)
        np.testing.assert_array_equal(intensity, true_intensity)


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_a_type_that_is_declared_twice_or_never_follows_from_the_bytes(tmp_path, dtype):
    both = term("MS:1000521") + term("MS:1000523")
    for terms, said in ((both, "declared as float32 and float64"), ("", "of no declared type")):
        path = write_by_hand(
            tmp_path / "a.imzML",
            SIX,
            mz_types=(dtype,),
            intensity_types=("<i4",),
            change=lambda text, terms=terms: text.replace(term(TYPE_TERMS[dtype]), terms),
        )
        measurement = read_measurement(path)
        assert measurement.summary()["mz_dtype"] == np.dtype(dtype).name
        (note,) = measurement.warnings
        assert f"the m/z arrays are {said}: read as {np.dtype(dtype).name} by their" in note


def test_an_encoding_other_than_declared(tmp_path):
    path = write_by_hand(
        tmp_path / "a.imzML",
        SIX,
        contact="Gr\u00f6\u00dfe",
        encoding="latin-1",
        declared_encoding="UTF-8",
    )
    (note,) = read_measurement(path).warnings
    assert "not in the encoding that it declares" in note


def test_planes_of_a_volume_are_samples(tmp_path):
    pixels = [(1, 1, 7), (2, 1, 7), (1, 1, 9), (2, 1, 9), (1, 2, 9), (2, 2, 9)]
    measurement = read_measurement(write_by_hand(tmp_path / "a.imzML", SIX, pixels=pixels))
    assert measurement.samples.tolist() == ["a, z 7", "a, z 9"]
    assert measurement.sample.tolist() == [0, 0, 1, 1, 1, 1]
    assert [sample["pixels"] for sample in measurement.summary()["samples"]] == [2, 4]


def test_several_files_are_one_measurement(tmp_path):
    first = write_by_hand(tmp_path / "a.imzML", SIX)
    second = write_by_hand(tmp_path / "b.imzML", SIX[:4], shared_axis=True)
    for inputs, names in (
        ([first, second], ["a", "b"]),
        ({"old": first, "young": str(second)}, ["old", "young"]),
    ):
        measurement = read_measurement(inputs)
        assert measurement.samples.tolist() == names
        assert measurement.sample.tolist() == [0] * 6 + [1] * 4
        assert measurement.axis is None
        assert len(measurement.file_path) == 4
        measurement.write(tmp_path / "spectra.h5")
        again = Measurement.read(tmp_path / "spectra.h5")
        assert again.summary() == measurement.summary()
        expected = SIX + [(SIX[0][0], intensity) for _, intensity in SIX[:4]]
        for options in ({}, {"max_points": 20}):
            for (mz, intensity), (true_mz, true_intensity) in zip(
                spectra_of(again, **options), expected, strict=True
            ):
                np.testing.assert_array_equal(mz, true_mz)
                np.testing.assert_array_equal(intensity, true_intensity)


def test_chosen_rows_across_files(tmp_path):
    paths = [write_by_hand(tmp_path / f"{name}.imzML", SIX) for name in "abc"]
    measurement = read_measurement(paths)
    rows = np.array([1, 4, 12, 13, 17])
    blocks = list(measurement.blocks(max_points=12, spectrum_cost=0, rows=rows))
    assert [i for block in blocks for i in range(block.rows.start, block.rows.stop)] == [*range(5)]
    intensity = np.concatenate([block.intensity for block in blocks])
    np.testing.assert_array_equal(intensity, np.concatenate([SIX[row % 6][1] for row in rows]))


def test_files_of_two_modes_are_refused(tmp_path):
    paths = [
        write_by_hand(tmp_path / "a.imzML", SIX),
        write_by_hand(tmp_path / "b.imzML", SIX, mode="MS:1000128"),
    ]
    says = r"b\.imzML has another mode, .* \(profile, most are centroid\); .* set ingest\.mode"
    with pytest.raises(IngestError, match=says):
        read_measurement(paths)
    measurement = read_measurement(paths, mixed_mode="skip")
    assert measurement.samples.tolist() == ["a"]
    assert "b.imzML has another mode" in measurement.warnings[0]
    measurement = read_measurement(paths, mode="centroid")
    assert measurement.mode == "centroid"
    assert measurement.warnings == [
        "b.imzML: declared as profile: read as centroid, as the configuration says"
    ]


def test_a_raw_file_that_changed_is_noticed(tmp_path):
    path = write_by_hand(tmp_path / "a.imzML", SIX)
    measurement = read_measurement(path)
    with (tmp_path / "a.ibd").open("ab") as file:
        file.write(b"more")
    with pytest.raises(IngestError, match="when it was indexed; run `ingest` again"):
        next(measurement.blocks())
    (tmp_path / "a.ibd").unlink()
    with pytest.raises(IngestError, match="gone since it was indexed"):
        next(measurement.blocks())


@pytest.mark.parametrize(
    "name", ["barley/barley", pytest.param("bladder/bladder", marks=pytest.mark.slow)]
)
def test_real_measurements_as_pyimzml_reads_them(shared_data, name):
    path = shared_data / f"{name}.imzML"
    measurement = read_measurement(path)
    assert measurement.warnings == []
    with ImzMLParser(str(path)) as parser:
        for row, (mz, intensity) in enumerate(spectra_of(measurement)):
            true_mz, true_intensity = parser.getspectrum(row)
            assert np.array_equal(mz, true_mz)
            assert np.array_equal(intensity, true_intensity)
        assert row + 1 == len(parser.coordinates)
