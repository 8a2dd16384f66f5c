"""Each stage stays within the memory it declares, and says what to do where that is too little."""

import json
from pathlib import Path

import pytest
from studies import declared_resources

from imsforge.stage import stage


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
