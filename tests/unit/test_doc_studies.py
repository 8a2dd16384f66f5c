"""The pages on generated spectra, written from the results of a tiny made-up study."""

import importlib
import json
import re
import sys

import pandas as pd
import pytest
import yaml
from snakemake.utils import update_config

from imsforge.evaluation.comparison import Resampling, compare_methods
from imsforge.study.config import validate_config

LOOKS = {"two_sample_auc": 0.6, "copying": 0.55, "membership_auc": 0.5, "membership_tpr": 0.011}
#: Macro recall of each method, of LDA; a random forest has 0.1 less.
REPLACED = {"none": 0.9, "oracle": 0.91, "smote": 0.87, "vae+calibrate": 0.81}
FILLED = {"none": 0.6, "none+tuned": 0.69, "vae+calibrate": 0.63, "oracle": 0.7}
FILLED["vae+calibrate+tuned"] = 0.7
RARE = {"none": 0.5, "oracle": 0.8}


@pytest.fixture
def script(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "docs")
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(root / "docs") in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def scores_of(recalls, task, priors="observed", classes=("macro",), metric="recall"):
    """Return scores.csv of three repeats, each a thousandth better than the one before."""
    rows = [
        {"task": task, "classifier": classifier, "priors": priors, "class": class_}
        | {"metric": metric, "method": method, "repeat": repeat, "sample": "all"}
        | {"value": recall - less + 0.001 * repeat * (1 + 0.1 * n)}
        for n, (method, recall) in enumerate(recalls.items())
        for classifier, less in (("lda", 0.0), ("random-forest", 0.1))
        for class_ in classes
        for repeat in (1, 2, 3)
    ]
    return pd.DataFrame(rows)


def write_experiment(folder, scores):
    folder.mkdir(parents=True)
    scores.to_csv(folder / "scores.csv", index=False)
    comparison = compare_methods(scores, Resampling({1: 1, 2: 2, 3: 3}, 0.5))
    comparison.to_csv(folder / "comparison.csv", index=False)
    whole = pd.DataFrame([{"class": "weighted", "train": 1200, "test": 600}])
    whole.to_csv(folder / "table.csv", index=False)
    looks = [
        {"method": method, "repeat": 1, "class": "all", "metric": metric, "value": value}
        for method in scores["method"].unique()
        for metric, value in LOOKS.items()
    ]
    pd.DataFrame(looks).to_csv(folder / "fidelity.csv", index=False)


@pytest.fixture
def results(tmp_path, monkeypatch):
    averages = dict.fromkeys(
        [("macro", "recall"), ("macro", "precision"), ("weighted", "log_loss")]
    )
    monkeypatch.setattr("imsforge.evaluation.comparison.AVERAGES", averages)
    folder = tmp_path / "results"
    loss = scores_of({"none": 0.2, "oracle": 0.3, "vae+calibrate": 0.5}, "replace")
    loss = loss.assign(**{"class": "weighted", "metric": "log_loss"})
    loss["classifier"] = loss["classifier"].replace("lda", "logistic-regression")
    for name in ("five", "five-blocks"):
        both = pd.concat([scores_of(REPLACED, "replace"), loss])
        write_experiment(folder / "kidney" / name, both)
        told = [f"- Giving away the set of {m} gives all.\n" for m in ("vae", "vae+calibrate")]
        (folder / f"kidney/{name}/fidelity.md").write_text("".join(told))
    write_experiment(folder / "bladder/oversample", scores_of(FILLED, "oversample"))
    rare = scores_of(RARE, "oversample", "balanced", ("2", "4", "3"), "f1")
    rare.loc[rare["class"] == "3", "value"] = 0.0  # no rare class
    write_experiment(folder / "bladder/rare-18", rare)
    for name in ("kidney", "bladder"):
        (folder / name / "ingest.json").write_text(json.dumps({"pixels": 12000}))
        (folder / name / "peaks.csv").write_text("mz\n1\n2\n")
    return folder


def part(text, name):
    return re.search(f"<!-- {re.escape(name)} -->\n(.*?)<!-- end of", text, re.S)[1]


def value(text, query):
    return re.search(f"<!-- = {re.escape(query)} -->([^<]*)<!--", text)[1]


@pytest.fixture
def page(root, script, results, tmp_path, monkeypatch):
    """full-spectra.md, filled from the made-up study."""
    writer = script("write_full_spectra")
    copy = tmp_path / "full-spectra.md"
    copy.write_text((root / "docs" / "full-spectra.md").read_text(encoding="utf-8"))
    monkeypatch.setattr(writer, "PAGE", copy)
    writer.main(results)
    return copy.read_text()


def test_the_tables_are_the_study_s(page):
    answer = part(page, "answer")
    assert re.search(r"\| kidney \| random \| 0\.89 to 0\.90 \|", answer)
    assert "| kidney | blocks |" in answer and "0.55 (0.55)" in answer
    row = next(line for line in part(page, "kidney, shares").splitlines() if "| vae+c" in line)
    assert "0.901 / 0.901 | 0.889 / 0.889" in row
    assert "1 (recall 0.902 / 0.902)" in part(page, "kidney, shares")
    verdict = "- `kidney/five-blocks`: Giving away the set of vae+calibrate gives all."
    assert verdict in part(page, "verdicts").splitlines()
    assert "12,000" in part(page, "data") and "1,200" in part(page, "data")
    filled = part(page, "bladder, filled up")
    assert re.search(r"\| none\+tuned \| \+0\.090\* \(90%\) \|", filled), filled
    assert "+0.011 (+0.009 to +0.012)" in part(page, "beyond")
    assert "0.502 ±" in part(page, "rare") and "0.802 ±" in part(page, "rare")


def test_the_numbers_in_sentences_are_the_study_s(page):
    assert value(page, "share */five vae+calibrate") == "0.89 to 0.90"
    assert value(page, "gap */oversample none+tuned lda") == "90 %"
    assert value(page, "fidelity */five vae+calibrate copying") == "0.55"
    assert value(page, "rare bladder 18 lda oracle") == "0.802"
    assert float(value(page, "log-loss */five vae+calibrate logistic-regression")) == 2.5
    gain = value(page, "gain bladder/oversample vae+calibrate+tuned none+tuned lda")
    assert gain == "+0.011 (+0.009 to +0.012)"


def test_what_was_not_run_is_said(page):
    assert part(page, "barley, shares").strip() == "*Not run: barley/five, barley/five-blocks.*"
    assert value(page, "rare bladder 18 lda none+tuned") == "(not run)"
    assert value(page, "share */five copula") == "(not run)"
    assert "full_spectra_replacement.png" in part(page, "replacement figure")


def test_the_page_has_no_number_of_its_own(root):
    text = (root / "docs" / "full-spectra.md").read_text(encoding="utf-8")
    text = re.sub(r"^<!-- (?!=)(.*?) -->$.*?^<!-- end of \1 -->$", "", text, flags=re.M | re.S)
    text = re.sub(r"<!-- = .*? -->[^<]*<!-- / -->", "", text, flags=re.S)
    # 0.5 is what an AUC of chance is.
    assert set(re.findall(r"\d+\.\d+|\d+ ?%", text)) <= {"0.5", "1 %"}
    assert len(text.split()) < 1500


def test_the_figures_are_drawn_from_what_there_is(script, results, tmp_path):
    script("draw_full_spectra").main(results, tmp_path)
    assert (tmp_path / "full_spectra_replacement.png").stat().st_size > 1000
    assert (tmp_path / "full_spectra_learning.png").stat().st_size > 1000


def test_the_results_are_written_with_the_commit_that_made_them(
    root, script, tmp_path, monkeypatch
):
    writer = script("write_results")
    page, folder = tmp_path / "results.md", tmp_path / "results"
    page.write_text((root / "docs" / "results.md").read_text(encoding="utf-8"))
    monkeypatch.setattr(writer, "PAGE", page)
    monkeypatch.setattr(writer, "IMAGES", tmp_path)
    parts = ("recall", "macro"), ("precision", "macro"), ("recall", "weighted")
    recalls = {"none": 0.7, "smote": 0.8}
    scores = pd.concat(
        scores_of(recalls, task, priors, (class_,), metric)
        for metric, class_ in parts
        for task in ("oversample", "replace")
        for priors in ("observed", "balanced")
    )
    for name in ("nmf-50", "full"):
        write_experiment(folder / "demo/kidney" / name, scores)
    record = {"code": {"commit": "0123456789abcdef", "clean": False}, "ended": "2024-05-06T07:08"}
    record["versions"] = {"imsforge": "9.9", "numpy": "1.2.3"}
    (folder / "demo/provenance.json").write_text(json.dumps(record))
    found = {"auroc": 0.9, "recall": 0.5, "precision": 0.6, "pixels": 30}
    told = {"detectors": [{"name": "critic", "share": 0.06}], "healthy": 3751, "outside": 600}
    told["detection"] = {"critic": dict.fromkeys(("colony", "fold", "any"), found)}
    (folder / "demo/kidney/anomaly/colonies").mkdir(parents=True)
    (folder / "demo/kidney/anomaly/colonies/metrics.json").write_text(json.dumps(told))
    (folder / "demo/kidney/peaks.png").write_bytes(b"a figure")
    writer.main(folder)
    text = page.read_text()
    made = part(text, "made from")
    assert "| `config/config.yaml` | `0123456789ab`, with changes | 2024-05-06 | 9.9 |" in made
    rows = part(text, "demo, features").splitlines()
    assert rows[3].startswith("| none, observed priors | 0.70 ± 0.00 |")
    assert rows[5].startswith("| smote | 0.80 ± 0.00 |")
    assert "| smote | 0.80 ± 0.00 | 0.70 ± 0.00 |" in part(text, "demo, spectra")
    assert "| critic | 0.90 | 0.90 | 0.90 | 0.50 | 0.60 | 6.0 % |" in part(text, "demo, anomalies")
    assert value(text, "healthy demo/kidney/anomaly/colonies") == "3,751"
    assert value(text, "share demo/kidney/anomaly/colonies") == "5.0 %"
    assert "*Not run: bladder/bladder/nmf-50.*" in text
    assert (tmp_path / "peaks.png").read_bytes() == b"a figure"


def test_what_is_laid_over_studies_for_the_results_fits_them(root):
    schema = root / "workflow" / "schemas" / "config.schema.yaml"
    studies = {"demo": "config", "thesis": "studies/kidney"}
    for name, study in studies.items():
        config = yaml.safe_load((root / f"config/{study}.yaml").read_text())
        over = yaml.safe_load((root / f"docs/results/{name}.yaml").read_text())
        update_config(config, over)
        validate_config(config, schema)
