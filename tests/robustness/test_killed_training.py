"""Trainings that are killed at random moments, without a chance to clean up."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

#: Trains a small GAN, with a checkpoint at every row of its history, and saves it.
PROGRAM = """
import logging, signal, sys
import numpy as np
import torch
from imsforge.gan import checkpoint
from imsforge.oversampling import CWGANGP

# Shells have their background jobs, and all that these start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
torch.set_num_threads(1)
logging.basicConfig(level=logging.INFO, stream=sys.stderr)
checkpoint.SECONDS_BETWEEN = 0.0
y = np.arange(300) % 3
X = np.random.default_rng(0).normal(size=(300, 4)) + y[:, None]
settings = {
    "updates": 500, "critic_steps": 5, "batch_size": 16, "latent_size": 4, "generator": "fc3",
    "dropout": 0.2, "average": 0.99, "rate_decay": "linear",
}
sampler = CWGANGP(
    settings=settings, device="cpu", random_state=3, checkpoint_dir=sys.argv[1] + "/checkpoint"
)
print("begun", flush=True)
sampler.fit(X, y)
sampler.model_.history.to_csv(sys.argv[1] + "/history.csv")
sampler.save(sys.argv[1] + "/model.safetensors")
"""


def start(folder):
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout.readline() == "begun\n", process.stderr.read()
    return process


def finish(folder):
    process = start(folder)
    _, log = process.communicate(timeout=600)
    assert process.returncode == 0, log
    return log


def results(folder):
    return [(folder / name).read_bytes() for name in ("model.safetensors", "history.csv")]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    process, started = start(folder), time.monotonic()
    process.communicate(timeout=600)
    seconds = time.monotonic() - started
    return *results(folder), seconds


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_killed_training_ends_with_the_same_bytes(blow, undisturbed, tmp_path):
    *expected, seconds = undisturbed
    moments, wounded, attempts = random.Random(blow), 0, 0
    while wounded < 3 or not (tmp_path / "checkpoint").exists():
        attempts += 1
        assert attempts < 30, "no blow has hit a training with a checkpoint"
        process = start(tmp_path)
        time.sleep(moments.uniform(0, 0.2) * seconds)
        process.send_signal(blow)
        process.communicate()
        wounded += 1
        if process.returncode == 0:  # it was faster than the blow: begin anew
            shutil.rmtree(tmp_path)
            wounded = 0
    log = finish(tmp_path)
    assert "training goes on after update" in log
    assert results(tmp_path) == expected
    assert not (tmp_path / "checkpoint").exists()
