"""Painting given classes onto pixels, one layer over the other."""

import logging
import re
from dataclasses import dataclass

import numpy as np

from imsforge.artifacts.contract import Labels
from imsforge.errors import DataError

logger = logging.getLogger(__name__)

#: More different values than this are no classes.
MAX_CLASSES = 1000

# With a smaller share of its places measured, a layer probably belongs elsewhere.
_LITTLE = 0.2
_NO_CLASS = {"", "0", "nan", "NaN", "NA", "None", "False", "#000000"}


@dataclass(frozen=True)
class Placed:
    """What a layer says about pixels.

    Attributes
    ----------
    code : (n_pixels,) int array, index into ``keys``; -1 where the layer says nothing
    keys : list of tuple of str, the texts that name each value of the layer; the first is shown
    extent : (n_keys,) array, what each value covers, in pixels of the measurement, measured or not
    """

    code: np.ndarray
    keys: list
    extent: np.ndarray


class Canvas:
    """The classes of pixels, painted layer by layer.

    Parameters
    ----------
    n_pixels : int
    names : dict of str, or None
        The classes by value, colour or name in the layers; anything else means no class. None
        takes every value for a class of its own.
    background : list or None
        Values, colours or names that mean no class; None for those that usually do: 0 and
        negative numbers, black, NaN, NA, False, the empty text.
    """

    def __init__(self, n_pixels, names=None, background=None):
        self._names = {_key(value): str(name) for value, name in (names or {}).items()}
        self._background = None if background is None else {_key(value) for value in background}
        self._painted = np.zeros(n_pixels, dtype=np.int32)
        self._classes = {}
        self._seen = set()

    def class_of(self, keys):
        """Return the class that a value means, by the texts that name it; None for no class."""
        self._seen.update(keys)
        if self._names:
            return next((self._names[key] for key in keys if key in self._names), None)
        if self._background is not None:
            return None if self._background.intersection(keys) else keys[0]
        negative = keys[0][:1] == "-" and keys[0][1:].isdigit()
        return None if negative or _NO_CLASS.intersection(keys) else keys[0]

    def paint(self, rows, placed, source, name=None):
        """Give pixels the classes of a layer, over those that they have.

        Parameters
        ----------
        rows : (n,) int array or slice, the pixels that ``placed`` is about
        placed : Placed
        source : str, for messages
        name : str or None
            The one class of the layer; None where its values are classes.
        """
        classes = [self.class_of(keys) for keys in placed.keys]
        if name is not None:
            classes = [None if given is None else name for given in classes]
        codes = np.zeros(len(classes) + 1, dtype=np.int32)  # the last for code -1, no value
        for k, given in enumerate(classes):
            if given is not None:
                codes[k] = self._classes.setdefault(given, len(self._classes) + 1)
        code, before = codes[placed.code], self._painted[rows]
        self._painted[rows] = np.where(code > 0, code, before)
        self._tell_index_zero(placed.keys, classes, source)
        overlap = np.count_nonzero((before > 0) & (code > 0) & (before != code))
        measured, extent = np.count_nonzero(code), placed.extent[codes[:-1] > 0].sum()
        logger.info("%s: %d pixels get a class, %d of them had another", source, measured, overlap)
        if measured < _LITTLE * extent:
            logger.warning(
                "%s: its classes cover about %d pixels, but only %d were measured there; "
                "is it of this measurement, and do the coordinates fit?",
                *(source, extent, measured),
            )

    def labels(self, source):
        """Return the finished `Labels`.

        Raises
        ------
        DataError
            If a name of ``names`` stands for nothing, or there are fewer than two classes, or
            more than `MAX_CLASSES`.
        """
        unknown = sorted(set(self._names) - self._seen)
        if unknown:
            known = ", ".join(sorted(self._seen, key=_natural)[:20])
            raise DataError(f"labels.names: '{unknown[0]}' is not in {source}, which has {known}")
        sizes = np.bincount(self._painted, minlength=len(self._classes) + 1)
        classes = sorted(self._classes, key=self._rank)
        present = [name for name in classes if sizes[self._classes[name]]]
        missing = [name for name in classes if not sizes[self._classes[name]]]
        if missing:
            logger.warning("no measured pixel is of class %s; left out", ", ".join(missing))
        if not 2 <= len(present) <= MAX_CLASSES:
            shown = f" ({present[0]})" if len(present) == 1 else ""
            raise DataError(
                f"{source}: {len(present)} class(es) of measured pixels{shown}; 2 to "
                f"{MAX_CLASSES} are needed"
            )
        final = np.zeros(len(classes) + 1, dtype=np.int16)
        final[[self._classes[name] for name in present]] = np.arange(1, len(present) + 1)
        label = final[self._painted]
        logger.info("%d of %d pixels have a class", np.count_nonzero(label), len(label))
        return Labels(label, np.array(present))

    def _rank(self, name):
        return list(self._names.values()).index(name) if self._names else _natural(name)

    def _tell_index_zero(self, keys, classes, source):
        """Say so where index 0 of a palette means no class, though it is drawn in a colour."""
        if self._names or self._background is not None:
            return
        for names, given in zip(keys, classes, strict=True):
            if given is None and names[0] == "0" and names[-1] not in ("0", "#000000", "#ffffff"):
                logger.warning(
                    "%s: index 0, drawn in %s, means no class; labels.background can say otherwise",
                    *(source, names[-1]),
                )


def _key(value):
    """Return the text by which a value of the configuration is found."""
    text = str(value).strip()
    if not text.startswith("#"):
        return text
    digits = text[1:].lower()
    return "#" + ("".join(2 * digit for digit in digits) if len(digits) == 3 else digits)


def _natural(name):
    """Order numbers by value, before texts."""
    number = re.fullmatch(r"-?\d+(\.\d+)?", name)
    return (0, float(name), name) if number else (1, 0.0, name)
