"""The workflow from other folders, and as a module of another workflow: from a path, from a tag."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import yaml

pytestmark = pytest.mark.workflow

#: A study of half a minute.
SMALL = {
    "seed": 1,
    "device": "cpu",
    "datasets": {
        "small": {
            "phantom": {"pixels": 900, "peaks": 60},
            "labels": {"classes": 3},
            "experiments": {
                "nmf": {"features": 4, "methods": ["none", "noise"], "repeats": 1},
            },
        }
    },
}

OTHER_WORKFLOW = """
import yaml

with open("study.yaml") as file:
    study = yaml.safe_load(file)


module imsforge:
    snakefile: {snakefile}
    config: study
    prefix: "imaging"


use rule * from imsforge as imsforge_*


rule mine:
    default_target: True
    input:
        "imaging/results/report.html",
        "imaging/results/provenance.json",
"""


def snakemake(folder, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
        **options,
    )


def run_as_module(folder, snakefile, study=SMALL, **options):
    """Run a workflow that uses this one; return its record."""
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    (folder / "Snakefile").write_text(OTHER_WORKFLOW.format(snakefile=snakefile))
    run = snakemake(folder, **options)
    assert run.returncode == 0, run.stderr
    assert {path.name for path in folder.iterdir()} >= {"imaging"}
    assert not (folder / "results").exists()
    assert not (folder / "logs").exists()
    results = folder / "imaging/results"
    assert "data:image/png;base64," in (results / "report.html").read_text()
    record = json.loads((results / "provenance.json").read_text())
    recorded = {file["path"] for file in record["artifacts"]}
    assert "imaging/results/small/nmf/scores.csv" in recorded
    assert {stage["log"] for stage in record["stages"]} >= {"imaging/logs/small/label.log"}
    again = snakemake(folder, "--dry-run", **options)
    assert "Nothing to be done" in again.stdout + again.stderr
    verified = snakemake(folder, "imsforge_verify", **options)
    assert verified.returncode == 0, verified.stderr
    assert f"{len(recorded)} artifacts" in verified.stdout
    return record


def test_as_a_module_from_a_path(tmp_path, root):
    record = run_as_module(tmp_path, repr(str(root / "workflow/Snakefile")))
    assert record["code"]["sources"] == []
    assert (tmp_path / "imaging/results/code/workflow/Snakefile").is_file()


def test_a_user_s_files_stay_where_they_are_under_a_prefix(tmp_path, root, measurement):
    shutil.copy(measurement, tmp_path / "mine.h5")
    labels = {"method": "column", "column": "tissue"}
    experiments = {"nmf": {**SMALL["datasets"]["small"]["experiments"]["nmf"]}}
    experiments["nmf"]["classes"] = {"largest": 2}
    own = {"input": "mine.h5", "labels": labels, "experiments": experiments}
    study = {**SMALL, "datasets": {"small": own}}
    record = run_as_module(tmp_path, repr(str(root / "workflow/Snakefile")), study)
    assert [file["path"] for file in record["inputs"]] == ["mine.h5"]


def test_as_a_module_from_a_tag(tmp_path, root):
    """As Snakemake keeps what it fetched: a bare repository in its cache, so that no net is needed.

    The library is the one that is installed.
    """
    if not (root / ".git").exists():
        pytest.skip("needs the Git repository of the project")
    cache = tmp_path / "cache"
    source = "snakemake/snakemake/source-cache/snakemake-git-cache/github.com/ims/forge"
    work = tmp_path / "work"
    work.mkdir()
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    # What is tested is the working tree, committed or not.
    clone = tmp_path / "clone"
    subprocess.run([*git, "clone", "--quiet", str(root), str(clone)], check=True)
    for folder in ("workflow", "scripts", "envs", "config"):
        shutil.copytree(root / folder, clone / folder, dirs_exist_ok=True)
    subprocess.run([*git, "add", "--all"], cwd=clone, check=True)
    subprocess.run(
        [*git, "commit", "--quiet", "--allow-empty", "--message", "as it is"], cwd=clone, check=True
    )
    subprocess.run([*git, "tag", "v9.9"], cwd=clone, check=True)
    subprocess.run(
        [*git, "clone", "--quiet", "--bare", str(clone), str(cache / source)], check=True
    )
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(cache),
        "PYTHONPATH": str(root / "src"),
    }
    address = 'github("ims/forge", path="workflow/Snakefile", tag="v9.9")'
    record = run_as_module(work, address, env=environment)
    sources = record["code"]["sources"]
    assert sources[0].endswith("/ims/forge/v9.9/workflow/Snakefile")
    assert any(source.endswith("/v9.9/scripts/evaluate.py") for source in sources)
    crate = json.loads((work / "imaging/results/ro-crate-metadata.json").read_text())
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert "ComputationalWorkflow" in entities[sources[0]]["@type"]
    assert set(sources) <= set(entities)


@pytest.mark.parametrize("door", ["Snakefile", "workflow/Snakefile"])
@pytest.mark.parametrize("how", ["here", "--directory"])
def test_the_default_study_from_any_folder(tmp_path, root, door, how):
    arguments = ["--snakefile", str(root / door), "--dry-run"]
    if how == "here":
        run = snakemake(tmp_path, *arguments)
    else:
        run = snakemake(root, *arguments, "--directory", str(tmp_path))
    assert run.returncode == 0, run.stderr
    told = run.stdout + run.stderr
    assert "kidney" in told
    assert "report" in told
    assert "Nothing to be done" not in told


def test_a_study_of_the_folder_comes_before_the_default(tmp_path, root):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text(yaml.safe_dump(SMALL))
    run = snakemake(tmp_path, "--snakefile", str(root / "Snakefile"), "--dry-run")
    assert run.returncode == 0, run.stderr
    told = run.stdout + run.stderr
    assert "small" in told
    assert "results/kidney" not in told


def test_folders_may_be_set(tmp_path, root):
    study = {**SMALL, "pathvars": {"results": "out", "logs": "out/logs"}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    arguments = ["--snakefile", str(root / "Snakefile"), "--configfile", "study.yaml"]
    run = snakemake(tmp_path, *arguments, "--", "out/small/ingest.json")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "out/small/ingest.json").is_file()
    assert (tmp_path / "out/logs/small/ingest.log").is_file()
    assert not (tmp_path / "results").exists()
