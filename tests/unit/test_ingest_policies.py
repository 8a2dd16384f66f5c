"""What is done with spectra that are not as they should be."""

import numpy as np
import pytest
import yaml
from imzml_by_hand import write_by_hand

from imsforge.errors import ConfigError, IngestError
from imsforge.ingest.ingest import read_measurement
from imsforge.ingest.policies import PROBLEMS, Policies

GOOD = ([400.0, 401.0, 402.0], [1.0, 2.0, 3.0])
BAD = {
    "impossible_mz": ([400.0, np.nan, 402.0], [1.0, 2.0, 3.0]),
    "non_finite_intensity": ([400.0, 401.0, 402.0], [1.0, np.inf, 3.0]),
    "unsorted_mz": ([402.0, 401.0, 400.0], [3.0, 2.0, 1.0]),
    "negative_intensity": ([400.0, 401.0, 402.0], [1.0, -2.0, 3.0]),
    "empty_spectrum": ([400.0, 401.0], [0.0, 0.0]),
    "length_mismatch": ([400.0, 401.0, 402.0], [1.0, 2.0]),
}
MENDED = {
    "impossible_mz": ([400.0, 402.0], [1.0, 3.0]),
    "non_finite_intensity": ([400.0, 401.0, 402.0], [1.0, 0.0, 3.0]),
    "unsorted_mz": GOOD,
    "negative_intensity": ([400.0, 401.0, 402.0], [1.0, 0.0, 3.0]),
    "empty_spectrum": BAD["empty_spectrum"],
    "length_mismatch": ([400.0, 401.0], [1.0, 2.0]),
}


@pytest.fixture
def bad_file(tmp_path):
    """A function that writes three spectra, of which the second has a problem."""
    return lambda problem: write_by_hand(tmp_path / "a.imzML", [GOOD, BAD[problem], GOOD])


def points_of(measurement):
    points = []
    for block in measurement.blocks():
        bounds = block.indptr[1:-1]
        parts = zip(np.split(block.mz, bounds), np.split(block.intensity, bounds), strict=True)
        points += [(mz.tolist(), intensity.tolist()) for mz, intensity in parts]
    return points


@pytest.mark.parametrize("problem", BAD)
def test_fail_names_file_spectrum_remedy_and_key(bad_file, problem):
    with pytest.raises(IngestError) as error:
        read_measurement(bad_file(problem), **{problem: "fail"})
    message = str(error.value)
    assert "\n" not in message
    assert "a.i" in message
    assert "spectrum 2 (x 2, y 1)" in message
    assert f"1 of 3 spectra has {PROBLEMS[problem].what}" in message
    assert PROBLEMS[problem].remedy in message
    assert f"set ingest.{problem} to skip or fix" in message


@pytest.mark.parametrize("problem", BAD)
def test_skip_leaves_the_spectrum_out(bad_file, problem):
    measurement = read_measurement(bad_file(problem), **{problem: "skip"})
    assert measurement.x.tolist() == [1, 3]
    assert points_of(measurement) == [GOOD, GOOD]
    (finding,) = measurement.summary()["findings"]
    text = finding.pop("text")
    assert finding == {"problem": problem, "count": 1, "total": 3, "policy": "skip"}
    assert "left out (first: spectrum 2 (x 2, y 1)" in text


@pytest.mark.parametrize("problem", BAD)
def test_fix_mends_the_spectrum(bad_file, problem):
    measurement = read_measurement(bad_file(problem), **{problem: "fix"})
    assert points_of(measurement) == [GOOD, MENDED[problem], GOOD]
    assert measurement.total_ion_current.tolist() == [6.0, sum(MENDED[problem][1]), 6.0]
    (finding,) = measurement.summary()["findings"]
    assert finding["policy"] == "fix"
    assert PROBLEMS[problem].fix in finding["text"]


@pytest.mark.parametrize("shared_axis", [False, True])
def test_pixels_that_are_measured_twice(tmp_path, shared_axis):
    pixels = [(1, 1), (2, 1), (1, 1), (1, 1)]
    spectra = [(GOOD[0], [k, k, k]) for k in (1.0, 2.0, 3.0, 4.0)]
    path = write_by_hand(tmp_path / "a.imzML", spectra, pixels=pixels, shared_axis=shared_axis)
    with pytest.raises(IngestError, match=r"spectrum 3 \(x 1, y 1\): 2 of 4 spectra have"):
        read_measurement(path)
    measurement = read_measurement(path, duplicate_pixel="skip")
    assert measurement.x.tolist() == [1, 2]
    assert measurement.total_ion_current.tolist() == [3.0, 6.0]
    assert [intensity for _, intensity in points_of(measurement)] == [[1, 1, 1], [2, 2, 2]]


def test_spectra_beyond_the_end(tmp_path):
    path = write_by_hand(tmp_path / "a.imzML", [GOOD] * 3)
    ibd = path.with_suffix(".ibd")
    ibd.write_bytes(ibd.read_bytes()[:-4])
    with pytest.raises(IngestError, match=r"spectrum 3 .*1 of 3 spectra has data beyond the end"):
        read_measurement(path)
    measurement = read_measurement(path, cut_off="skip")
    assert points_of(measurement) == [GOOD, GOOD]


def test_a_common_axis_is_sorted_or_cleaned_for_all(tmp_path):
    mz = [402.0, 400.0, np.nan, 401.0]
    spectra = [(mz, [3.0, 1.0, 9.0, 2.0])] * 2
    path = write_by_hand(tmp_path / "a.imzML", spectra, shared_axis=True)
    with pytest.raises(IngestError, match="point 3 of the common axis"):
        read_measurement(path)
    measurement = read_measurement(path, impossible_mz="fix")
    assert measurement.axis.tolist() == [400.0, 401.0, 402.0]
    assert points_of(measurement) == [GOOD, GOOD]
    assert len(measurement.warnings) == 2
    with pytest.raises(IngestError, match=r"none would be left; set ingest\.unsorted_mz to fix"):
        read_measurement(path, impossible_mz="fix", unsorted_mz="skip")


def test_no_spectrum_left(tmp_path):
    path = write_by_hand(tmp_path / "a.imzML", [([400.0], [0.0])] * 3)
    with pytest.raises(IngestError, match="no spectrum is left"):
        read_measurement(path, empty_spectrum="skip")


def test_policies_that_do_not_exist():
    with pytest.raises(ConfigError, match=r"ingest.colour: unknown; known are uuid"):
        Policies(colour="fail")
    with pytest.raises(ConfigError, match=r"ingest\.duplicate_pixel: 'fix' is not one of"):
        Policies(duplicate_pixel="fix")


def test_the_schema_knows_the_same_policies(root):
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    keys = dict(schema["$defs"]["ingest"]["properties"])
    keys.pop("mode")
    assert {key: (entry["enum"], entry["default"]) for key, entry in keys.items()} == {
        key: (problem.choices(), problem.default) for key, problem in PROBLEMS.items()
    }
