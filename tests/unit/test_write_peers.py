"""The script that fills docs/peers.md."""

import sys

import pandas as pd
import pytest


@pytest.fixture
def script(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "docs")
    import write_peers

    yield write_peers
    for name in ("write_peers", "tables"):
        del sys.modules[name]


def write(path, rows, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(path, index=False, **options)


@pytest.fixture
def study(tmp_path):
    """Results and logs of one experiment: an oracle worse than the training set, and a VAE."""
    means = {"none": 0.8, "oracle": 0.75, "vae+calibrate": 0.6}
    fixed = {"task": "replace", "classifier": "lda", "priors": "observed", "class": "macro"}
    fixed |= {"metric": "recall", "repeats": 2}
    oracle = means["oracle"]
    write(
        tmp_path / "results/kidney/five/comparison.csv",
        [
            fixed
            | {"method": m, "mean": v, "share_of_real": v / 0.8, "share_of_oracle": v / oracle}
            for m, v in means.items()
        ],
    )
    write(
        tmp_path / "results/kidney/five/fidelity.csv",
        [
            {"class": "all", "repeat": 1, "method": method, "metric": metric, "value": 0.625}
            for method in means
            for metric in ("two_sample_auc", "copying", "coverage")
        ],
    )
    logs = tmp_path / "logs/kidney/five"
    for repeat, s in ((1, 30.0), (2, 40.0)):
        folder = logs / f"repeat-{repeat}"
        write(folder / "vae/train_vae.benchmark.tsv", [{"s": s}], sep="\t")
        write(folder / "vae+calibrate/oversample.benchmark.tsv", [{"s": 2.0}], sep="\t")
    return tmp_path


def test_a_row_has_the_smaller_share_fidelity_and_seconds(script, study):
    results = script.Results(study / "results")
    *_, row = script.peers_tables(results, study / "logs").splitlines()
    assert row == "| vae+calibrate | 0.750 | 0.62 | 0.62 | 0.62 | 37 |"


def test_the_oracle_is_measured_by_the_training_set(script, study):
    results = script.Results(study / "results")
    table = script.peers_tables(results, study / "logs")
    assert "| oracle | 0.938 | 0.62 | 0.62 | 0.62 | - |" in table.splitlines()


def test_the_page_says_what_was_not_run(script, tmp_path, monkeypatch):
    page = tmp_path / "peers.md"
    page.write_text(script.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(script, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["write_peers.py", str(tmp_path / "results")])
    script.main()
    assert "*Not run: kidney/five," in page.read_text(encoding="utf-8")
