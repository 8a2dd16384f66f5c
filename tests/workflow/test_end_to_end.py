import json

import h5py
import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from imsforge.anomaly.scores import AnomalyScores
from imsforge.artifacts.contract import Features, Labels, PeakMatrix, Resampled
from imsforge.evaluation.comparison import COMPARISON_COLUMNS
from imsforge.evaluation.scores import RELIABILITY_COLUMNS, SCORE_COLUMNS
from imsforge.study import Study
from imsforge.study.config import validate_config

from .conftest import TINY, Workspace

pytestmark = pytest.mark.workflow

DATASET = [
    *("spectra.h5", "ingest.json", "peaks.h5", "peaks.csv", "labels.h5", "classes.csv"),
    *("coherence.json", "class_ions.csv", "classes.png", "classes.svg", "peaks.png", "peaks.svg"),
]
REPEAT = ["split.h5", "features.h5", "scaled.h5"]
EXPERIMENT = [
    *("scores.csv", "table.csv", "comparison.csv", "reliability.csv", "table.md"),
    *("fidelity.csv", "fidelity.md"),
    *(
        f"{f}.{s}"
        for f in (
            *("recall_matrices", "reliability", "fidelity", "spectra", "frechet", "training"),
        )
        for s in ("png", "svg")
    ),
]
METHOD = [
    *("resampled.h5", "scores.csv", "confusion.csv", "reliability.csv"),
    *("fidelity.csv", "frechet.csv"),
]
ANOMALY = [
    *("scores.h5", "map.png", "map.svg", "metrics.json", "regions.csv", "ions.csv"),
    *("ions.png", "ions.svg", "regions/phantom.geojson", "regions/phantom.png"),
]


def test_every_artifact_is_where_it_belongs(finished):
    results = finished.folder / "results"
    tiny = results / "tiny"
    files = [results / "report.html", *(tiny / name for name in DATASET)]
    files += [tiny / "nmf" / name for name in EXPERIMENT]
    files += [tiny / "anomaly" / "spots" / name for name in ANOMALY]
    for repeat in (1, 2):
        folder = tiny / "nmf" / f"repeat-{repeat}"
        files += [folder / name for name in REPEAT]
        for method in ("none", "smote", "cgan", "cwgan-gp"):
            files += [folder / method / name for name in METHOD]
        for method in ("cgan", "cwgan-gp"):
            files += [folder / method / name for name in ("model.safetensors", "history.csv")]
    folder = tiny / "blocks" / "repeat-1"
    files += [folder / "vae" / name for name in ("model.safetensors", "history.csv")]
    files.append(folder / "vae+calibrate+filter" / "scores.csv")
    # A method with a remedy takes the training set of the one without.
    judged = {path.name for path in (folder / "noise+tuned").iterdir()}
    assert judged == {"scores.csv", "confusion.csv", "reliability.csv"}
    missing = [str(path) for path in files if not path.is_file() or not path.stat().st_size]
    assert missing == []
    assert not list(results.rglob("*.part*"))
    assert not list(results.rglob(".checkpoint"))


def test_a_study_names_what_a_run_makes_and_no_more(finished, root):
    study = Study(validate_config(TINY, root / "workflow/schemas/config.schema.yaml"))
    made = {f"results/{name}" for name in finished.bytes_of_results()}
    inside = {name for name in made for folder in study.folders if name.startswith(f"{folder}/")}
    exported = {name for name in inside if name.startswith("results/tiny/export/")}
    assert len(inside - exported) == 2  # the outlines and the mask of one sample
    formats = {name.split("/")[3] for name in exported}
    assert formats == set(TINY["datasets"]["tiny"]["export"])
    code = {name for name in made if name.startswith("results/code/")}
    assert set(study.artifacts) == made - inside - code
    logs = {
        str(path.relative_to(finished.folder)) for path in finished.folder.rglob("logs/**/*.log")
    }
    assert {stage.log for stage in study.stages} == logs - {"logs/record.log", "logs/verify.log"}


def test_scores_are_tidy_and_complete(finished):
    scores = pd.read_csv(finished.folder / "results/tiny/nmf/scores.csv")
    assert scores.columns.tolist() == SCORE_COLUMNS
    keys = ["task", "method", "classifier", "priors", "repeat", "class", "metric"]
    assert not scores.duplicated(keys).any()
    assert set(scores["task"]) == {"oversample", "replace"}
    bounded = {"recall", "precision", "f1", "accuracy", "average_precision"}
    assert set(scores["metric"]) == {*bounded, "log_loss", "brier"}
    assert scores[scores["metric"].isin(bounded)]["value"].between(0, 1).all()
    assert scores.query("metric == 'brier'")["value"].between(0, 2).all()
    assert scores["value"].notna().all()
    none = scores.query("method == 'none' and metric == 'recall' and `class` == 'macro'")
    # Without synthetic rows both tasks train on the same rows.
    values = none.pivot_table(index="repeat", columns="task", values="value")
    assert (values["oversample"] == values["replace"]).all()


def test_the_table_has_a_row_a_class_and_two_averages(finished):
    table = pd.read_csv(finished.folder / "results/tiny/nmf/table.csv")
    assert table["class"].tolist() == ["1", "2", "3", "4", "macro", "weighted"] * 4
    scores = pd.read_csv(finished.folder / "results/tiny/nmf/scores.csv")
    section = "task == 'replace' and priors == 'balanced' and `class` == 'macro'"
    shown = table.query(section)["smote_recall_mean"].item()
    wanted = f"{section} and method == 'smote' and metric == 'recall'"
    assert shown == pytest.approx(scores.query(wanted)["value"].mean())


def test_methods_are_compared_with_the_real_training_set(finished):
    comparison = pd.read_csv(finished.folder / "results/tiny/nmf/comparison.csv")
    assert comparison.columns.tolist() == COMPARISON_COLUMNS
    assert len(comparison) == 2 * 2 * 7 * 4  # tasks, priors, averages, methods
    assert (comparison["repeats"] == 2).all()
    smote = comparison.query("method == 'smote'")
    assert smote["difference_low"].notna().any()
    assert smote["gap_closed"].isna().all()  # no oracle
    table = (finished.folder / "results/tiny/nmf/table.md").read_text()
    assert table.count("what changes\n") == 2
    assert table.count("what changes in the probabilities\n") == 2


def test_probabilities_are_told_bin_by_bin(finished):
    folder = finished.folder / "results/tiny/nmf"
    reliability = pd.read_csv(folder / "reliability.csv")
    assert reliability.columns.tolist() == RELIABILITY_COLUMNS
    whole = reliability.groupby(["task", "priors", "method", "repeat"])["count"].sum()
    assert set(whole) == {whole.iloc[0]}  # all test rows
    own = pd.read_csv(folder / "repeat-2/smote/reliability.csv")
    part = reliability.query("method == 'smote' and repeat == 2").reset_index(drop=True)
    pd.testing.assert_frame_equal(part, own)


def test_the_oracle_fills_up_with_what_was_held_back(finished):
    folder = finished.folder / "results/tiny/blocks"
    features = Features.read(folder / "repeat-1/scaled.h5")
    (tasks,) = Resampled.read(folder / "repeat-1/oracle/resampled.h5", "tasks")
    made = tasks["oversample"]
    reserve, _ = features.reserve_set
    drawn = {row.tobytes() for row in made["values"][made["synthetic"]]}
    assert drawn
    assert drawn <= {row.tobytes() for row in reserve}
    comparison = pd.read_csv(folder / "comparison.csv")
    methods = {"none", "noise", "oracle", "vae+calibrate+filter", "noise+tuned"}
    assert set(comparison["method"]) == methods
    assert comparison["difference_low"].isna().all()  # one repeat


def test_an_experiment_without_replacement_makes_fewer_files(finished):
    folder = finished.folder / "results/tiny/blocks"
    assert {path.name for path in folder.glob("*.*")} == {
        *("scores.csv", "table.csv", "comparison.csv", "reliability.csv", "table.md"),
        *("recall_matrices.png", "recall_matrices.svg", "training.png", "training.svg"),
        *("reliability.png", "reliability.svg"),
    }
    scores = pd.read_csv(folder / "scores.csv")
    assert set(scores["task"]) == {"oversample"}
    assert set(scores["classifier"]) == {"lda", "nearest-neighbours"}
    assert scores["class"].nunique() == 3 + 2
    features = Features.read(folder / "repeat-1" / "scaled.h5")
    assert features.components is None
    X, _ = features.training_set
    assert X.std(axis=0) == pytest.approx(1, abs=1e-4)


def test_generated_spectra_are_spectra(finished):
    """Square roots and back: nothing negative, exact zeros, and no ions below the limit."""
    folder = finished.folder / "results/tiny/blocks/repeat-1"
    features = Features.read(folder / "scaled.h5")
    (tasks,) = Resampled.read(folder / "vae+calibrate+filter/resampled.h5", "tasks")
    made = tasks["oversample"]
    generated = features.to_spectra(made["values"][made["synthetic"]])
    real = features.to_spectra(features.training_set[0])
    assert len(generated)
    assert generated.min() >= 0
    assert 0 < np.mean(generated == 0) < 0.9
    smallest = np.where(real > 0, real, np.inf).min(axis=0)
    assert ((generated == 0) | (generated >= 0.999 * smallest)).all()


def test_labels_cover_every_pixel(finished):
    labels = Labels.read(finished.folder / "results/tiny/labels.h5")
    (intensity,) = PeakMatrix.read(finished.folder / "results/tiny/peaks.h5", "intensity")
    assert len(labels.label) == len(intensity) == 900
    assert set(labels.label) == {1, 2, 3, 4}


SPOTS = "results/tiny/anomaly/spots"


def test_the_anomaly_map_knows_the_truth(finished):
    metrics = json.loads((finished.folder / SPOTS / "metrics.json").read_text())
    assert list(metrics["detection"]) == sorted(["discriminator", "mahalanobis", "critic"])
    assert set(metrics["detection"]["critic"]) == {"colony", "fold", "any"}
    assert 0 <= metrics["detection"]["critic"]["colony"]["auroc"] <= 1
    assert [one["name"] for one in metrics["detectors"]] == [
        "discriminator",
        "mahalanobis",
        "critic",
    ]
    assert "the sign of critic is not defined" in " ".join(metrics["warnings"])


def test_an_anomaly_map_s_figures_follow_from_its_scores(finished):
    scores = AnomalyScores.read(finished.folder / SPOTS / "scores.h5")
    metrics = json.loads((finished.folder / SPOTS / "metrics.json").read_text())
    outside = scores.tissue & ~scores.healthy
    for k, told in enumerate(metrics["detectors"]):
        assert told["share"] == pytest.approx(scores.abnormal(k)[outside].mean())
        healthy = scores.abnormal(k)[scores.healthy & scores.tissue]
        assert healthy.mean() == pytest.approx(told["false_alarms"])
        assert healthy.mean() <= 0.1
    regions = pd.read_csv(finished.folder / SPOTS / "regions.csv")
    mask = np.asarray(Image.open(finished.folder / SPOTS / "regions/phantom.png"))
    assert regions["pixels"].sum() == np.count_nonzero(mask)
    assert (regions["pixels"] >= 5).all()
    outlines = json.loads((finished.folder / SPOTS / "regions/phantom.geojson").read_text())
    assert len(outlines["features"]) == len(regions)
    ions = pd.read_csv(finished.folder / SPOTS / "ions.csv")
    assert set(ions["region"]) == {0, *regions["region"][:10]}


def test_exports_hold_what_the_artifacts_hold(finished):
    folder = finished.folder / "results/tiny/export"
    peaks = PeakMatrix.read(finished.folder / "results/tiny/peaks.h5")
    with h5py.File(folder / "anndata/tiny.h5ad") as file:
        np.testing.assert_array_equal(file["X"], peaks.intensity)
        assert {"class", "spots_critic_score"} <= set(file["obs"])
    assert len(list((folder / "imzml").glob("nmf-*-synthetic.imzML"))) == 3
    assert tifffile.imread(folder / "ome-tiff/phantom.ome.tiff").shape[0] == len(peaks.mz)
    features = json.loads((folder / "geojson/phantom.geojson").read_text())["features"]
    regions = pd.read_csv(finished.folder / SPOTS / "regions.csv")
    assert len(features) == 4 + len(regions)
    scores = pd.read_csv(finished.folder / "results/tiny/nmf/scores.csv")
    assert len(pd.read_parquet(folder / "parquet/nmf/scores.parquet")) == len(scores)
    assert (folder / "latex/nmf.tex").read_text().count("\\toprule") == 2 * 2


def test_the_report_says_what_the_tables_hold(finished):
    page = (finished.folder / "results/report.html").read_text()
    metrics = json.loads((finished.folder / SPOTS / "metrics.json").read_text())
    leading = metrics["detectors"][0]
    assert f"discriminator calls {100 * leading['share']:.3g} % of the tissue outside" in page
    regions = pd.read_csv(finished.folder / SPOTS / "regions.csv")
    assert f"make up {len(regions)} regions" in page
    ions = pd.read_csv(finished.folder / "results/tiny/class_ions.csv", dtype={"class": str})
    first = ions.iloc[0]
    assert f"{'+' if first['effect'] > 0 else '-'} {first['mz']:.4f}" in page


def test_the_report_stands_alone(finished):
    page = (finished.folder / "results/report.html").read_text()
    assert page.count("data:image/png;base64,") == 13
    assert 'src="http' not in page
    assert "<link" not in page
    assert "<script" not in page


def test_a_finished_run_has_nothing_to_do(finished):
    assert finished.planned() == {}


def test_same_seed_same_bytes(finished, tmp_path, root):
    again = Workspace(tmp_path, root)
    again.configure(TINY)
    run = again.snakemake("results/tiny/nmf/scores.csv", cores=1)
    assert run.returncode == 0, run.stderr
    for name in ("peaks.h5", "labels.h5", "nmf/repeat-1/cwgan-gp/model.safetensors"):
        ours, theirs = (w.folder / "results/tiny" / name for w in (again, finished))
        assert ours.read_bytes() == theirs.read_bytes(), name
    ours, theirs = (w.folder / "results/tiny/nmf/scores.csv" for w in (again, finished))
    assert ours.read_bytes() == theirs.read_bytes()
