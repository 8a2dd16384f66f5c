"""Each stage stays within the memory it declares, and says what to do where that is too little."""

import ast
import csv
import json
from pathlib import Path

import pytest
from studies import declared_resources

from imsforge.stage import stage
from imsforge.study.record.run import DONE


@pytest.mark.workflow
def test_stages_stay_within_what_they_declare(finished, root):
    rules = declared_resources(root)
    record = json.loads((finished.folder / "results/provenance.json").read_text())
    measured = {}
    for done in record["stages"]:
        rule = Path(done["log"]).stem
        measured[rule] = max(done["peak_memory_mb"], measured.get(rule, 0))
    assert {"ingest", "label", "train_gan", "evaluate"} <= set(measured)
    assert min(measured.values()) > 30
    assert {rule: used for rule, used in measured.items() if used > rules[rule][0]} == {}


#: Large enough to see stages grow with their input.
LARGER = {
    "device": "cpu",
    "datasets": {
        "larger": {
            "phantom": {"pixels": 20_000, "peaks": 400},
            "labels": {"classes": 8, "scan": {"classes": [4, 8], "seeds": 2}},
            "experiments": {
                "nmf": {
                    "features": 50,
                    "methods": ["none", "smote", "cwgan-gp"],
                    "repeats": 2,
                    "together": True,
                    "gan": {"updates": 40},
                },
                "full": {"features": "full", "methods": ["none", "smote"], "repeats": 1},
            },
            "anomaly": {
                "spots": {
                    "healthy": {"rectangle": [1, 1, 1000, 60]},
                    "features": 20,
                    "detectors": ["discriminator", "mahalanobis", "nmf-residual", "critic"],
                    "view": "both",
                    "updates": 40,
                    "gan": {"updates": 40},
                }
            },
        }
    },
}


@pytest.mark.workflow
@pytest.mark.slow
def test_stages_stay_within_what_they_declare_for_their_input(workspace, root):
    rules = declared_resources(root)
    workspace.configure(LARGER)
    run = workspace.snakemake("--benchmark-extended", "all", "choose_classes", timeout=3600)
    assert run.returncode == 0, run.stderr
    exceeded, seen = {}, set()
    for log in (workspace.folder / "logs").rglob("*.log"):
        used = int(DONE.search(log.read_text()).group(2))
        asked, _, _ = rules[log.stem]
        measured = log.with_suffix(".benchmark.tsv")
        if measured.exists():  # what may come from a cache has none
            with measured.open() as lines:
                (row,) = csv.DictReader(lines, delimiter="\t")
            asked = ast.literal_eval(row["resources"])["mem_mb"]
        seen.add(log.stem)
        if used > asked:
            exceeded[str(log)] = used, asked
    assert {"label", "scan_classes", "train_together", "evaluate", "detect_anomalies"} <= seen
    assert exceeded == {}


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 9.0 GiB"),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
    ],
    ids=["numpy", "cuda", "torch"],
)
def test_out_of_memory_gives_a_line_with_the_remedy(tmp_path, capsys, error):
    with pytest.raises(SystemExit), stage("train_gan", tmp_path / "a.log"):
        raise error
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("imsforge: train_gan: out of memory; ")
    assert "--set-resources train_gan:mem_mb=" in line
    assert line.split(": ", 2)[2] in (tmp_path / "a.log").read_text()
