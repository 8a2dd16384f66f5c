"""Training conditional GANs: one loop over cycles of updates, for one run or several."""

import logging
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from imsforge.artifacts.tensors import under
from imsforge.device import resolve_device
from imsforge.errors import DataError
from imsforge.gan.batches import Batches, draw_together
from imsforge.gan.checkpoint import Checkpoint, run_digest
from imsforge.gan.cycle import Cycle, fast_cycle
from imsforge.gan.display import Means, Progress
from imsforge.gan.model import ConditionalGAN
from imsforge.gan.monitor import COLUMNS, FrechetMonitor, held_out
from imsforge.gan.state import TrainingState
from imsforge.gan.stopping import judge
from imsforge.seeding import derive_seed
from imsforge.training_rows import checked_rows

logger = logging.getLogger(__name__)

HISTORY_ROWS = 100


@dataclass
class Run:
    """What one training learns from.

    Attributes
    ----------
    X : array of shape (n_rows, n_features)
        Scaled features; used as float32.
    y : array of int, shape (n_rows,)
        Class codes.
    seed : int
    """

    X: np.ndarray
    y: np.ndarray
    seed: int


def train(X, y, n_classes, settings, *, seed, device="auto", checkpoint_dir=None, observer=None):
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
    observer : callable or None
        Called with each row of the history as it comes, a dict.

    Returns
    -------
    ConditionalGAN
        Its ``history`` is a table of about 100 rows, each the mean over the updates since the
        row before: ``update``, ``epoch``, ``critic_loss``, ``generator_loss``, ``critic_real``
        and ``critic_fake`` (scores; probabilities in a cgan), ``gradient_norm`` and
        ``gradient_penalty`` (of a cwgan-gp alone), and at the row's update ``frechet``, the mean
        over classes of the distance between generated and some training rows (with ``patience``
        rows that are held out), and ``frechet_0`` and so on, that of each class.

    Raises
    ------
    DataError
        If the rows cannot be trained on, or training explodes before the first row of the
        history. Where it explodes later, the weights of the last good row are kept; ``updates``
        of the model and the log say so.
    """
    observe = None if observer is None else lambda _, row: observer(row)
    (model,) = train_together(
        [Run(X, y, seed)],
        n_classes,
        settings,
        device=device,
        checkpoint_dir=checkpoint_dir,
        observer=observe,
    )
    return model


def train_together(runs, n_classes, settings, *, device="auto", checkpoint_dir=None, observer=None):
    """Train several conditional GANs side by side; up to rounding, as one by one.

    Their weights lie in one buffer and their products are batched, which suits a GPU that a
    single run leaves idle.

    Parameters
    ----------
    runs : list of Run
        Of the same number of features. Each draws from its own seed.
    n_classes, settings, device, checkpoint_dir
        As in `train`.
    observer : callable or None
        Called with the number of a run and a row of its history.

    Returns
    -------
    list of ConditionalGAN, see `train`

    Raises
    ------
    DataError
        As in `train`, or if the runs do not fit together: another number of features, or settings
        that the number of rows changes (a smaller batch, ``epochs``).
    """
    runs = [Run(*checked_rows(run.X, run.y, n_classes), run.seed) for run in runs]
    watched = [held_out(run.y, settings, run.seed) for run in runs]
    learned = [
        np.ones(len(run.y), dtype=bool) if mask is None else ~mask
        for run, mask in zip(runs, watched, strict=True)
    ]
    settings = _common([settings.resolved(int(mask.sum())) for mask in learned], runs)
    device = resolve_device(device)
    checkpoint = Checkpoint(checkpoint_dir, run_digest(runs, n_classes, settings, device))
    models = [_new_model(run, settings, n_classes, device) for run in runs]
    logger.info(
        "%s on %s: %d run(s), %d rows, %d features, %d classes; parameters: %s",
        *(settings.kind, device, len(runs), *runs[0].X.shape, n_classes, models[0].n_parameters),
    )
    batches, monitors = [], []
    for run, model, rows, mask in zip(runs, models, learned, watched, strict=True):
        seed = derive_seed(run.seed, "frechet")
        monitors.append(FrechetMonitor(run.X, run.y, model, seed, among=mask))
        X, y = run.X[rows], run.y[rows]
        seen, codes = model.look_at(X, y), torch.tensor(y, device=device)
        batches.append(Batches(seen, codes, n_classes, settings, run.seed))
    state = TrainingState(models, batches)
    if (saved := checkpoint.load()) is not None:
        state.restore(*saved)
    _train(state, monitors, checkpoint, observer)
    state.set_training(False)
    for run, model in enumerate(models):
        _finish(model, state, run)
        X, y, seed = runs[run].X, runs[run].y, derive_seed(runs[run].seed, "marginals")
        model.look_back(X[learned[run]], y[learned[run]], seed)
    return models


def _new_model(run, settings, n_classes, device):
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(run.seed)  # weights are drawn on the CPU
        return ConditionalGAN(settings, run.X.shape[1], n_classes, device)


def _train(state, monitors, checkpoint, observer):
    """Train from where the state stands until every run has ended."""
    settings = state.settings
    interval = _history_interval(settings)
    means, cycle, whole = Means(), Cycle(state, settings), None
    good = state.snapshot()
    state.set_training(True)
    with Progress(state) as progress:
        try:
            while state.update < settings.updates and not all(state.stopped):
                n_steps = min(settings.critic_steps, settings.updates - state.update)
                draws = draw_together(state.batches, n_steps)
                if n_steps == settings.critic_steps and whole is None:
                    whole = fast_cycle(state, settings, draws)
                state.set_pace()
                readings = (whole if n_steps == settings.critic_steps else cycle)(draws)
                means.add(readings)
                state.update += n_steps
                progress.update(n_steps)
                if state.update % interval == 0 or state.update == settings.updates:
                    judge(state, monitors, means.read(), observer)
                    progress.show()
                    good = state.snapshot()
                    checkpoint.save(*good)
                    state.set_training(True)
        except KeyboardInterrupt:
            checkpoint.save(*good, now=True)
            raise


def _finish(model, state, run):
    """Give a model the weights to end with, and its history."""
    for name, network in model.networks.items():
        network.load_state_dict(
            under(f"{name}.", state.kept[run]),
            assign=True,  # no longer views of buffers that all runs share
        )
    model.updates = state.kept_update[run]
    history = pd.DataFrame(state.histories[run])
    model.history = history.reindex(
        columns=[*COLUMNS, *history.columns.difference(COLUMNS, sort=False)]
    )
    logger.info(
        "trained for %d updates of the critic and %d of the generator; kept those of update %d",
        *(state.update, state.update // state.settings.critic_steps, model.updates),
    )


def _history_interval(settings):
    """Updates from one row of the history to the next: whole steps of the generator."""
    steps = settings.critic_steps
    return math.ceil(settings.updates / (HISTORY_ROWS * steps)) * steps


def _common(settings, runs):
    """Return the settings that all runs share."""
    if any(other != settings[0] for other in settings):
        raise DataError(
            "runs side by side: their numbers of rows ask for different batches or updates; "
            "train them one by one"
        )
    if len({run.X.shape[1] for run in runs}) > 1:
        raise DataError("runs side by side: they have different features; train them one by one")
    return settings[0]
