"""The Fréchet distance in the history of a training run."""

import math

import numpy as np

from imsforge.errors import DataError
from imsforge.fidelity.frechet import gaussian_of
from imsforge.seeding import derive_seed

COLUMNS = [
    "update",
    "epoch",
    "critic_loss",
    "generator_loss",
    "critic_real",
    "critic_fake",
    "gradient_norm",
    "gradient_penalty",
    "frechet",
]
#: Of the columns that follow, one a class.
CLASS_PREFIX = "frechet_"
ROWS_PER_CLASS = 50
SMALLEST_TO_HOLD_OUT_OF = 20


class FrechetMonitor:
    """The mean over classes of the distance between real and generated rows (row V6).

    The real rows, at most 50 a class, and the latent numbers stay the same, so that the course
    of the values shows the generator and not the draw. With few rows the values are biased;
    compare them only with each other.

    Parameters
    ----------
    X : array of shape (n_rows, n_features)
    y : array of int, shape (n_rows,)
    model : ConditionalGAN
    seed : int
    among : array of bool, shape (n_rows,), or None
        The rows that may be taken; None stands for all.
    """

    def __init__(self, X, y, model, seed, among=None):
        random = np.random.default_rng(seed)
        self._model, self._seed = model, seed
        if among is not None:
            X, y = X[among], y[among]
        self._real, labels = {}, []
        for code in np.unique(y):
            members = random.permutation(np.flatnonzero(y == code))[:ROWS_PER_CLASS]
            if len(members) >= 2:
                self._real[int(code)] = gaussian_of(X[members])
                labels += [code] * len(members)
        self._labels = np.array(labels, dtype=np.int64)

    def distances(self):
        """Return ``frechet`` and that of each class: infinite for rows that are not finite.

        Without a class of two rows the mean is NaN.
        """
        generated = self._model.sample(self._labels, self._seed)
        if not np.isfinite(generated).all():
            return {"frechet": math.inf}
        classes = {}
        for code, real in self._real.items():
            made = gaussian_of(generated[self._labels == code])
            classes[f"{CLASS_PREFIX}{code}"] = real.distance(made)
        mean = float(np.mean(list(classes.values()))) if classes else math.nan
        return {"frechet": mean, **classes}


def held_out(y, settings, seed):
    """Return which rows only the Fréchet distance sees, a mask; None where nothing asks for it.

    A tenth of each class, from 2 to 50 rows, of classes with 20 rows or more.

    Raises
    ------
    DataError
        If no class is large enough.
    """
    if settings.patience is None:
        return None
    random = np.random.default_rng(derive_seed(seed, "held out"))
    mask = np.zeros(len(y), dtype=bool)
    for code, size in zip(*np.unique(y, return_counts=True), strict=True):
        if size >= SMALLEST_TO_HOLD_OUT_OF:
            members = random.permutation(np.flatnonzero(y == code))
            mask[members[: min(size // 10, ROWS_PER_CLASS)]] = True
    if not mask.any():
        raise DataError(
            f"gan.patience: no class has {SMALLEST_TO_HOLD_OUT_OF} training rows to hold some "
            "out of; stop by updates or epochs"
        )
    return mask
