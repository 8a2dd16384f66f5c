"""``python -m imsforge inspect``."""

import json
import subprocess
import sys

import numpy as np
import pytest
import yaml
from imzml_by_hand import write_by_hand
from matplotlib.image import imread
from measurements import write_imzml

from imsforge.__main__ import main
from imsforge.ingest import inspection
from imsforge.ingest.inspection import describe, inspect
from imsforge.study.config import validate_config

MZ = np.linspace(400.0, 500.0, 20)


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    spectra = [(MZ, rng.uniform(1, 9, 20)) for _ in range(11)] + [(MZ[:2], [-1.0, 2.0])]
    return write_by_hand(tmp_path / "my liver #1.imzML", spectra, mz_types=("<f4",))


def test_what_is_said(path):
    facts, _ = inspect(path)
    assert (facts["pixels"], facts["grid"], facts["mode"]) == (12, [4, 3], "centroid")
    assert (facts["points"], facts["looked_at"]) == (222, 12)
    np.testing.assert_allclose(facts["mz_range"], [400, 500])
    text = describe(facts)
    assert "12 on a grid of 4 x 3 (0 places not measured)" in text
    assert "1 of 12 spectra has negative intensities: set to zero (first: spectrum 12" in text
    assert "400.0000 to 500.0000, float32" in text


def test_the_configuration_it_proposes_is_valid(path, root):
    config = yaml.safe_load(describe(inspect(path)[0]).split("configuration:\n")[1])
    assert validate_config(config, root / "workflow/schemas/config.schema.yaml")


def test_large_files_are_sampled(path, monkeypatch):
    monkeypatch.setattr(inspection, "_SMALL", 100)
    monkeypatch.setattr(inspection, "_MOST_SPECTRA", 5)
    facts, _ = inspect(path)
    assert facts["looked_at"] == 4
    assert facts["pixels"] == 12
    assert "looked at          4 spectra" in describe(facts)
    assert inspect(path, whole=True)[0]["looked_at"] == 12


def test_another_checksum_than_the_declared_one_is_said(tmp_path):
    path = write_imzml(tmp_path / "a.imzML", [(MZ, MZ)] * 4, mode="processed")
    assert inspect(path)[0]["notes"] == []
    ibd = path.with_suffix(".ibd")
    content = bytearray(ibd.read_bytes())
    content[-3] ^= 1
    ibd.write_bytes(content)
    (note,) = inspect(path)[0]["notes"]
    assert "has a checksum other than the imzML declares (its SHA-1 is" in note


def test_json_and_image(path, tmp_path, capsys):
    assert main(["inspect", str(path), "--json", "--image", str(tmp_path / "tic.png")]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["pixels"] == 12
    assert imread(tmp_path / "tic.png").std() > 0


def test_as_a_program_exit_codes_and_one_line(path, tmp_path):
    def run(*arguments):
        command = [sys.executable, "-m", "imsforge", "inspect", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    good = run(path)
    assert (good.returncode, good.stderr) == (0, "")
    for bad in (tmp_path / "no.imzML", tmp_path / "a.raw", tmp_path):
        refused = run(bad)
        assert (refused.returncode, refused.stdout) == (1, "")
        (line,) = refused.stderr.splitlines()
        assert line.startswith(f"imsforge: {bad}: ")
