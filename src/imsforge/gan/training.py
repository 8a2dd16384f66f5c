"""Training a conditional GAN: one loop over updates of the critic."""

import itertools
import logging
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from imsforge.device import resolve_device
from imsforge.errors import DataError
from imsforge.gan.checkpoint import Checkpoint, run_digest
from imsforge.gan.model import ConditionalGAN, checked_labels
from imsforge.gan.monitor import COLUMNS, FrechetMonitor, Means
from imsforge.gan.state import TrainingState
from imsforge.gan.steps import critic_step, generator_step
from imsforge.seeding import derive_seed

logger = logging.getLogger(__name__)

HISTORY_ROWS = 100
EXPLODED = 1e5
SHOWN = ("critic_loss", "generator_loss", "frechet")


def train(X, y, n_classes, settings, *, seed, device="auto", checkpoint_dir=None):
    """Train a conditional GAN (thesis algorithm 1, rows V11 and L3).

    Parameters
    ----------
    X : array of shape (n_rows, n_features)
        Scaled features; used as float32.
    y : array of int, shape (n_rows,)
        Class codes from 0 to ``n_classes - 1``.
    n_classes : int
    settings : GANSettings
    seed : int
        The same seed, device and number of threads give the same bytes. The global random state
        of torch is left as it was.
    device : {"auto", "cpu", "cuda"}
    checkpoint_dir : path or None
        Where an unfinished run is kept; `imsforge.gan.checkpoint.remove_checkpoint` clears it
        once the model has been saved.

    Returns
    -------
    ConditionalGAN
        Its ``history`` is a table of about 100 rows, each the mean over the updates since the
        row before: ``update``, ``epoch``, ``critic_loss``, ``generator_loss``, ``critic_real``
        and ``critic_fake`` (scores; probabilities in a cgan), ``gradient_norm`` and
        ``gradient_penalty`` (empty in a cgan), and at the row's update ``frechet``, the mean
        over classes of the distance to a fixed part of the training rows.

    Raises
    ------
    DataError
        If the rows cannot be trained on, or training explodes before the first row of the
        history. Where it explodes later, the weights of the last good row are kept; ``updates``
        of the model and the log say so.
    """
    X, y = _checked(X, y, n_classes)
    settings = _fitted_to(settings.resolved(), len(X))
    device = resolve_device(device)
    checkpoint = Checkpoint(checkpoint_dir, run_digest(X, y, n_classes, settings, seed, device))
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        model = ConditionalGAN(settings, X.shape[1], n_classes, device)
        logger.info(
            "%s on %s: %d rows, %d features, %d classes; parameters: %s",
            *(settings.kind, device, *X.shape, n_classes, model.n_parameters),
        )
        monitor = FrechetMonitor(X, y, model, derive_seed(seed, "frechet"))
        state = TrainingState(model)
        if (saved := checkpoint.load()) is not None:
            state.restore(*saved)
        rows, labels = torch.tensor(X, device=device), torch.tensor(y, device=device)
        _train(model, state, rows, labels, seed, monitor, checkpoint)
    model.set_training(False)
    model.updates = state.update
    model.history = pd.DataFrame(state.history, columns=COLUMNS)
    logger.info(
        "trained for %d updates of the critic and %d of the generator",
        *(state.update, state.update // settings.critic_steps),
    )
    return model


def _train(model, state, X, y, seed, monitor, checkpoint):
    """Train from where the state stands to the last update, or to the last good one."""
    settings = model.settings
    interval = _history_interval(settings)
    means = Means()
    good = state.snapshot()
    model.set_training(True)
    batches = index_batches(len(X), settings.batch_size, seed, state.update, X.device)
    with tqdm(
        total=settings.updates, initial=state.update, desc=settings.kind, disable=None
    ) as progress:
        while state.update < settings.updates:
            epoch, batch = next(batches)
            means.add(**critic_step(model, state.optimisers["critic"], X[batch], y[batch]))
            state.update += 1
            if state.update % settings.critic_steps == 0:
                # The labels of the generator's batch follow the data, as in the critic's steps:
                # BatchNorm must see one distribution.
                drawn = torch.randint(len(y), (settings.batch_size,), device=y.device)
                means.add(**generator_step(model, state.optimisers["generator"], y[drawn]))
            progress.update()
            if state.update % interval == 0 or state.update == settings.updates:
                row = {"update": state.update, "epoch": epoch, **means.read()}
                row["frechet"] = monitor.distance()
                model.set_training(True)
                if _exploded(row):
                    _stop(state, row, good)
                    return
                state.history.append(row)
                progress.set_postfix({name: row[name] for name in SHOWN if name in row})
                good = state.snapshot()
                checkpoint.save(*good)


def index_batches(n_rows, batch_size, seed, done, device):
    """Yield (epoch, row numbers) for ever, going on after ``done`` batches.

    Each pass shuffles all rows and drops the last incomplete batch. Its order depends on nothing
    but the seed and its number, so that a resumed run needs none of the passes before.
    """
    per_epoch = n_rows // batch_size
    skip = done % per_epoch
    for epoch in itertools.count(done // per_epoch + 1):
        source = torch.Generator().manual_seed(derive_seed(seed, "epoch", epoch))
        order = torch.randperm(n_rows, generator=source)[: per_epoch * batch_size]
        for batch in order.view(per_epoch, batch_size)[skip:].to(device):
            yield epoch, batch
        skip = 0


def _history_interval(settings):
    """Updates from one row of the history to the next: whole steps of the generator."""
    steps = settings.critic_steps
    return math.ceil(settings.updates / (HISTORY_ROWS * steps)) * steps


def _exploded(row):
    """Tell whether the losses of a row of the history, or generated rows, left all bounds."""
    means = [row[name] for name in ("critic_loss", "generator_loss") if name in row]
    return not all(abs(mean) < EXPLODED for mean in means) or math.isinf(row["frechet"])


def _stop(state, row, good):
    """Go back to the last good weights, or refuse where there are none but the first."""
    what = f"training exploded by update {row['update']} (critic loss {row['critic_loss']:.3g})"
    state.restore(*good)
    if state.update == 0:
        raise DataError(
            f"{what} and nothing was learned before; lower gan.learning_rate or "
            "gan.generator_learning_rate, and see that the features are scaled"
        )
    logger.warning("%s; stopped, with the weights of update %d", what, state.update)


def _checked(X, y, n_classes):
    X = np.array(X, dtype=np.float32)
    if X.ndim != 2 or len(X) < 2 or X.shape[1] < 1:
        raise DataError(f"training rows: shape {X.shape}; a GAN needs a matrix of two rows or more")
    y = checked_labels(y, n_classes)
    if len(y) != len(X):
        raise DataError(f"training rows: {len(X)} rows but {len(y)} labels; give one label a row")
    finite = np.isfinite(X).all(axis=1)
    if not finite.all():
        raise DataError(
            f"training rows: row {np.argmin(finite)} holds a value that is not finite; "
            "mend or leave out such rows"
        )
    return X, y


def _fitted_to(settings, n_rows):
    """Return the settings with a batch no larger than the data."""
    if n_rows >= settings.batch_size:
        return settings
    logger.warning(
        "batch size %d is more than the %d training rows; reduced to %d",
        *(settings.batch_size, n_rows, n_rows),
    )
    return replace(settings, batch_size=n_rows)
