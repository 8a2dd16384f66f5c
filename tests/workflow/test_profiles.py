"""Profiles for clusters, as far as they can be tried without one; `make test-slurm` tries Slurm."""

import os
import re

import pytest
import yaml
from studies import declared_resources

pytestmark = pytest.mark.workflow

#: Writes down how it was called and runs the job at once: what a queue does, but for the waiting.
QSUB = """#!/bin/sh
echo "$@" >> "$CALLS"
for script; do :; done
sh "$script" > /dev/null 2>&1
echo 1
"""


def profile(root, name):
    return yaml.safe_load((root / "workflow/profiles" / name / "config.yaml").read_text())


def test_arrays_are_the_slurm_profile_with_arrays(root):
    single, arrays = profile(root, "slurm"), profile(root, "slurm-array")
    assert set(arrays) - set(single) == {"slurm-array-jobs", "slurm-array-limit"}
    same = set(single) - {"jobs"}
    assert {key: arrays[key] for key in same} == {key: single[key] for key in same}
    rules = {rule.strip() for rule in arrays["slurm-array-jobs"].split(",")}
    assert rules <= set(declared_resources(root))


def test_every_cluster_profile_asks_for_gpus_where_networks_train(root):
    for name in ("slurm", "slurm-array", "cluster-generic"):
        settings = profile(root, name)
        training = {"train_gan", "train_vae", "train_together", "train_healthy"}
        assert set(settings["set-resources"]) == training, name
        assert all(rule["gpu"] == 1 for rule in settings["set-resources"].values()), name
        assert settings["retries"] == 2, name


def test_memory_and_time_grow_with_each_attempt(root):
    assert len(declared_resources(root)) > 20
    for path in (root / "workflow/rules").glob("*.smk"):
        if path.name != "common.smk":
            assert not re.search(r"(mem_mb|runtime)=\d", path.read_text()), path


def test_submit_commands_ask_for_what_rules_declare(workspace, root):
    tools = workspace.folder / "bin"
    tools.mkdir()
    (tools / "qsub").write_text(QSUB)
    (tools / "qsub").chmod(0o755)
    calls = workspace.folder / "calls"
    workspace.configure({"device": "cpu", "datasets": {"own": {"phantom": {"pixels": 900}}}})
    environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "CALLS": str(calls)}
    run = workspace.snakemake(
        *("--profile", str(root / "workflow/profiles/cluster-generic"), "--jobs", "1"),
        *(
            "--latency-wait",
            "5",
            "--seconds-between-status-checks",
            "1",
            "--",
            "results/own/ingest.json",
        ),
        env=environment,
    )
    assert run.returncode == 0, run.stderr
    phantom, ingest = calls.read_text().splitlines()
    assert "-N imsforge-phantom" in phantom
    memory, _, time_limit = declared_resources(root)["ingest"]
    assert f"-l select=1:ncpus=2:mem={memory}mb:ngpus=0 -l walltime={time_limit}:00" in ingest
