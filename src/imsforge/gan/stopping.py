"""When a training ends before its last update, and with which weights."""

import logging
import math

import numpy as np

from imsforge.errors import DataError

logger = logging.getLogger(__name__)

EXPLODED = 1e5


def judge(state, monitors, means, observer=None):
    """Write a row of the history of every run that goes on, and see whether it still may.

    Parameters
    ----------
    state : TrainingState
        Its ``histories`` grow, ``kept`` weights are renewed, and runs may be ``stopped``.
    monitors : list of FrechetMonitor, one a run
    means : list of dict, one a run
        What the updates since the last row told, on average.
    observer : callable or None
        Called with the number of a run and its row.

    Raises
    ------
    DataError
        If a run explodes before its first row.
    """
    for run, monitor in enumerate(monitors):
        if state.stopped[run]:
            continue
        row = {"update": state.update, "epoch": state.batches[run].epoch}
        row |= means[run]
        row |= monitor.distances()
        if _exploded(row):
            _stop_exploded(state, run, row)
            continue
        history = state.histories[run]
        earlier = [past["frechet"] for past in history]
        history.append(row)
        if observer is not None:
            observer(run, row)
        if state.settings.patience is None or not earlier or row["frechet"] < min(earlier):
            state.kept[run] = state.weights(run)
            state.kept_update[run] = state.update
        elif len(history) - 1 - int(np.argmin(earlier)) >= state.settings.patience:
            state.stopped[run] = (
                f"no smaller Fréchet distance in {state.settings.patience} rows of the history"
            )
            logger.info("update %d: %s; stopped", state.update, state.stopped[run])


def _exploded(row):
    """Tell whether the losses of a row of the history, or generated rows, left all bounds."""
    means = [row[name] for name in ("critic_loss", "generator_loss") if name in row]
    return not all(abs(mean) < EXPLODED for mean in means) or math.isinf(row["frechet"])


def _stop_exploded(state, run, row):
    """Stop a run at its last good weights, or refuse where there are none but the first."""
    what = f"training exploded by update {row['update']} (critic loss {row['critic_loss']:.3g})"
    if not state.histories[run]:
        raise DataError(
            f"{what} and nothing was learned before; lower gan.learning_rate or "
            "gan.generator_learning_rate, and see that the features are scaled"
        )
    logger.warning("%s; stopped, with the weights of update %d", what, state.kept_update[run])
    state.stopped[run] = what
