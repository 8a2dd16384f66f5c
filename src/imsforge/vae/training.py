"""Training a conditional VAE: one loop."""

import logging
import math

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from imsforge.device import resolve_device
from imsforge.errors import DataError
from imsforge.seeding import derive_seed
from imsforge.training_rows import checked_rows
from imsforge.vae.model import ConditionalVAE

logger = logging.getLogger(__name__)

HISTORY_ROWS = 100
#: The norm at which gradients are cut: a spectrum far from all others must not undo the rest.
LARGEST_GRADIENT = 50.0


def train(X, y, n_classes, settings, *, seed, device="auto"):
    """Train a conditional VAE on the negative evidence lower bound (Kingma & Welling 2014).

    Parameters
    ----------
    X : array of shape (n_rows, n_features)
        Used as float32. Square roots of intensities suit it best: counting noise is then alike
        everywhere.
    y : array of int, shape (n_rows,)
        Class codes from 0 to ``n_classes - 1``, each at least once.
    n_classes : int
    settings : VAESettings
    seed : int
        The same seed, device and number of threads give the same bytes. The global random state
        of torch is left as it was.
    device : {"auto", "cpu", "cuda"}

    Returns
    -------
    ConditionalVAE
        Its ``history`` is a table of about 100 rows, each the mean over the updates since the row
        before, in nats a spectrum: ``update``, ``epoch``, ``negative_log_likelihood`` and
        ``divergence`` of the latent numbers from the standard normal distribution.

    Raises
    ------
    DataError
        If the rows cannot be trained on, or the loss explodes.
    """
    X, y = checked_rows(X, y, n_classes)
    absent = np.setdiff1d(np.arange(n_classes), y)
    if len(absent):
        raise DataError(f"training rows: class code {absent[0]} has no row; number classes from 0")
    device = resolve_device(device)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # weights are drawn on the CPU
        model = ConditionalVAE(settings, X.shape[1], n_classes)
    model.networks.look_at(X)
    model.networks.to(device)
    logger.info(
        "vae on %s: %d rows, %d features, %d classes; parameters: %d",
        *(device, *X.shape, n_classes, model.n_parameters),
    )
    X, codes = (torch.from_numpy(values).to(device) for values in (X, y))
    model.history = _train(model, X, codes, derive_seed(seed, "vae"))
    model.encode(X, codes)
    # Drawing takes a moment anywhere, and is the same everywhere on a CPU.
    model.networks.to("cpu")
    return model


def _train(model, X, codes, seed):
    """Train the networks; return the history."""
    settings, networks = model.settings, model.networks
    source = torch.Generator().manual_seed(seed)
    adam = torch.optim.Adam(networks.parameters(), settings.learning_rate, fused=True)
    pace = torch.optim.lr_scheduler.CosineAnnealingLR(adam, settings.updates)
    interval = math.ceil(settings.updates / HISTORY_ROWS)
    history, sums = [], torch.zeros(2, device=X.device)
    with tqdm(total=settings.updates, desc="vae", unit="update", disable=None) as bar:
        for update in range(1, settings.updates + 1):
            rows = torch.randint(len(X), (settings.batch_size,), generator=source).to(X.device)
            noise = torch.randn(settings.batch_size, settings.latent_size, generator=source)
            losses = networks.losses(X[rows], codes[rows], noise.to(X.device))
            unlikely, divergence = (values.mean() for values in losses)
            adam.zero_grad()
            (unlikely + min(1.0, update / settings.warm_up) * divergence).backward()
            torch.nn.utils.clip_grad_norm_(networks.parameters(), LARGEST_GRADIENT)
            adam.step()
            pace.step()
            sums += torch.stack([unlikely.detach(), divergence.detach()])
            if update % interval == 0 or update == settings.updates:
                since = update - (history[-1]["update"] if history else 0)
                history.append(_history_row(update, (sums / since).tolist(), settings, len(X)))
                bar.set_postfix(loss=history[-1]["negative_log_likelihood"])
                bar.update(since)
                sums.zero_()
    return pd.DataFrame(history)


def _history_row(update, means, settings, n_rows):
    if not all(map(math.isfinite, means)):
        raise DataError(
            f"vae: the loss exploded before update {update}; lower vae.learning_rate "
            f"({settings.learning_rate:g}), or scale the features"
        )
    unlikely, divergence = means
    return {
        "update": update,
        "epoch": update * settings.batch_size / n_rows,
        "negative_log_likelihood": unlikely,
        "divergence": divergence,
    }
