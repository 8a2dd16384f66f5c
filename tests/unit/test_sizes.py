"""Memory that rules ask for follows the shapes of arrays, not the sizes of compressed files."""

import numpy as np
import pytest

from imsforge.artifacts.contract import PeakMatrix
from imsforge.artifacts.sizes import megabytes
from imsforge.artifacts.text import write_json
from imsforge.study import Study


def peaks_file(path, n_pixels, value=0.0):
    x = np.zeros(n_pixels, dtype=np.int32)
    intensity = np.full((n_pixels, 250), value, dtype=np.float32)
    PeakMatrix(intensity, np.arange(250.0), x, x, intensity[:, 0]).write(path)
    return path


def test_a_compressed_file_counts_by_its_arrays(tmp_path):
    path = peaks_file(tmp_path / "peaks.h5", 4000)
    assert path.stat().st_size < 1e5
    assert megabytes([path]) == pytest.approx(4000 * (250 + 3) * 4 / 1e6, rel=0.01)
    assert megabytes([path, str(path)]) == 2 * megabytes([path])


def test_a_file_that_grew_is_looked_at_anew(tmp_path):
    path = peaks_file(tmp_path / "peaks.h5", 100)
    before = megabytes([path])
    peaks_file(path, 5000)
    assert megabytes([path]) > 20 * before


def test_other_files_count_by_their_sizes(tmp_path):
    write_json({"a": "b" * 5000}, tmp_path / "a.json")
    assert megabytes([tmp_path / "a.json"]) == (tmp_path / "a.json").stat().st_size / 1e6
    cut = peaks_file(tmp_path / "cut.h5", 500, value=1.5)
    cut.write_bytes(cut.read_bytes()[:3000])
    assert megabytes([cut]) == 0.003
    assert megabytes([]) == 0


def test_a_missing_file_is_named_as_snakemake_names_its_inputs(tmp_path):
    with pytest.raises(FileNotFoundError) as raised:
        megabytes([str(tmp_path / "none.h5")])
    assert raised.value.filename == str(tmp_path / "none.h5")


def test_a_phantom_is_known_before_it_is_made():
    settings = {"experiments": {}, "anomaly": {}}
    phantom = {"phantom": {"pixels": 161_547, "peaks": 573}, **settings}
    given = {"input": "a.imzML", **settings}
    study = Study({"datasets": {"phantom": phantom, "given": given}})
    assert study.dataset("phantom").megabytes == pytest.approx(370, abs=1)
    assert study.dataset("given").megabytes == 0
