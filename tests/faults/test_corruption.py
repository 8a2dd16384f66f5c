"""Corrupted intermediates: named in one line, removed, made anew; never silently used."""

import h5py
import numpy as np
import pytest

from imsforge.artifacts.contract import Features, Labels, PeakMatrix, Split
from imsforge.artifacts.tables import read_csv, read_csvs
from imsforge.errors import DamagedError, DataError
from imsforge.stage import stage


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def drop_rows(path):
    with h5py.File(path, "r+") as file:
        names = [name for name in ("label", "x") if name in file]
        shorter = file[names[0]][:-5]
        del file[names[0]]
        file[names[0]] = shorter


def flatten(path):
    with h5py.File(path, "r+") as file:
        name = "intensity" if "intensity" in file else "components"
        flat = np.ravel(file[name][()])
        del file[name]
        file[name] = flat


def foreign(path):
    Split(np.arange(3), np.arange(3, 5)).write(path)


def no_hdf5(path):
    path.write_text("class,pixels\n1,2\n")


BREAKAGES = [truncate, drop_rows, flatten, foreign, no_hdf5]


@pytest.fixture
def files(tmp_path, peaks, labels, features):
    components = np.ones((2, 8), dtype=np.float32)
    labels = Labels(labels.label, labels.names, components, np.ones(300, dtype=np.float32))
    written = {"peaks": peaks, "labels": labels}
    for name, artifact in written.items():
        artifact.write(tmp_path / f"{name}.h5")
    return tmp_path


@pytest.mark.parametrize("kind", [PeakMatrix, Labels], ids=["peaks", "labels"])
@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.__name__)
def test_a_broken_artifact_is_named_and_not_read(files, kind, breakage):
    path = files / f"{'peaks' if kind is PeakMatrix else 'labels'}.h5"
    kind.read(path)
    breakage(path)
    with pytest.raises(DamagedError) as error:
        kind.read(path)
    assert error.value.path == path
    assert str(error.value).startswith(f"{path}: damaged (")
    assert "\n" not in str(error.value)


def test_fields_are_checked_where_one_is_read(files):
    drop_rows(files / "peaks.h5")
    with pytest.raises(DamagedError, match="x has 295 pixels, other arrays 300"):
        PeakMatrix.read(files / "peaks.h5", "mz")


def test_features_of_another_length_are_refused(tmp_path, features):
    path = tmp_path / "features.h5"
    features.write(path)
    with h5py.File(path, "r+") as file:
        del file["pixel"]
        file["pixel"] = np.arange(7)
    with pytest.raises(DamagedError, match="pixel has 7 rows, other arrays 102"):
        Features.read(path)


def test_a_stage_removes_what_is_damaged(files, capsys):
    path = files / "peaks.h5"
    truncate(path)
    with pytest.raises(SystemExit), stage("label", files / "label.log"):
        PeakMatrix.read(path)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"imsforge: label: {path}: damaged (")
    assert line.endswith("; removed, run again to make it anew")
    assert not path.exists()
    assert (files / "labels.h5").exists()


@pytest.mark.parametrize("end", [b"", b"7,0.5", b"\0\0\0\n"], ids=["empty", "cut", "zeros"])
def test_a_table_that_breaks_off_is_not_read(tmp_path, end):
    """Three ways in which a power cut leaves a file."""
    path = tmp_path / "scores.csv"
    path.write_bytes(b"class,value\n1,0.25\n" + end if end else b"")
    with pytest.raises(DamagedError, match="the table breaks off"):
        read_csv(path)


def test_a_table_of_another_kind_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("class,value\n1,0.25\n")
    (tmp_path / "b.csv").write_text("class,pixels\n1,25\n")
    with pytest.raises(DataError, match=r"b\.csv: other columns than in .*a\.csv"):
        read_csvs([tmp_path / "a.csv", tmp_path / "b.csv"])


@pytest.mark.workflow
def test_a_rerun_makes_a_damaged_artifact_anew(study, finished):
    peaks, target = study.folder / "results/tiny/peaks.h5", "results/tiny/labels.h5"
    truncate(peaks)
    run = study.snakemake(target)
    assert run.returncode != 0
    lines = {line for line in run.stderr.splitlines() if line.startswith("imsforge: ")}
    assert lines
    assert all("results/tiny/peaks.h5: damaged (" in line for line in lines)
    assert not peaks.exists()
    run = study.snakemake(target)
    assert run.returncode == 0, run.stderr
    assert study.bytes_of_results() == finished.bytes_of_results()


@pytest.mark.workflow
@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "target"),
    [
        ("tiny/spectra.h5", "tiny/peaks.h5"),
        ("tiny/labels.h5", "tiny/nmf/repeat-1/split.h5"),
        ("tiny/nmf/repeat-1/split.h5", "tiny/nmf/repeat-1/features.h5"),
        ("tiny/nmf/repeat-1/features.h5", "tiny/nmf/repeat-1/scaled.h5"),
        ("tiny/nmf/repeat-1/scaled.h5", "tiny/nmf/repeat-1/smote/resampled.h5"),
        ("tiny/nmf/repeat-1/smote/resampled.h5", "tiny/nmf/repeat-1/smote/scores.csv"),
        ("tiny/nmf/repeat-1/cgan/model.safetensors", "tiny/nmf/repeat-1/cgan/resampled.h5"),
        ("tiny/nmf/repeat-1/cgan/history.csv", "tiny/nmf/training.png"),
        ("tiny/nmf/repeat-1/smote/scores.csv", "tiny/nmf/table.csv"),
        ("tiny/anomaly/spots/model.safetensors", "tiny/anomaly/spots/scores.h5"),
        ("tiny/anomaly/spots/scores.h5", "tiny/anomaly/spots/map.png"),
        ("tiny/anomaly/spots/ions.csv", "tiny/anomaly/spots/ions.png"),
        ("tiny/anomaly/spots/metrics.json", "report.html"),
    ],
)
def test_every_intermediate_is_made_anew(study, finished, broken, target):
    truncate(study.folder / "results" / broken)
    run = study.snakemake(f"results/{target}")
    assert run.returncode != 0
    assert f"results/{broken}: damaged (" in run.stderr
    run = study.snakemake(f"results/{target}")
    assert run.returncode == 0, run.stderr
    assert study.bytes_of_results() == finished.bytes_of_results()


@pytest.mark.workflow
def test_labels_of_another_measurement_are_not_used(study):
    """A file of the right kind, but for other pixels."""
    path = study.folder / "results/tiny/labels.h5"
    labels = Labels.read(path)
    Labels(labels.label[:-9], labels.names, labels.components, labels.weight[:-9]).write(path)
    run = study.snakemake("results/tiny/nmf/repeat-1/split.h5")
    assert run.returncode != 0
    assert "891 labels, but 900 pixels" in run.stderr
    assert not (study.folder / "results/tiny/nmf/repeat-1/split.h5").exists()
