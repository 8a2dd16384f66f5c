"""An unfinished training run on disk, so that a killed run goes on to the same bytes."""

import hashlib
import json
import logging
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from imsforge.artifacts.atomic import remove_leftovers
from imsforge.artifacts.tensors import read_tensors, write_tensors
from imsforge.errors import DataError

logger = logging.getLogger(__name__)

FORMAT = "imsforge training checkpoint 2"
NAME = "checkpoint.safetensors"
SECONDS_BETWEEN = 10.0


class Checkpoint:
    """The one checkpoint of one training, of a run or of several side by side.

    Parameters
    ----------
    directory : path or None
        None keeps nothing on disk.
    digest : str
        What the run is of (`run_digest`); a checkpoint of anything else is not used.
    """

    def __init__(self, directory, digest):
        self.path = None if directory is None else Path(directory) / NAME
        self.digest = digest
        self._written = time.monotonic()

    def save(self, tensors, facts, *, now=False):
        """Write a snapshot of the state, unless the last one is younger than 10 s."""
        recent = time.monotonic() - self._written < SECONDS_BETWEEN
        if self.path is None or (recent and not now):
            return
        header = {"format": FORMAT, "run": self.digest, "facts": facts}
        write_tensors(self.path, tensors, header)
        self._written = time.monotonic()

    def load(self):
        """Return (tensors, facts) of the same run, or None to begin anew."""
        if self.path is None or not self.path.exists():
            return None
        try:
            tensors, header = read_tensors(self.path)
        except DataError as error:
            logger.warning("checkpoint ignored, training begins anew: %s", error)
            return None
        if header.get("format") != FORMAT or header.get("run") != self.digest:
            logger.warning("%s: of another run; ignored, training begins anew", self.path)
            return None
        facts = header["facts"]
        logger.info("%s: training goes on after update %d", self.path, facts["update"])
        return tensors, facts


def remove_checkpoint(directory):
    """Remove the checkpoint of a run whose model has been saved, and its folder if now empty."""
    directory = Path(directory)
    (directory / NAME).unlink(missing_ok=True)
    remove_leftovers(directory / NAME)
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()


def run_digest(runs, n_classes, settings, device):
    """Return a digest of everything that decides the outcome of runs trained side by side."""
    facts = {
        "settings": asdict(settings),
        "n_classes": n_classes,
        "seeds": [run.seed for run in runs],
        "device": device.type,
        "torch": torch.__version__,
        "shapes": [run.X.shape for run in runs],
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for run in runs:
        digest.update(np.ascontiguousarray(run.X))
        digest.update(np.ascontiguousarray(run.y))
    return digest.hexdigest()
