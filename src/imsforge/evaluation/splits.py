"""Training and test pixels: at random, or by spatial blocks."""

import logging

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from imsforge.errors import DataError

logger = logging.getLogger(__name__)


def select_classes(label, names, classes="all"):
    """Return the labels of the classes that an experiment uses.

    Parameters
    ----------
    label : (n_pixels,) int array, 0 for pixels without a class
    names : (n_classes,) str array
    classes : "all", ``{"largest": n}`` or a list of class names

    Returns
    -------
    list of int, ascending

    Raises
    ------
    DataError
        If a named class does not exist, or fewer classes exist than are asked for.
    """
    sizes = np.bincount(label, minlength=len(names) + 1)[1:]
    present = np.flatnonzero(sizes) + 1
    if classes == "all":
        return [int(k) for k in present]
    if isinstance(classes, dict):
        n = classes["largest"]
        if n > len(present):
            raise DataError(f"classes.largest: {n} asked for, but there are {len(present)} classes")
        largest = np.argsort(-sizes, kind="stable")[:n] + 1
        return sorted(int(k) for k in largest)
    code = {name: k for k, name in enumerate(names, start=1)}
    unknown = [str(name) for name in classes if str(name) not in code]
    if unknown:
        raise DataError(f"classes: no class '{unknown[0]}'; known: {', '.join(code)}")
    return sorted(code[str(name)] for name in classes)


def split_pixels(
    label,
    x,
    y,
    *,
    classes,
    names,
    method="random",
    block_size=16,
    test_share=0.2,
    max_train=5000,
    minimum_class_size=20,
    small_classes="fail",
    seed=0,
):
    """Split the pixels of the chosen classes into training and test pixels.

    At least ``test_share`` of each class tests, and at most ``max_train`` pixels of it train. In
    a random split the surplus tests too; with blocks it is left out, since it neighbours training
    pixels.

    Parameters
    ----------
    label, x, y : (n_pixels,) int arrays
    classes : list of int
    names : (n_classes,) str array, for messages
    method : {"random", "blocks"}
    block_size : int, edge of a block in pixels
    test_share : float
    max_train, minimum_class_size : int, pixels
    small_classes : {"fail", "drop"}
        What to do with a class below ``minimum_class_size``.
    seed : int

    Returns
    -------
    train, test : (n,) int64 arrays, ascending

    Raises
    ------
    DataError
        If a class is too small, or falls on one side of a block split only.
    """
    random = np.random.default_rng(seed)
    classes = _large_enough(label, classes, names, minimum_class_size, small_classes)
    if method == "random":
        train, test = _random_split(label, classes, test_share, max_train, random)
    else:
        train, test = _block_split(label, x, y, classes, block_size, test_share, random)
        train = _cap(label, train, classes, max_train, random)
    for k in classes:
        for side, rows in {"training": train, "test": test}.items():
            if not np.any(label[rows] == k):
                raise DataError(
                    f"class '{names[k - 1]}' has no {side} pixels; lower split.block_size "
                    f"({block_size}), use split.method: random, or leave the class out by `classes`"
                )
    logger.info(
        "%s split: %d training and %d test pixels of %d classes",
        method,
        len(train),
        len(test),
        len(classes),
    )
    return np.sort(train), np.sort(test)


def _large_enough(label, classes, names, minimum, policy):
    sizes = {k: int(np.sum(label == k)) for k in classes}
    small = [k for k in classes if sizes[k] < minimum]
    listed = ", ".join(f"'{names[k - 1]}' (size {sizes[k]})" for k in small)
    if small and policy == "fail":
        raise DataError(
            f"class {listed} is below split.minimum_class_size ({minimum} pixels); set "
            "split.small_classes: drop to leave it out, or name the classes to use"
        )
    if small:
        logger.warning("left out, below %d pixels: class %s", minimum, listed)
    kept = [k for k in classes if k not in small]
    if len(kept) < 2:
        raise DataError(f"{len(kept)} class(es) have at least {minimum} pixels; two are needed")
    return kept


def _random_split(label, classes, test_share, max_train, random):
    train, test = [], []
    for k in classes:
        rows = random.permutation(np.flatnonzero(label == k))
        n_train = min(int((1 - test_share) * len(rows)), max_train, len(rows) - 1)
        train.append(rows[:n_train])
        test.append(rows[n_train:])
    return np.concatenate(train), np.concatenate(test)


def _block_split(label, x, y, classes, block_size, test_share, random):
    rows = np.flatnonzero(np.isin(label, classes))
    # A random origin moves the grid of blocks from repeat to repeat.
    origin = random.integers(block_size, size=2)
    columns = (x[rows] - x[rows].min() + origin[0]) // block_size
    lines = (y[rows] - y[rows].min() + origin[1]) // block_size
    blocks = lines.astype(np.int64) * (columns.max() + 1) + columns
    n_folds = max(2, int(1 / test_share))
    if len(np.unique(blocks)) < n_folds:
        raise DataError(
            f"split.block_size: {block_size} gives {len(np.unique(blocks))} blocks, fewer than the "
            f"{n_folds} that a test share of {test_share:g} needs; choose a smaller size"
        )
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=int(random.integers(2**31)))
    train, test = next(folds.split(rows, label[rows], groups=blocks))
    return rows[train], rows[test]


def _cap(label, rows, classes, max_train, random):
    kept = [random.permutation(rows[label[rows] == k])[:max_train] for k in classes]
    return np.concatenate(kept)
