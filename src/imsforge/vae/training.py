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
from imsforge.vae.stopping import Keeper, hold_out

logger = logging.getLogger(__name__)

#: Updates between two rows of the history, and two looks at held-out rows.
INTERVAL = 50
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
        Its ``history`` is a table of a row every `INTERVAL` updates: ``update``, ``epoch``, and in
        nats a spectrum ``negative_log_likelihood`` and ``divergence`` of the latent numbers from
        the standard normal distribution, each the mean over the updates since the row before, and
        ``held_out_loss``, the sum of the two for rows that are held out.

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

    def noise(n):
        return torch.randn(n, settings.latent_size, generator=source).to(X.device)

    held_out = hold_out(codes, model.n_classes, source).to(X.device)
    spectra = networks.prepare(X[~held_out], codes[~held_out])
    others = networks.prepare(X[held_out], codes[held_out])
    longest = settings.longest(len(spectra.rows))
    # While the divergence gains weight, held-out rows say nothing of what will come.
    shortest = settings.warm_up + settings.patience * INTERVAL
    keeper = Keeper(networks, others, noise(len(others.rows)), settings.patience)
    adam = torch.optim.Adam(networks.parameters(), settings.learning_rate, fused=True)
    history, sums = [], torch.zeros(2, device=X.device)
    with tqdm(total=longest, desc="vae", unit="update", disable=None) as bar:
        for update in range(1, longest + 1):
            rows = torch.randint(len(spectra.rows), (settings.batch_size,), generator=source)
            losses = networks.losses(spectra.take(rows.to(X.device)), noise(len(rows)))
            unlikely, divergence = (values.mean() for values in losses)
            adam.zero_grad()
            (unlikely + min(1.0, update / settings.warm_up) * divergence).backward()
            torch.nn.utils.clip_grad_norm_(networks.parameters(), LARGEST_GRADIENT)
            adam.step()
            keeper.follow()
            sums += torch.stack([unlikely.detach(), divergence.detach()])
            if update % INTERVAL == 0 or update == longest:
                since = update - (history[-1]["update"] if history else 0)
                row = _history_row(update, (sums / since).tolist(), settings, len(spectra.rows))
                history.append({**row, "held_out_loss": keeper.judge()})
                bar.set_postfix(held_out_loss=history[-1]["held_out_loss"])
                bar.update(since)
                sums.zero_()
                if keeper.exhausted and update >= shortest:
                    logger.info("update %d: held-out rows hardly grow likelier; stopped", update)
                    break
    keeper.restore()
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
