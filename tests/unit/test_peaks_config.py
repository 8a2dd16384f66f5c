"""The `peaks` block of the configuration, and the functions that it reaches."""

import inspect

import pytest
import yaml

from imsforge.errors import ConfigError
from imsforge.peaks.extract import extract_peaks, find_peaks
from imsforge.peaks.integrate import STATISTICS
from imsforge.peaks.normalization import NORMALIZATIONS
from imsforge.peaks.preprocessing import BASELINES
from imsforge.peaks.recalibration import MODELS, estimate_shift
from imsforge.peaks.summary import KINDS
from imsforge.peaks.widths import ANALYSERS, ResolvingPower
from imsforge.study.config import validate_config


@pytest.fixture
def schema(root):
    return root / "workflow" / "schemas" / "config.schema.yaml"


@pytest.fixture
def peaks(schema):
    return yaml.safe_load(schema.read_text())["$defs"]["peaks"]["properties"]


def validated(schema, **settings):
    config = {"datasets": {"kidney": {"phantom": {}, "peaks": settings}}}
    return validate_config(config, schema)["datasets"]["kidney"]["peaks"]


def test_defaults_are_the_library_s(peaks):
    signature = {
        **inspect.signature(find_peaks).parameters,
        **inspect.signature(extract_peaks).parameters,
    }
    for key, stated in peaks.items():
        if key != "list":  # a file here, values there
            assert signature[key].default == stated.get("default"), key
    for key, function in (("resolving_power", ResolvingPower), ("recalibration", estimate_shift)):
        signature = inspect.signature(function).parameters
        for name, stated in peaks[key]["properties"].items():
            if "default" in stated:
                assert signature[name].default == stated["default"], name


def test_choices_are_the_library_s(peaks):
    for stated, known in (
        (peaks["spectrum"], KINDS),
        (peaks["intensity"], STATISTICS),
        (peaks["normalization"], NORMALIZATIONS),
        (peaks["baseline"]["properties"]["method"], BASELINES),
        (peaks["resolving_power"]["properties"]["analyser"], ANALYSERS),
        (peaks["recalibration"]["properties"]["model"], MODELS),
    ):
        assert stated["enum"] == list(known)


def test_an_empty_block_takes_its_defaults(schema):
    settings = validated(schema, smoothing={}, baseline={}, recalibration={"references": [500]})
    assert settings["smoothing"] == {"window": 7, "order": 2}
    assert settings["baseline"] == {"method": "snip", "width": 200}
    assert settings["recalibration"]["model"] == "constant"
    assert validated(schema)["smoothing"] is None


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"list": "nowhere.csv"}, "peaks.list: nowhere.csv: no such file"),
        ({"smoothing": {"window": 8}}, "smoothing.window: "),
        ({"smoothing": {"window": 5, "order": 5}}, "smoothing.order: 5 is not below the window, 5"),
        ({"baseline": {"method": "line"}}, "method: 'line' is not one of snip, tophat"),
        ({"resolving_power": {"at_mz": 500}}, "resolving_power: key 'value' is missing"),
        ({"recalibration": {}}, "recalibration: key 'references' is missing"),
        ({"normalization": "reference"}, "peaks: key 'reference_mz' is missing"),
        ({"normalisation": "tic"}, "unknown key 'normalisation'; did you mean 'normalization'"),
    ],
)
def test_mistakes_are_told_before_anything_runs(schema, settings, says):
    with pytest.raises(ConfigError) as raised:
        validated(schema, **settings)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_peak_list_is_read_before_anything_runs(schema, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("500\nfive\n")
    with pytest.raises(ConfigError, match=r"peaks\.list: .*list\.csv: line 2: 'five' is no m/z"):
        validated(schema, list=str(path))
