"""What a changed setting runs again, by dry runs over a finished study."""

import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta

import numpy as np
import pytest

from imsforge.artifacts.contract import Features
from imsforge.oversampling import sampler_class
from imsforge.seeding import derive_seed
from imsforge.stage import limited_threads
from imsforge.study import Study
from imsforge.study.config import validate_config

from .conftest import TINY, Workspace

pytestmark = pytest.mark.workflow

#: What follows from new features, in each of the two repeats of the tiny study.
BELOW_SCALE = {
    "scale": 2,
    "train_gan": 4,
    "oversample": 8,
    "evaluate": 8,
    "assess_fidelity": 8,
    "collect_scores": 1,
    "collect_fidelity": 1,
    "plot_recall_matrices": 1,
    "plot_reliability": 1,
    "plot_frechet": 1,
    "plot_fidelity": 1,
    "plot_spectra": 1,
    "plot_training": 1,
    "export": 3,  # tables, and generated spectra
    "report": 1,
    "record": 1,
    "default": 1,
}


@pytest.fixture
def plan(finished):
    """Plan the tiny study with one setting of its experiment changed."""

    def plan_with(*arguments, **settings):
        config = copy.deepcopy(TINY)
        config["datasets"]["tiny"]["experiments"]["nmf"].update(settings)
        finished.configure(config)
        try:
            return finished.planned(*arguments)
        finally:
            finished.configure(TINY)

    return plan_with


def test_a_new_scaler_reruns_scaling_and_what_follows(plan):
    assert plan(scaler="minmax") == BELOW_SCALE


def test_a_new_method_runs_alone(plan):
    assert plan(methods=[*TINY["datasets"]["tiny"]["experiments"]["nmf"]["methods"], "noise"]) == {
        "oversample": 2,
        "evaluate": 2,
        "assess_fidelity": 2,
        "collect_scores": 1,
        "collect_fidelity": 1,
        "plot_recall_matrices": 1,
        "plot_reliability": 1,
        "plot_frechet": 1,
        "plot_fidelity": 1,
        "plot_spectra": 1,
        "export": 3,  # tables, and generated spectra
        "report": 1,
        "record": 1,
        "default": 1,
    }


def test_a_new_remedy_is_judged_alone(plan):
    """On the training sets that are there."""
    methods = TINY["datasets"]["tiny"]["experiments"]["nmf"]["methods"]
    assert plan(methods=[*methods, "smote+tuned"]) == {
        "evaluate": 2,
        "collect_scores": 1,
        "plot_recall_matrices": 1,
        "plot_reliability": 1,
        "export": 2,  # tables
        "report": 1,
        "record": 1,
        "default": 1,
    }


def test_a_new_repeat_runs_alone(plan):
    wanted = plan(repeats=3)
    assert {rule: wanted[rule] for rule in ("split", "reduce", "scale")} == dict.fromkeys(
        ("split", "reduce", "scale"), 1
    )
    assert wanted["train_gan"] == 2
    assert wanted["evaluate"] == 4
    assert not {"ingest", "extract_peaks", "label", "train_healthy"} & set(wanted)


def test_new_training_settings_train_again_and_split_nothing(plan):
    wanted = plan(gan={"updates": 60, "critic_steps": 2, "latent_size": 8})
    assert wanted["train_gan"] == 4
    assert not {"split", "reduce", "scale", "train_healthy"} & set(wanted)


def test_forced_labels_run_everything_below(finished):
    wanted = finished.planned("--forcerun", "label")
    assert wanted["label"] == 1
    assert wanted["train_gan"] == 4
    assert not {"phantom", "ingest", "extract_peaks"} & set(wanted)


@pytest.mark.parametrize(
    ("target", "last"),
    [
        ("peaks", "extract_peaks"),
        ("labels", "plot_classes"),
        ("features", "scale"),
        ("models", "train_healthy"),
        ("evaluation", "plot_training"),
        ("anomaly", "plot_anomaly_ions"),
        ("report", "report"),
        ("results/tiny/peaks.csv", "extract_peaks"),
    ],
)
def test_a_target_stops_at_its_stage(target, last, workspace):
    workspace.configure(TINY)
    wanted = workspace.planned(target)
    assert wanted[last] >= 1
    later = {"extract_peaks": "label", "plot_classes": "split", "scale": "train_gan"}
    assert later.get(last) not in wanted
    if last != "report":
        assert "report" not in wanted


def test_a_raw_file_counts_by_its_content(workspace, measurement):
    """One read for a touched file, and an edit anywhere in it is seen."""
    labels = {"method": "column", "column": "tissue"}
    workspace.configure({"datasets": {"own": {"input": str(measurement), "labels": labels}}})
    run = workspace.snakemake("--", "results/own/labels.h5")
    assert run.returncode == 0, run.stderr
    measurement.touch()
    assert workspace.planned("--", "results/own/labels.h5") == {}
    content, times = measurement.read_bytes(), measurement.stat()
    for share in (0.3, 0.6, 0.9):
        place = int(share * len(content))
        changed = bytes([content[place] ^ 1])
        measurement.write_bytes(content[:place] + changed + content[place + 1 :])
        # An old time stamp hides nothing.
        os.utime(measurement, ns=(times.st_mtime_ns, times.st_mtime_ns - 10**12))
        wanted = workspace.planned("--", "results/own/labels.h5")
        assert wanted == {"ingest": 1, "extract_peaks": 1, "label": 1}, share
    measurement.write_bytes(content)
    assert workspace.planned("--", "results/own/labels.h5") == {}


def test_a_mask_counts_by_its_content(workspace, measurement, tmp_path):
    """A class painted over a corner, of a mask that stays as large as it was."""
    mask = np.repeat(np.array([[1], [2]], dtype=np.uint8), 12, axis=1).repeat(5, axis=0)
    np.save(tmp_path / "mask.npy", mask)
    labels = {"method": "file", "file": str(tmp_path / "mask.npy")}
    workspace.configure({"datasets": {"own": {"input": str(measurement), "labels": labels}}})
    run = workspace.snakemake("--", "results/own/labels.h5")
    assert run.returncode == 0, run.stderr
    assert workspace.planned("--", "results/own/labels.h5") == {}
    mask[4, 5] = 3
    np.save(tmp_path / "mask.npy", mask)
    assert workspace.planned("--", "results/own/labels.h5") == {"label": 1}


@pytest.fixture
def checkout(root, tmp_path):
    """A copy of the project, as a fresh checkout has it: all time stamps are of now."""
    folder = tmp_path / "checkout"
    for name in ("config", "envs", "scripts", "src", "workflow"):
        shutil.copytree(
            root / name,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"),
            copy_function=shutil.copyfile,
        )
    shutil.copyfile(root / "Snakefile", folder / "Snakefile")
    (folder / "profiles").symlink_to("workflow/profiles")
    return folder


def test_a_fresh_checkout_plans_nothing_and_an_edit_what_it_touches(finished, tmp_path, checkout):
    """Another folder, new time stamps, the same meaning."""
    (tmp_path / "moved").mkdir()
    moved = finished.copy(tmp_path / "moved", root=checkout)
    # A copy that lost its time stamps; all in another order than they were made.
    for k, path in enumerate(sorted((tmp_path / "moved").rglob("*.*"), reverse=True)):
        os.utime(path, (time.time() - 1000 + k / 100,) * 2)
    assert moved.planned() == {}
    with (checkout / "workflow/report/table.rst").open("a") as caption:
        caption.write("More.")
    assert moved.planned() == {"report": 1, "record": 1, "default": 1}
    with (checkout / "src/imsforge/plots/matrices.py").open("a") as module:
        module.write("EDITED = True\n")
    figures = {"plot_recall_matrices": 2, "plot_frechet": 1}
    assert moved.planned() == {**figures, "report": 1, "record": 1, "default": 1}
    # As docs/architecture.md has it: accept the edit as one that changes no result.
    touched = moved.snakemake("--touch")
    assert touched.returncode == 0, touched.stderr
    assert moved.planned() == {}


def test_a_second_study_in_the_same_folder_knows_nothing_of_the_first(finished, tmp_path):
    study = finished.copy(tmp_path)
    config = copy.deepcopy(TINY)
    tiny = config["datasets"]["tiny"]
    del tiny["experiments"]["blocks"], tiny["anomaly"]
    tiny["experiments"]["nmf"] |= {"methods": ["none", "cgan"], "tasks": ["oversample"]}
    study.configure(config)
    begun = datetime.now().astimezone()
    run = study.snakemake()
    assert run.returncode == 0, run.stderr
    results = study.folder / "results"
    assert (results / "tiny/nmf/repeat-1/smote/scores.csv").is_file()  # still there, but
    told = {
        name: (results / name).read_text()
        for name in ("report.html", "provenance.json", "ro-crate-metadata.json")
    }
    told["report.html"] = re.sub(r"base64,[\w+/=]+", "", told["report.html"])
    crate = json.loads(told["ro-crate-metadata.json"])
    names = [e["@id"] for e in crate["@graph"] if not e["@id"].startswith("code/")]
    told["ro-crate-metadata.json"] = " ".join(names)
    for name, text in told.items():
        for word in (
            "smote",
            "cwgan-gp",
            "vae+calibrate",
            "blocks",
            "spots",
            "fidelity",
            "frechet.png",
        ):
            assert word not in text, (name, word)
    record = json.loads(told["provenance.json"])
    assert datetime.fromisoformat(record["started"]) >= begun - timedelta(seconds=2)
    assert {stage["rule"] for stage in record["stages"]} == {
        *("phantom", "ingest", "extract_peaks", "label", "class_ions", "plot_peaks"),
        *("plot_classes", "split"),
        *("reduce", "scale", "train_gan", "oversample", "evaluate", "collect_scores"),
        *("plot_recall_matrices", "plot_reliability", "plot_training", "export", "report"),
    }
    assert study.planned() == {}


@pytest.mark.parametrize("together", [False, True])
def test_the_plan_is_the_study(workspace, root, together):
    """As many jobs of each rule as the study has stages."""
    config = copy.deepcopy(TINY)
    config["datasets"]["tiny"]["experiments"]["nmf"]["together"] = together
    workspace.configure(config)
    study = Study(validate_config(config, root / "workflow/schemas/config.schema.yaml"))
    stages = Counter(stage.rule for stage in study.stages)
    assert workspace.planned() == {**stages, "record": 1, "default": 1}


def test_repeats_trained_together_are_those_trained_alone(finished, tmp_path, root):
    """Beside what is there already, so that nothing else has to run."""
    again = Workspace(tmp_path, root)
    shutil.copytree(finished.folder / "results", tmp_path / "results")
    shutil.copytree(finished.folder / ".snakemake", tmp_path / ".snakemake")
    config = copy.deepcopy(TINY)
    config["datasets"]["tiny"]["experiments"]["nmf"]["together"] = True
    again.configure(config)
    model = "results/tiny/nmf/repeat-2/cwgan-gp/model.safetensors"
    assert again.planned(model) == {"train_together": 1, "train_gan": 1}
    run = again.snakemake(model)
    assert run.returncode == 0, run.stderr
    for name in (model, model.replace("model.safetensors", "history.csv")):
        assert (tmp_path / name).read_bytes() == (finished.folder / name).read_bytes()


@pytest.mark.slow
def test_a_training_killed_with_its_workflow_ends_with_the_same_bytes(finished, tmp_path, root):
    again = Workspace(tmp_path, root)
    for folder in ("results", ".snakemake"):
        shutil.copytree(finished.folder / folder, tmp_path / folder)
    config = copy.deepcopy(TINY)
    settings = config["datasets"]["tiny"]["experiments"]["nmf"]["gan"]
    settings["updates"] = 6000
    again.configure(config)
    folder = tmp_path / "results/tiny/nmf/repeat-1/cwgan-gp"
    target = str(folder.relative_to(tmp_path) / "model.safetensors")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile")]
    command += ["--configfile", "study.yaml", "--cores", "1", target]
    killed = subprocess.Popen(command, cwd=tmp_path, start_new_session=True)
    deadline = time.monotonic() + 600
    while not (folder / ".checkpoint" / "checkpoint.safetensors").exists():
        assert killed.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert again.snakemake("--unlock").returncode == 0
    run = again.snakemake(target, cores=1)
    assert run.returncode == 0, run.stderr
    log = (tmp_path / "logs/tiny/nmf/repeat-1/cwgan-gp/train_gan.log").read_text()
    assert "training goes on after update" in log

    seed = derive_seed(TINY["seed"], "train_gan", "cwgan-gp", "1")
    sampler = sampler_class("cwgan-gp")(settings=settings, device="cpu", random_state=seed)
    with limited_threads(1):
        sampler.fit(*Features.read(folder.parent / "scaled.h5").training_set)
    sampler.save(tmp_path / "undisturbed.safetensors")
    assert (tmp_path / target).read_bytes() == (tmp_path / "undisturbed.safetensors").read_bytes()
