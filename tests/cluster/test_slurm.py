"""A study through the Slurm profile, on a cluster of one node; `make test-slurm` starts that."""

import copy
import os
import re
import shutil
import subprocess
import time
from collections import Counter

import pytest
from studies import TINY, Workspace, declared_resources

from imsforge.artifacts.sizes import megabytes as arrays_megabytes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "SLURM_CONF" not in os.environ or shutil.which("sbatch") is None,
        reason="needs a Slurm cluster; `make test-slurm` starts one",
    ),
]

GPU_RULES = {"train_gan", "train_healthy"}


def small_study():
    config = copy.deepcopy(TINY)
    tiny = config["datasets"]["tiny"]
    # Which device a node has is seen on the node.
    config["device"] = "auto"
    del tiny["experiments"]["blocks"]
    tiny["experiments"]["nmf"] |= {"methods": ["none", "cwgan-gp"], "repeats": 1}
    return config


def slurm_jobs():
    """Return what Slurm recorded of each job, in order."""
    text = subprocess.run(
        ["scontrol", "show", "jobs", "--oneliner"], capture_output=True, text=True, check=True
    ).stdout
    jobs = [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in text.splitlines()]
    return sorted((job for job in jobs if "JobId" in job), key=lambda job: int(job["JobId"]))


def rule_of(job):
    return re.match(r"rule_(.+?)(_wildcards_.*)?$", job["Comment"]).group(1)


def minutes(text):
    """Turn Slurm's [days-]hours:minutes:seconds into minutes."""
    days, _, clock = text.rpartition("-")
    hours, mins, _ = map(int, clock.split(":"))
    return int(days or 0) * 1440 + hours * 60 + mins


def megabytes(text):
    number, unit = re.fullmatch(r"([\d.]+)([MG])", text).groups()
    return float(number) * {"M": 1, "G": 1024}[unit]


def on_slurm(root, profile):
    """Return the arguments that send a run to the cluster, and have it asked often."""
    return [
        *("--profile", str(root / "workflow/profiles" / profile)),
        *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3"),
        *("--seconds-between-status-checks", "3", "--"),
    ]


@pytest.fixture(scope="module")
def local(tmp_path_factory, root):
    workspace = Workspace(tmp_path_factory.mktemp("local"), root)
    workspace.configure(small_study())
    run = workspace.snakemake()
    assert run.returncode == 0, run.stderr
    return workspace


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, root):
    """The study after its run on Slurm, and its jobs; the first training was cancelled at work."""
    workspace = Workspace(tmp_path_factory.mktemp("cluster"), root)
    workspace.configure(small_study())
    before = {job["JobId"] for job in slurm_jobs()}
    command = [part for part in workspace.command() if part not in ("--cores", "2")]
    command += on_slurm(root, "slurm")
    with (workspace.folder / "output").open("w") as output:
        run = subprocess.Popen(
            command, cwd=workspace.folder, stdout=output, stderr=subprocess.STDOUT
        )
        at_work = workspace.folder / "logs/tiny/nmf/repeat-1/cwgan-gp/train_gan.log"
        cancelled, deadline = None, time.monotonic() + 1800
        while run.poll() is None:
            time.sleep(0.5)
            if time.monotonic() > deadline:
                run.kill()
                pytest.fail(f"the run did not end; its jobs: {slurm_jobs()}")
            running = [
                job
                for job in slurm_jobs()
                if job["JobId"] not in before and job["JobState"] == "RUNNING"
            ]
            for job in running if cancelled is None and at_work.exists() else ():
                if rule_of(job) == "train_gan":
                    cancelled = job["JobId"]
                    subprocess.run(["scancel", cancelled], check=True)
    assert run.returncode == 0, (workspace.folder / "output").read_text()
    jobs = [job for job in slurm_jobs() if job["JobId"] not in before]
    return workspace, jobs, cancelled


def test_trainings_and_nothing_else_ask_for_a_gpu(cluster):
    _, jobs, _ = cluster
    asked = {rule_of(job) for job in jobs if "gpu" in job.get("TresPerJob", "")}
    assert asked == GPU_RULES
    for job in jobs:
        assert job["Partition"] == ("gpu" if rule_of(job) in GPU_RULES else "cpu")


def test_memory_and_time_are_asked_for_as_declared(cluster, root):
    workspace, jobs, cancelled = cluster
    rules = declared_resources(root)
    results = workspace.folder / "results"
    total = arrays_megabytes(path for path in results.rglob("*") if path.is_file())
    seen = set()
    for job in jobs:
        rule = rule_of(job)
        if rule in seen and rule == "train_gan":
            continue  # the second attempt
        seen.add(rule)
        base, grows, time_limit = rules[rule]
        assert base <= megabytes(job["MinMemoryNode"]) <= base + grows * total, rule
        assert minutes(job["TimeLimit"]) == time_limit, rule
    assert {"ingest", "label", "train_gan", "evaluate", "record"} <= seen
    assert cancelled is not None


def test_a_cancelled_job_is_submitted_again_with_more(cluster):
    _, jobs, cancelled = cluster
    first, second = (job for job in jobs if rule_of(job) == "train_gan")
    assert first["JobId"] == cancelled
    assert first["JobState"] == "CANCELLED"
    assert second["JobState"] == "COMPLETED"
    assert megabytes(second["MinMemoryNode"]) == 2 * megabytes(first["MinMemoryNode"])
    assert minutes(second["TimeLimit"]) == 2 * minutes(first["TimeLimit"])


def test_results_are_the_bytes_of_a_local_run(cluster, local):
    workspace, _, _ = cluster
    assert workspace.bytes_of_results() == local.bytes_of_results()


def test_a_killed_run_goes_on_beside_its_own_jobs(tmp_path, root, local):
    """`kill -9` reaches no jobs: one still runs when the same command submits it again."""
    workspace = Workspace(tmp_path, root)
    workspace.configure(small_study())
    before = {job["JobId"] for job in slurm_jobs()}
    command = [*on_slurm(root, "slurm"), "results/tiny/labels.h5"]
    run = workspace.start(*command)
    deadline = time.monotonic() + 600
    while not any(
        rule_of(job) == "extract_peaks" and job["JobState"] == "RUNNING"
        for job in slurm_jobs()
        if job["JobId"] not in before
    ):
        assert run.poll() is None
        assert time.monotonic() < deadline, slurm_jobs()
        time.sleep(0.5)
    run.kill()
    run.wait()
    assert workspace.snakemake("--unlock").returncode == 0
    again = workspace.snakemake(*command)
    assert again.returncode == 0, again.stderr
    submitted = [rule_of(job) for job in slurm_jobs() if job["JobId"] not in before]
    assert submitted.count("extract_peaks") == 2
    results = workspace.bytes_of_results()
    assert "tiny/labels.h5" in results
    assert results.items() <= local.bytes_of_results().items()


def test_short_jobs_of_a_sweep_are_arrays(tmp_path, root):
    workspace = Workspace(tmp_path, root)
    config = small_study()
    config["datasets"]["tiny"]["experiments"]["nmf"] |= {"repeats": 3}
    workspace.configure(config)
    before = {job["JobId"] for job in slurm_jobs()}
    run = workspace.snakemake(*on_slurm(root, "slurm-array"), "features", timeout=1200)
    assert run.returncode == 0, run.stderr
    arrays = [job for job in slurm_jobs() if job["JobId"] not in before and "ArrayJobId" in job]
    # The three splits were ready at once.
    assert max(Counter(job["ArrayJobId"] for job in arrays).values()) == 3
    assert {job["JobState"] for job in arrays} == {"COMPLETED"}
