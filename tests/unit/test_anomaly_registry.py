"""The detectors by name: how they are made, and what their scores depend on."""

import sys

import pytest

from imsforge.anomaly.base import Detector
from imsforge.anomaly.registry import CRITIC, DETECTORS, TRIMMER, modules_behind
from imsforge.anomaly.thresholds import check_rate, threshold
from imsforge.errors import DataError


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_can_be_made(name):
    entry = DETECTORS[name]
    assert entry.assumes
    assert entry.assumes[-1] != "."
    detector = entry.make(7, 11)
    assert isinstance(detector, Detector)
    settings = detector.get_params()
    assert settings.get("random_state", 7) == 7
    assert settings.get("updates", 11) == 11
    own = entry.make(7).get_params()
    assert own.get("updates", 0) != 11


def test_a_map_depends_on_the_modules_of_its_detectors():
    assert modules_behind(["knn", "lof"]) == ["imsforge.anomaly.library"]
    assert modules_behind(["knn"], trim=0.1) == sorted(
        {"imsforge.anomaly.library", DETECTORS[TRIMMER].module}
    )
    assert "imsforge.oversampling.gan" in modules_behind([CRITIC])


def test_detectors_are_imported_when_they_are_asked_for():
    """A plan of the workflow knows their names without waiting for torch."""
    import subprocess

    program = (
        "import sys; import imsforge.anomaly.registry as r; r.modules_behind(r.DETECTORS); "
        "print({'torch', 'sklearn'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "set()\n"


def test_a_rate_needs_healthy_pixels_enough():
    check_rate(19, 0.05)
    assert threshold([float(k) for k in range(19)], 0.05) == 18
    with pytest.raises(DataError, match="told from 19 healthy pixels on, but only 18 lie"):
        check_rate(18, 0.05)
