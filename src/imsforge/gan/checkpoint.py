"""An unfinished training run on disk, so that a killed run goes on to the same bytes."""

import hashlib
import json
import logging
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from imsforge.errors import DataError
from imsforge.gan.tensorfile import read_tensors, write_tensors

logger = logging.getLogger(__name__)

FORMAT = "imsforge training checkpoint 1"
NAME = "checkpoint.safetensors"
SECONDS_BETWEEN = 30.0


class Checkpoint:
    """The one checkpoint of one training run.

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

    def save(self, tensors, update, history):
        """Write the state of the run, unless the last one is younger than 30 s."""
        if self.path is None or time.monotonic() - self._written < SECONDS_BETWEEN:
            return
        header = {"format": FORMAT, "run": self.digest, "update": update, "history": history}
        write_tensors(self.path, tensors, header)
        self._written = time.monotonic()

    def load(self):
        """Return (tensors, update, history) of the same run, or None to begin anew."""
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
        logger.info("%s: training goes on after update %d", self.path, header["update"])
        return tensors, header["update"], header["history"]


def remove_checkpoint(directory):
    """Remove the checkpoint of a run whose model has been saved, and its folder if now empty."""
    directory = Path(directory)
    (directory / NAME).unlink(missing_ok=True)
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()


def run_digest(X, y, n_classes, settings, seed, device):
    """Return a digest of everything that decides the outcome of a run."""
    facts = {
        "settings": asdict(settings),
        "n_classes": n_classes,
        "seed": seed,
        "device": device.type,
        "torch": torch.__version__,
        "shape": X.shape,
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    digest.update(np.ascontiguousarray(X))
    digest.update(np.ascontiguousarray(y))
    return digest.hexdigest()
