"""A function of every block of a measurement, in threads, with a progress bar on a terminal."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from tqdm import tqdm


def stream(measurement, function, description, threads=1, **options):
    """Read a measurement block by block and yield what a function makes of each, in order.

    Results are the same for any number of threads. In memory are at most ``threads + 1`` blocks.

    Parameters
    ----------
    measurement : Measurement
    function : callable
        Of a `Block`; NumPy releases the interpreter while it works, so threads work side by side.
    description : str
        For the progress bar.
    threads : int
    **options
        Go to `Measurement.loaders`.

    Yields
    ------
    rows : slice
        The pixels of the block.
    result
        What the function returned.
    """

    def work(load):
        block = load()
        return block.rows, function(block)

    wanted = options.get("rows")
    total = measurement.n_pixels if wanted is None else len(wanted)
    with tqdm(desc=description, total=total, unit="px", disable=None) as progress:
        for rows, result in _in_order(work, measurement.loaders(**options), threads):
            yield rows, result
            progress.update(rows.stop - rows.start)


def _in_order(work, items, threads):
    if threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        pending = deque()
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) > threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


class ByAxis:
    """Values by m/z axis; equal axes have one value. Iterates over pairs of axis and value."""

    def __init__(self):
        self._pairs = []

    def __iter__(self):
        return iter(self._pairs)

    def setdefault(self, axis, make):
        """Return the value of an axis, which ``make()`` makes when it is asked for first."""
        pairs = self._pairs
        # Blocks of one file share the array, so that values are seldom compared.
        for known, value in pairs:
            if known is axis:
                return value
        for known, value in pairs:
            if np.array_equal(known, axis):
                return value
        value = make()
        pairs.append((axis, value))
        return value
