"""imzML: what a file says twice must agree."""

import re
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imzml_by_hand import TYPE_TERMS, term, write_by_hand

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import IngestError
from imsforge.ingest.ingest import read_measurement
from imsforge.ingest.inspection import describe, inspect
from imsforge.peaks.extract import extract, find_peaks
from imsforge.readers.imzml.parser import whole_number

MZ = np.array([400.0, 500.0, 600.0, 700.0, 800.0])
SPECTRA = [(MZ + i, 100 * np.arange(1.0, 6.0) + i) for i in range(12)]
TOTALS = [1500.0 + 5 * i for i in range(12)]
POSITIVE, NEGATIVE = "MS:1000130", "MS:1000129"


def refusal(path, **policies):
    with pytest.raises(IngestError) as error:
        read_measurement(path, **policies)
    assert "\n" not in str(error.value)
    return str(error.value)


def said_otherwise(stored, said, encoded, array="intensity"):
    """An edit of the XML: another type, and encoded lengths of it, of the stored one, or none."""
    group = f"{array}{stored[1:]}"

    def lengths(found):
        text = found.group()
        if f'ref="{group}"' not in text or encoded == "stored":
            return text
        new = term("IMS:1000104", 5 * np.dtype(said).itemsize) if encoded == "said" else ""
        return re.sub(r'<cvParam accession="IMS:1000104"[^>]*/>', new, text)

    def change(text):
        old = re.search(
            f'<referenceableParamGroup id="{group}">.*?</referenceableParamGroup>', text
        )
        old = old.group()
        new = old.replace(TYPE_TERMS[stored.replace(">", "<")], TYPE_TERMS[said])
        text = text.replace(old, new)
        return re.sub("<binaryDataArray .*?</binaryDataArray>", lengths, text, flags=re.S)

    return change


@pytest.mark.parametrize("encoded", ["stored", "said", "none"])
@pytest.mark.parametrize("shared_axis", [False, True])
@pytest.mark.parametrize("said", ["<f2", "<f4", "<f8", "<i2", "<i4", "<i8"])
@pytest.mark.parametrize("stored", ["<f2", "<f4", "<f8", "<i2", "<i4", "<i8", ">f4", ">f8", ">i4"])
def test_a_wrong_type_is_refused_or_read_right(tmp_path, stored, said, encoded, shared_axis):
    spectra = [(MZ, intensity) for _, intensity in SPECTRA] if shared_axis else SPECTRA
    path = write_by_hand(
        tmp_path / "a.imzML",
        spectra,
        intensity_types=(stored,),
        shared_axis=shared_axis,
        change=said_otherwise(stored, said, encoded),
    )
    if stored == said:
        measurement = read_measurement(path)
        assert measurement.total_ion_current.tolist() == TOTALS
        assert measurement.warnings == []
        return
    message = refusal(path)
    assert f"declared as {np.dtype(said).name}" in message
    assert "stored otherwise than declared" in message
    if np.dtype(stored).itemsize != np.dtype(said).itemsize:
        assert f"in {5 * np.dtype(stored).itemsize} bytes" in message
    if "set ingest.stored_type to fix" in message:
        measurement = read_measurement(path, stored_type="fix")
        assert measurement.total_ion_current.tolist() == TOTALS
        assert np.dtype(stored).name in measurement.warnings[0]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(("stored", "said"), [("<f8", "<f4"), ("<f4", "<f8"), (">f8", "<f8")])
def test_a_wrong_type_of_mz(tmp_path, stored, said, compressed):
    path = write_by_hand(
        tmp_path / "a.imzML",
        SPECTRA,
        mz_types=(stored,),
        compressed=compressed,
        change=said_otherwise(stored, said, "stored", "mz"),
    )
    assert "m/z array: " in refusal(path)
    measurement = read_measurement(path, stored_type="fix")
    (block,) = measurement.blocks()
    np.testing.assert_array_equal(block.mz, np.concatenate([mz for mz, _ in SPECTRA]))


def test_small_integers_read_as_floats_are_denormal_numbers(tmp_path):
    change = said_otherwise("<i4", "<f4", "said")
    path = write_by_hand(tmp_path / "a.imzML", SPECTRA, intensity_types=("<i4",), change=change)
    assert "denormal numbers (1.4e-43): wrong type or byte order; int32 fits" in refusal(path)


def test_a_total_of_next_to_nothing_is_refused_for_any_format(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y,400.5\n1,1,5\n2,1,1e-42\n")
    assert "spectrum 2 (x 2, y 1), point 1: intensity is 1e-42: 1 of 2 spectra" in refusal(path)
    assert read_measurement(path, denormal_intensity="skip").n_pixels == 1


def test_encoded_lengths_alone_that_are_wrong(tmp_path):
    """The arrays lie as far apart as their type says."""
    path = write_by_hand(
        tmp_path / "a.imzML",
        SPECTRA,
        change=lambda text: text.replace('value="20"/><binary', 'value="40"/><binary'),
    )
    measurement = read_measurement(path)
    assert measurement.total_ion_current.tolist() == TOTALS
    assert any("they lie 4 bytes a value apart" in note for note in measurement.warnings)


def test_single_encoded_lengths_that_are_wrong(tmp_path):
    wrong = term("IMS:1000104", 21)
    change = lambda text: text.replace(term("IMS:1000104", 20), wrong, 1)  # noqa: E731
    path = write_by_hand(tmp_path / "a.imzML", SPECTRA, change=change)
    message = refusal(path)
    assert "spectrum 1 (x 1, y 1), 5 intensities of float32 in 21 bytes: 1 of 12" in message
    assert read_measurement(path, stored_bytes="skip").total_ion_current.tolist() == TOTALS[1:]


def test_an_unknown_type(tmp_path):
    known = term(TYPE_TERMS["<f4"])
    unknown = '<cvParam accession="MS:1009999" name="32-bit posit"/>'
    path = write_by_hand(
        tmp_path / "a.imzML", SPECTRA, change=lambda text: text.replace(known, unknown)
    )
    assert "declared as 'MS:1009999 32-bit posit', which imsforge does not know" in refusal(path)
    measurement = read_measurement(path, stored_type="fix")
    assert measurement.total_ion_current.tolist() == TOTALS


def test_declared_as_zlib_and_is_not(tmp_path):
    path = write_by_hand(
        tmp_path / "a.imzML", SPECTRA, change=lambda text: text.replace("MS:1000576", "MS:1000574")
    )
    assert "declared as compressed by zlib and cannot be read" in refusal(path)


def test_another_uuid_comes_first(tmp_path):
    path = write_by_hand(tmp_path / "a.imzML", SPECTRA)
    ibd = path.with_suffix(".ibd")
    ibd.write_bytes(b"another export!!" + bytes(7) + ibd.read_bytes()[16:-30])
    message = refusal(path)
    assert "a.ibd has another UUID than the imzML declares" in message
    assert "the .ibd of another export" in message
    assert (
        "put the .imzML and the .ibd of one export together, or set ingest.uuid to skip" in message
    )


def test_a_uuid_as_windows_writes_it_and_none_at_all(tmp_path):
    path = write_by_hand(tmp_path / "a.imzML", SPECTRA)
    ibd = path.with_suffix(".ibd")
    content = ibd.read_bytes()
    ibd.write_bytes(content[3::-1] + content[5:3:-1] + content[7:5:-1] + content[8:])
    assert read_measurement(path).warnings == []
    path.write_text(path.read_text().replace(content[:16].hex(), "0" * 32))
    assert read_measurement(path).warnings == ["the imzML declares a UUID of zeros, which is none"]


def moved(array, row, to):
    """An edit of the XML: one array of a spectrum is said to lie elsewhere."""

    def change(text):
        parts = re.split("(?=<spectrum id)", text)
        arrays = re.split("(?=<binaryDataArray )", parts[row])
        which = {"mz": 1, "intensity": 2}[array]
        new = term("IMS:1000102", to)
        arrays[which] = re.sub(r'<cvParam accession="IMS:1000102"[^>]*/>', new, arrays[which])
        parts[row] = "".join(arrays)
        return "".join(parts)

    return change


@pytest.mark.parametrize(("array", "to"), [("intensity", 56), ("mz", 16)])
def test_arrays_of_an_earlier_spectrum(tmp_path, array, to):
    path = write_by_hand(tmp_path / "a.imzML", SPECTRA, change=moved(array, 10, to))
    message = refusal(path)
    assert "spectrum 10 (x 2, y 3)" in message
    assert (
        "of spectrum 1 (x 1, y 1): 1 of 12 spectra has an array of an earlier spectrum" in message
    )
    kept = read_measurement(path, shared_array="skip").total_ion_current.tolist()
    assert kept == TOTALS[:9] + TOTALS[10:]
    assert read_measurement(path, shared_array="fix").n_pixels == 12


@pytest.mark.parametrize("to", [-8, 60])
def test_arrays_where_none_can_lie(tmp_path, to):
    path = write_by_hand(tmp_path / "a.imzML", SPECTRA, change=moved("intensity", 3, to))
    assert "copy the .ibd" not in refusal(path)


def test_spectra_without_signal_and_with_the_same_mz_may_share(tmp_path):
    spectra = [(MZ, np.zeros(5)) if i % 2 else SPECTRA[i] for i in range(12)]
    shared = 56 + 60  # the first of zeros

    def change(text):
        for row in range(4, 13, 2):
            text = moved("intensity", row, shared + 0)(text)
        return text

    path = write_by_hand(tmp_path / "a.imzML", spectra, change=change)
    measurement = read_measurement(path)
    assert measurement.total_ion_current.tolist() == [0 if i % 2 else TOTALS[i] for i in range(12)]
    assert "bytes of a.ibd belong to no spectrum" in measurement.warnings[-1]


def test_bytes_after_the_last_array_are_noted(tmp_path):
    path = write_by_hand(tmp_path / "a.imzML", SPECTRA)
    with path.with_suffix(".ibd").open("ab") as file:
        file.write(bytes(3))
    assert read_measurement(path).warnings == ["3 of the 739 bytes of a.ibd belong to no spectrum"]


def alternating(first, second, n_second=6):
    def change(text):
        parts = re.split("(?<=<spectrum id)", text)
        for row in range(1, 13):
            says = second if row > 12 - n_second else first
            parts[row] = parts[row].replace(term("MS:1000127"), term("MS:1000127") + says, 1)
        return "".join(parts)

    return change


@pytest.mark.parametrize(
    ("problem", "first", "second", "names"),
    [
        ("mixed_polarity", term(POSITIVE), term(NEGATIVE), "negative, most are positive"),
        ("mixed_level", term("MS:1000511", 1), term("MS:1000511", 2), "MS2, most are MS1"),
        ("mixed_level", term("MS:1000580"), term("MS:1000579"), "MS1, most are MS2"),
    ],
)
def test_spectra_of_two_kinds(tmp_path, problem, first, second, names):
    path = write_by_hand(tmp_path / "a.imzML", SPECTRA, change=alternating(first, second, 4))
    message = refusal(path)
    assert f"a.imzML: spectrum 9 (x 1, y 3), {names}: 4 of 12 spectra have" in message
    assert f"set ingest.{problem} to skip or fix" in message
    assert read_measurement(path, **{problem: "skip"}).total_ion_current.tolist() == TOTALS[:8]
    assert read_measurement(path, **{problem: "fix"}).n_pixels == 12
    some = alternating(first, "", 4)
    assert (
        read_measurement(write_by_hand(tmp_path / "b.imzML", SPECTRA, change=some)).n_pixels == 12
    )


PROFILE, CENTROID = "MS:1000128", "MS:1000127"


def in_profile(rows, *, by_group=False, of_file=""):
    """Declare some spectra, counted from 1, as profiles, in place or by a group."""
    group = f'<referenceableParamGroup id="profiles">{term(PROFILE)}</referenceableParamGroup>'
    group = group if by_group else ""
    reference = '<referenceableParamGroupRef ref="profiles"/>'

    def change(text):
        parts = re.split("(?<=<spectrum id)", text)
        for row in rows:
            says = reference if by_group else term(PROFILE)
            parts[row] = parts[row].replace(term(CENTROID), says, 1)
        text = "".join(parts).replace("</fileContent>", f"{of_file}</fileContent>")
        return text.replace(
            "</referenceableParamGroupList>", f"{group}</referenceableParamGroupList>"
        )

    return change


@pytest.mark.parametrize("by_group", [False, True])
def test_spectra_of_two_modes(tmp_path, by_group):
    """Looks alone would take the few for the many, and read profiles point by point."""
    rows = range(9, 13)
    change = in_profile(rows, by_group=by_group)
    path = write_by_hand(tmp_path / "a.imzML", SPECTRA, change=change)
    message = refusal(path)
    assert "a.imzML: spectrum 9 (x 1, y 3), profile, most are centroid: 4 of 12" in message
    assert message.endswith("set ingest.mixed_mode to skip")
    measurement = read_measurement(path, mixed_mode="skip")
    assert measurement.mode == "centroid"
    assert measurement.total_ion_current.tolist() == TOTALS[:8]
    assert measurement.summary()["findings"][0]["problem"] == "mixed_mode"
    for mode in ("profile", "centroid"):
        measurement = read_measurement(path, mode=mode)
        assert (measurement.mode, measurement.n_pixels) == (mode, 12)
        assert measurement.warnings[0] == (
            "4 of 12 spectra are declared as profile, most are centroid: all read as "
            f"{mode}, as the configuration says"
        )


def test_a_mode_of_the_file_is_that_of_spectra_that_say_none(tmp_path):
    """What a spectrum says of itself counts more; what has no point is of no mode."""
    told = {"of_file": term(PROFILE)}
    path = tmp_path / "a.imzML"
    all_say = in_profile((), **told)
    assert read_measurement(write_by_hand(path, SPECTRA, change=all_say)).mode == "centroid"
    none_says = write_by_hand(path, SPECTRA, mode=None, change=all_say)
    assert read_measurement(none_says).mode == "profile"
    both = in_profile((), of_file=term(PROFILE) + term(CENTROID))
    unclear = write_by_hand(path, SPECTRA, mode=None, change=both)
    assert "neither profile nor centroid alone is declared" in read_measurement(unclear).warnings[0]
    with_empty = [*SPECTRA[:11], ([], [])]
    measurement = read_measurement(write_by_hand(path, with_empty, change=in_profile([12])))
    assert (measurement.mode, measurement.n_pixels) == ("centroid", 12)


def test_files_of_two_polarities(tmp_path):
    signs = {"a": POSITIVE, "b": NEGATIVE, "c": POSITIVE}
    paths = [
        write_by_hand(tmp_path / f"{name}.imzML", SPECTRA, change=alternating(term(sign), "", 0))
        for name, sign in signs.items()
    ]
    message = refusal(paths)
    assert "b.imzML has another polarity than most (negative, most are positive)" in message
    assert "set ingest.mixed_polarity to skip or fix" in message
    measurement = read_measurement(paths, mixed_polarity="skip")
    assert measurement.samples.tolist() == ["a", "c"]
    assert "b.imzML has another polarity than most" in measurement.warnings[0]
    assert read_measurement(paths, mixed_polarity="fix").n_pixels == 36


def test_what_inspect_shows_of_the_measurement(tmp_path):
    settings = (
        '<scanSettingsList><scanSettings id="s"><cvParam accession="IMS:1000046" '
        'name="pixel size (x)" value="25000" unitAccession="UO:0000018" unitName="nanometer"/>'
        '<cvParam accession="IMS:1000047" name="pixel size y" value="50" unitName="micrometer"/>'
        "</scanSettings></scanSettingsList><instrumentConfigurationList><instrumentConfiguration "
        'id="i"><cvParam accession="MS:1000529" name="instrument serial number" value="7"/>'
        '<cvParam accession="MS:1002416" name="Orbitrap Fusion"/><componentList><source>'
        '<cvParam accession="MS:1000075" name="MALDI"/></source></componentList>'
        "</instrumentConfiguration></instrumentConfigurationList><run>"
    )

    def change(text):
        return alternating(term(NEGATIVE), "", 0)(text).replace("<run>", settings)

    facts, _ = inspect(write_by_hand(tmp_path / "a.imzML", SPECTRA, change=change))
    assert (facts["polarity"], facts["pixel_size"]) == ("negative", [25.0, 50.0])
    assert facts["instrument"] == "Orbitrap Fusion"
    text = describe(facts)
    for line in ("polarity           negative", "25 x 50 µm", "Orbitrap Fusion"):
        assert line in text


def test_a_term_with_the_name_of_another(tmp_path):
    def named(text):
        return text.replace(
            term("MS:1000521"), term("MS:1000521").replace("some name", "64-bit float")
        )

    path = write_by_hand(tmp_path / "a.imzML", SPECTRA, intensity_types=("<f4",), change=named)
    measurement = read_measurement(path)
    assert measurement.total_ion_current.tolist() == TOTALS
    assert measurement.warnings == [
        "a term MS:1000521 is named '64-bit float', which is the name of MS:1000523",
        "the intensity arrays are declared as float32 and float64: read as float32 by their number "
        "of bytes",
    ]


def test_elements_with_a_prefix(tmp_path):
    def prefixed(text):
        return re.sub(r"<(/?)(?=\w)", r"<\1mz:", text).replace("xmlns=", "xmlns:mz=")

    path = write_by_hand(tmp_path / "a.imzML", SPECTRA, change=prefixed)
    assert "<mz:cvParam" in path.read_text()
    measurement = read_measurement(path)
    assert measurement.total_ion_current.tolist() == TOTALS
    assert measurement.warnings == []


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 6))
def test_whole_numbers_are_exact_however_they_are_written(number, digits):
    assert whole_number(str(number)) == number
    assert whole_number(f"{number}.{'0' * digits}") == number
    power = f"{Decimal(number):e}"
    assert whole_number(power) == number


@pytest.mark.parametrize(
    "text", ["2.5", "1e400", "1e999999999", "-1e-999999999", "nan", "inf", "", "two", "9" * 5000]
)
def test_what_is_no_whole_number(text):
    with pytest.raises(ValueError, match=re.escape(text)):
        whole_number(text)


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('value="16"', 'value="1.6e+01"', 'value="16.5"'),
        ('IMS:1000103" name="some name" value="5"', None, None),
        ('IMS:1000051" name="some name" value="1"', None, None),
        ('spectrumList count="12"', 'spectrumList count="1.2e+01"', 'spectrumList count="1e400"'),
    ],
)
def test_numbers_as_r_writes_them(tmp_path, old, new, wrong):
    new = new or re.sub(r'(\d+)"$', r'\1e+00"', old)
    wrong = wrong or re.sub(r'(\d+)"$', r'\1.5"', old)
    change = lambda text: text.replace(old, new)  # noqa: E731
    path = write_by_hand(tmp_path / "a.imzML", SPECTRA, change=change)
    assert new in path.read_text()
    measurement = read_measurement(path)
    assert measurement.total_ion_current.tolist() == TOTALS
    assert measurement.warnings == []
    path.write_text(path.read_text().replace(new, wrong))
    assert re.search(r"'\S+'", refusal(path))


@pytest.mark.parametrize("dtype", ["<f2", "<i2", "<i1"])
def test_narrow_numbers_are_widened_before_they_are_added(tmp_path, dtype):
    high = {"<f2": (40000.0, 30000.0), "<i2": (30000.0, 20000.0), "<i1": (100.0, 120.0)}[dtype]
    mz = np.array([500.0, 500.001, 600.0])
    path = write_by_hand(tmp_path / "a.imzML", [(mz, [*high, 5.0])] * 24, intensity_types=(dtype,))
    measurement = read_measurement(path)
    assert measurement.summary()["intensity_dtype"] == np.dtype(dtype).name
    extract(measurement, find_peaks(measurement), tmp_path / "peaks.h5", tmp_path / "peaks.csv")
    matrix = PeakMatrix.read(tmp_path / "peaks.h5")
    assert matrix.intensity[0].tolist() == [sum(high), 5.0]
    assert matrix.total_ion_current[0] == sum(high) + 5


def test_infinite_numbers_of_16_bits_are_judged(tmp_path):
    spectra = [(MZ, [1.0, np.inf, 3.0, 4.0, 5.0]), *SPECTRA[1:]]
    path = write_by_hand(tmp_path / "a.imzML", spectra, intensity_types=("<f2",))
    assert "1 of 12 spectra has intensities that are NaN, infinite" in refusal(path)
    fixed = read_measurement(path, non_finite_intensity="fix")
    assert fixed.total_ion_current[0] == 13
