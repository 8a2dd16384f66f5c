"""Large studies: the graph of jobs in bounded time, and many datasets in one go."""

import resource
import subprocess

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

METHODS = ["none", "duplicate", "noise", "smote", "cgan", "cwgan-gp"]


def study(datasets, repeats, methods, source, **settings):
    experiment = {"features": 4, "methods": methods, "repeats": repeats, **settings}
    one = {**source, "experiments": {"nmf": experiment}}
    return {"device": "cpu", "datasets": {f"d{k:03}": one for k in range(datasets)}}


def test_the_graph_of_a_large_study(workspace):
    """200 datasets x 5 repeats x 6 methods: 19,000 jobs in a minute of CPU and 2 GiB."""
    phantom = {"phantom": {"pixels": 900, "peaks": 60}, "labels": {"classes": 3}}
    workspace.configure(study(200, 5, METHODS, phantom))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # --summary builds the graph and stops.
    with (workspace.folder / "summary").open("w") as summary:
        run = subprocess.run(
            workspace.command("--summary"),
            cwd=workspace.folder,
            stdout=summary,
            stderr=subprocess.DEVNULL,
            timeout=600,
            check=False,
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run.returncode == 0
    assert len((workspace.folder / "summary").read_text().splitlines()) > 19_000
    assert after.ru_utime - before.ru_utime < 60
    assert after.ru_maxrss < 2 * 2**20  # kB


def test_fifty_datasets_in_one_go(workspace, measurement):
    """All from one small file, up to the tables: 450 jobs."""
    source = {"input": str(measurement), "labels": {"method": "column", "column": "tissue"}}
    several = {"tasks": ["oversample"], "classes": {"largest": 2}}
    workspace.configure(study(50, 1, ["none"], source, **several))
    targets = [f"results/d{k:03}/nmf/table.csv" for k in range(50)]
    run = workspace.snakemake(*targets, timeout=3600)
    assert run.returncode == 0, run.stderr
    tables = list((workspace.folder / "results").glob("*/nmf/table.csv"))
    assert len(tables) == 50
    # One seed and one setting: fifty times the same numbers, none lost.
    assert len({path.read_text() for path in tables}) == 1
    assert workspace.planned(*targets) == {}
