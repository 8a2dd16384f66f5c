"""One seed in the configuration, independent streams everywhere else."""

import zlib

import numpy as np


def derive_seed(seed, *keys):
    """Return a 32-bit seed for one purpose, independent of the seeds of all other purposes.

    Parameters
    ----------
    seed : int
        The seed of the study.
    *keys : str or int
        What the seed is for, for example ``"split", repeat``.

    Returns
    -------
    int
        The same for the same arguments on every machine and in every process.
    """
    spawn_key = tuple(zlib.crc32(str(key).encode()) for key in keys)
    return int(np.random.SeedSequence(seed, spawn_key=spawn_key).generate_state(1)[0])
