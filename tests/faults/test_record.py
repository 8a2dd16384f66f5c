"""What a run writes down of itself, and whether `verify` notices that a file is another."""

import hashlib
import json
import re
from urllib.parse import unquote

import pytest
from rocrate.rocrate import ROCrate

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def record(finished):
    return json.loads((finished.folder / "results/provenance.json").read_text())


def test_every_result_is_recorded_with_its_checksum(finished, record):
    results = finished.bytes_of_results()
    recorded = {file["path"].removeprefix("results/"): file for file in record["artifacts"]}
    # Beside them lies the code.
    assert set(recorded) == {name for name in results if not name.startswith("code/")}
    for name, file in recorded.items():
        assert file["sha256"] == hashlib.sha256(results[name]).hexdigest(), name
        assert file["bytes"] == len(results[name])


def test_the_record_says_how_it_was_made(record):
    assert record["config"]["datasets"]["tiny"]["labels"]["classes"] == 4
    assert record["seed"] == 1
    assert record["device"] == {"asked": "cpu", "used": ["cpu"]}
    assert {"imsforge", "Python", "numpy", "torch", "snakemake"} <= set(record["versions"])
    assert {"pandas", "pyarrow", "pybaselines", "tifffile", "pillow"} <= set(record["versions"])
    assert record["machine"]["cores"] > 0
    assert record["machine"]["processor"]
    stages = {stage["log"] for stage in record["stages"]}
    assert "logs/tiny/nmf/repeat-2/cgan/train_gan.log" in stages
    code = {stage["rule"]: stage["code"] for stage in record["stages"]}
    assert all(re.fullmatch("[0-9a-f]{16}", digest) for digest in code.values())
    assert code["train_gan"] == code["train_healthy"] != code["scale"]
    assert record["started"] < record["ended"]


def test_the_commit_is_named(record, root):
    if not (root / ".git").exists():
        pytest.skip("needs the Git repository of the project")
    assert re.fullmatch("[0-9a-f]{40}", record["code"]["commit"])
    assert record["code"]["clean"] in (True, False)
    assert record["code"]["sources"] == []


def test_the_crate_holds_every_file_of_the_workflow(finished, root):
    crate = ROCrate(finished.folder / "results")
    parts = {unquote(part.id).removeprefix("code/") for part in crate.mainEntity["hasPart"]}
    assert crate.mainEntity.id == "code/workflow/Snakefile"
    for folder, pattern in [("workflow/rules", "*.smk"), ("scripts", "*.py"), ("src", "**/*.py")]:
        for path in (root / folder).glob(pattern):
            assert str(path.relative_to(root)) in parts
    for part in parts:
        ours, theirs = finished.folder / "results/code" / part, root / part
        assert ours.read_bytes() == theirs.read_bytes(), part


def test_results_have_the_licence_that_the_study_says(finished):
    crate = ROCrate(finished.folder / "results")
    assert crate.root_dataset["license"].id == "#no-licence"
    assert crate.mainEntity["license"].id == "https://spdx.org/licenses/Apache-2.0"


def test_recorded_seeds_are_those_that_stages_used(finished, record):
    log = (finished.folder / "logs/tiny/phantom.log").read_text()
    assert f"seed {record['seeds']['phantom']};" in log
    assert len(set(record["seeds"].values())) == len(record["seeds"])


def test_the_crate_describes_the_run(finished, record):
    """What the profile Workflow Run Crate 0.5 demands, read by the library of crates."""
    crate = ROCrate(finished.folder / "results")
    root = crate.root_dataset
    assert root["name"]
    assert root["description"]
    assert root["datePublished"]
    assert root["license"]
    profiles = {profile.id for profile in root["conformsTo"]}
    assert "https://w3id.org/ro/wfrun/process/0.5" in profiles
    assert "https://w3id.org/ro/wfrun/workflow/0.5" in profiles
    main = crate.mainEntity
    assert set(main.type) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert main["programmingLanguage"]["name"] == "Snakemake"
    action = root["mentions"]
    assert action.type == "CreateAction"
    assert action["instrument"] is main
    # Identifiers are URIs: a plus sign is encoded.
    made = {unquote(entity.id) for entity in action["result"]}
    assert made == {file["path"].removeprefix("results/") for file in record["artifacts"]}
    # Whole seconds: the validator of the profile takes no fractions.
    for time in (action["startTime"], action["endTime"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", time)
    for entity in crate.data_entities:
        assert entity["encodingFormat"], entity.id
        assert (finished.folder / "results" / unquote(entity.id)).is_file()


def test_verify_passes_and_names_what_was_changed(study):
    run = study.snakemake("verify")
    assert run.returncode == 0, run.stderr
    table = study.folder / "results/tiny/nmf/table.csv"
    table.write_text(table.read_text().replace("0.9", "1.0", 1))
    (study.folder / "results/tiny/peaks.svg").unlink()
    run = study.snakemake("verify")
    assert run.returncode != 0
    (line,) = (line for line in run.stderr.splitlines() if line.startswith("imsforge: "))
    assert "results/tiny/nmf/table.csv is not what the run made" in line
    assert "results/tiny/peaks.svg is missing" in line
