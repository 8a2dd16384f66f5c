"""The size of pixels: told by files, given by the configuration, handed on to what comes after."""

import xml.etree.ElementTree as ElementTree

import h5py
import numpy as np
import pytest
from imzml_by_hand import write_by_hand

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import ConfigError
from imsforge.ingest.ingest import read_measurement
from imsforge.ingest.inspection import describe, inspect
from imsforge.ingest.measurement import Measurement
from imsforge.peaks.extract import extract_peaks
from imsforge.phantom import make_phantom, write_phantom
from imsforge.readers.imzml.writer import write_continuous
from imsforge.readers.pixels import pixel_size
from imsforge.study.config import validate_config

SPECTRA = [(np.linspace(400, 500, 6), np.arange(1.0, 7.0) * i) for i in range(1, 9)]
MICROMETRE = 'unitAccession="UO:0000017"'


def imzml(path, *terms):
    """Write an imzML whose scan settings hold some terms."""
    inner = "".join(terms)
    settings = f'<scanSettingsList><scanSettings id="s">{inner}</scanSettings></scanSettingsList>'

    def change(text):
        return text.replace("<run>", f"{settings}<run>")

    return write_by_hand(path, SPECTRA, change=change)


def size(axis, value, unit=MICROMETRE):
    number = {"x": 46, "y": 47}[axis]
    return f'<cvParam accession="IMS:10000{number}" name="pixel size" value="{value}" {unit}/>'


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((size("x", 10), size("y", 12)), [10, 12]),
        ((size("x", 25), size("y", 0.05, 'unitName="millimeter"')), [25, 50]),
        ((size("x", 30, ""),), [30, 30]),
        ((size("y", 20),), [20, 20]),
        ((size("x", 1), size("y", 1)), [1, 1]),
        ((size("x", "1.000000", ""), size("y", "1.000000", "")), None),
        ((size("x", "2.0", ""), size("y", "1.0", "")), None),
        ((size("x", 0), size("y", 0)), None),
        ((size("x", -10), size("y", 10)), None),
        ((size("x", "nan"), size("y", 10)), None),
        ((size("x", 1e9), size("y", 1e9)), None),
        ((size("x", 100, 'unitAccession="UO:0000082" unitName="square micrometer"'),), None),
        ((size("x", "wide"),), None),
        ((), None),
    ],
)
def test_what_an_imzml_declares(tmp_path, terms, expected):
    measurement = read_measurement(imzml(tmp_path / "a.imzML", *terms))
    assert measurement.summary()["samples"][0]["pixel_size"] == expected
    if expected is None:
        assert measurement.pixel_size is None
    else:
        np.testing.assert_allclose(measurement.pixel_size, [expected])
    assert measurement.warnings == []


def test_the_size_goes_through_to_the_peaks(tmp_path):
    files = {
        "a": imzml(tmp_path / "a.imzML", size("x", 10), size("y", 12)),
        "b": imzml(tmp_path / "b.imzML"),
    }
    read_measurement(files).write(tmp_path / "spectra.h5")
    measurement = Measurement.read(tmp_path / "spectra.h5")
    extract_peaks(measurement, tmp_path / "peaks.h5", tmp_path / "peaks.csv")
    peaks = PeakMatrix.read(tmp_path / "peaks.h5")
    np.testing.assert_array_equal(peaks.pixel_size, [[10, 12], [np.nan, np.nan]])
    # And back: peaks are a measurement themselves.
    again = read_measurement(tmp_path / "peaks.h5")
    np.testing.assert_array_equal(again.pixel_size, peaks.pixel_size)
    assert [sample["pixel_size"] for sample in again.summary()["samples"]] == [[10, 12], None]


def test_an_unknown_size_leaves_no_array(tmp_path):
    measurement = read_measurement(imzml(tmp_path / "a.imzML"))
    extract_peaks(measurement, tmp_path / "peaks.h5", tmp_path / "peaks.csv")
    with h5py.File(tmp_path / "peaks.h5") as file:
        assert "pixel_size" not in file


def test_the_configuration_overrules_files_and_says_so(tmp_path):
    files = {
        "told": imzml(tmp_path / "a.imzML", size("x", 10), size("y", 10)),
        "same": imzml(tmp_path / "b.imzML", size("x", 0.02, 'unitName="mm"')),
        "silent": imzml(tmp_path / "c.imzML"),
    }
    measurement = read_measurement(files, pixel_size=20)
    np.testing.assert_array_equal(measurement.pixel_size, [[20, 20]] * 3)
    (warning,) = measurement.warnings
    assert warning == (
        "the pixel size of told is declared as 10 x 10 µm: taken as 20 x 20, as the configuration "
        "says"
    )
    pair = read_measurement(files["silent"], pixel_size=[10, 12])
    np.testing.assert_array_equal(pair.pixel_size, [[10, 12]])
    assert pair.warnings == []


def study(value):
    return {"datasets": {"a": {"phantom": {}, "pixel_size": value}}}


@pytest.mark.parametrize("value", [10, 2.5, [10, 12], None])
def test_what_the_configuration_may_say(root, value):
    schema = root / "workflow/schemas/config.schema.yaml"
    assert validate_config(study(value), schema)["datasets"]["a"]["pixel_size"] == value


@pytest.mark.parametrize("value", [0, -1, 1e6, [10], [10, 10, 10], "10 um"])
def test_what_it_may_not_say(root, value):
    with pytest.raises(ConfigError, match="pixel_size"):
        validate_config(study(value), root / "workflow/schemas/config.schema.yaml")


@pytest.mark.parametrize(
    ("stored", "expected"),
    [(10.0, [10, 10]), ([10, 12], [10, 12]), ([0, 0], None), (np.ones((3, 3)), None), (b"x", None)],
)
def test_hdf5_tells_it_at_its_root(tmp_path, stored, expected):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["intensity"], file["mz"] = np.ones((6, 4)), np.arange(4) + 100.0
        file["x"], file["y"], file["pixel_size"] = np.arange(6), np.zeros(6), stored
    measurement = read_measurement(tmp_path / "a.h5")
    assert measurement.summary()["samples"][0]["pixel_size"] == expected
    assert "pixel_size" not in measurement.annotations


def test_inspect_prints_it(tmp_path):
    path = imzml(tmp_path / "a.imzML", size("x", 10), size("y", 12))
    facts, _ = inspect(path)
    assert facts["pixel_size"] == [10, 12]
    assert "pixel size         10 x 12 µm" in describe(facts)
    unknown, _ = inspect(imzml(tmp_path / "b.imzML"))
    assert unknown["pixel_size"] is None
    assert "pixel size         not said" in describe(unknown)


@pytest.mark.parametrize("spectra", ["centroid", "profile"])
def test_a_phantom_has_one(tmp_path, spectra):
    phantom = make_phantom(300, 50, seed=1)
    write_phantom(phantom, tmp_path / "p.imzML", spectra=spectra)
    measurement = read_measurement(tmp_path / "p.imzML")
    np.testing.assert_allclose(measurement.pixel_size, [[316.23, 316.23]])


def test_what_is_written_is_escaped(tmp_path):
    path = tmp_path / "a<b&c.imzML"
    odd = 'cortex <"&"> \u00b5 @spectra'
    write_continuous(
        path,
        np.array([1, 2]),
        np.array([1, 1]),
        np.array([100.0, 200.0]),
        [(slice(0, 2), np.ones((2, 2), dtype=np.float32))],
        spectra="centroid",
        seed=1,
        about={"about": odd},
        notes={"class": np.array([odd, ""])},
    )
    tree = ElementTree.parse(path)
    told = [node.attrib for node in tree.iter("{http://psi.hupo.org/ms/mzml}userParam")]
    assert told == [{"name": "about", "value": odd}, {"name": "class", "value": odd}]


def test_one_number_is_that_of_square_pixels():
    assert pixel_size(x=10).tolist() == [10, 10]
    assert pixel_size(10, 12).tolist() == [10, 12]
    assert pixel_size() is None
    assert pixel_size(10, np.inf) is None
