"""Killing a run, or the script of a stage, while it works."""

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import psutil

#: Rule, the folder of its log, and a file that it makes: every stage of the tiny study.
STAGES = [
    ("phantom", "tiny", "tiny/phantom/phantom.imzML"),
    ("ingest", "tiny", "tiny/ingest.json"),
    ("extract_peaks", "tiny", "tiny/peaks.h5"),
    ("label", "tiny", "tiny/labels.h5"),
    ("class_ions", "tiny", "tiny/class_ions.csv"),
    ("plot_peaks", "tiny", "tiny/peaks.png"),
    ("plot_classes", "tiny", "tiny/classes.png"),
    ("split", "tiny/nmf/repeat-1", "tiny/nmf/repeat-1/split.h5"),
    ("reduce", "tiny/nmf/repeat-1", "tiny/nmf/repeat-1/features.h5"),
    ("scale", "tiny/nmf/repeat-1", "tiny/nmf/repeat-1/scaled.h5"),
    ("train_gan", "tiny/nmf/repeat-1/cwgan-gp", "tiny/nmf/repeat-1/cwgan-gp/model.safetensors"),
    ("train_vae", "tiny/blocks/repeat-1/vae", "tiny/blocks/repeat-1/vae/model.safetensors"),
    ("oversample", "tiny/nmf/repeat-1/smote", "tiny/nmf/repeat-1/smote/resampled.h5"),
    ("evaluate", "tiny/nmf/repeat-1/smote", "tiny/nmf/repeat-1/smote/scores.csv"),
    ("collect_scores", "tiny/nmf", "tiny/nmf/scores.csv"),
    ("plot_recall_matrices", "tiny/nmf", "tiny/nmf/recall_matrices.png"),
    ("plot_reliability", "tiny/nmf", "tiny/nmf/reliability.png"),
    ("plot_frechet", "tiny/nmf", "tiny/nmf/frechet.png"),
    ("assess_fidelity", "tiny/nmf/repeat-1/smote", "tiny/nmf/repeat-1/smote/fidelity.csv"),
    ("collect_fidelity", "tiny/nmf", "tiny/nmf/fidelity.csv"),
    ("plot_fidelity", "tiny/nmf", "tiny/nmf/fidelity.png"),
    ("plot_spectra", "tiny/nmf", "tiny/nmf/spectra.png"),
    ("plot_training", "tiny/nmf", "tiny/nmf/training.png"),
    ("select_healthy", "tiny/anomaly/spots", "tiny/anomaly/spots/split.h5"),
    ("reduce_healthy", "tiny/anomaly/spots", "tiny/anomaly/spots/features.h5"),
    ("scale_healthy", "tiny/anomaly/spots", "tiny/anomaly/spots/scaled.h5"),
    ("train_healthy", "tiny/anomaly/spots", "tiny/anomaly/spots/model.safetensors"),
    ("detect_anomalies", "tiny/anomaly/spots", "tiny/anomaly/spots/scores.h5"),
    ("anomaly_map", "tiny/anomaly/spots", "tiny/anomaly/spots/map.png"),
    ("anomaly_regions", "tiny/anomaly/spots", "tiny/anomaly/spots/regions"),
    ("export", "tiny/export/anndata", "tiny/export/anndata"),
    ("plot_anomaly_ions", "tiny/anomaly/spots", "tiny/anomaly/spots/ions.png"),
    ("report", "", "report.html"),
    ("record", "", "provenance.json"),
]

#: Stages that the tiny study does not ask for.
OTHER_STAGES = [
    ("scan_classes", "tiny", "tiny/class_numbers.csv"),
    ("plot_class_numbers", "tiny", "tiny/class_numbers.png"),
    ("train_together", "tiny/nmf/together/cwgan-gp", "tiny/nmf/together/cwgan-gp"),
]

#: Logs that are named as those of other rules.
LOGS = {"reduce_healthy": "reduce", "scale_healthy": "scale", "train_healthy": "train_gan"}


def log_of(stage):
    """Return the log of a stage, below ``logs``."""
    rule, folder, _ = stage
    return Path(folder, f"{LOGS.get(rule, rule)}.log")


def kill_in_stage(run, log, moment, what):
    """Wait for a stage's log, then ``moment`` seconds; kill the run, or the script alone."""
    deadline = time.monotonic() + 600
    while not log.exists() and run.poll() is None:
        assert time.monotonic() < deadline, f"{log} did not appear"
        time.sleep(0.01)
    time.sleep(moment)
    if what == "run":
        kill_run(run)
    else:
        scripts = psutil.Process(run.pid).children(recursive=True) if run.poll() is None else []
        for script in scripts:
            with contextlib.suppress(psutil.NoSuchProcess):
                script.kill()
        run.wait(timeout=600)


def kill_run(run):
    """Kill Snakemake and all it started, as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)
    run.wait(timeout=600)


def rerun(workspace, *arguments):
    """Go on after a kill, as the manual says: the same command; where it is locked, unlock."""
    again = workspace.snakemake(*arguments)
    if "--unlock" in again.stdout + again.stderr and again.returncode != 0:
        unlocked = workspace.snakemake("--unlock")
        assert unlocked.returncode == 0, unlocked.stderr
        again = workspace.snakemake(*arguments)
    assert again.returncode == 0, again.stderr


def moments(seed, count, longest):
    """Random moments, the same in each run of the tests."""
    return [random.Random(seed + k).uniform(0, longest) for k in range(count)]
