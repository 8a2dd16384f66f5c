"""What belongs to an m/z axis, kept by axis: blocks of several files may have several."""

import numpy as np


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
