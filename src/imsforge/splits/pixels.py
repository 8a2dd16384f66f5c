"""Training, test and reserved pixels: at random, by spatial blocks, or by samples."""

import logging

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from imsforge.errors import DataError

logger = logging.getLogger(__name__)

#: Key of `max_train` that stands for the classes that it does not name.
OTHERS = "others"

_MAX_TRAIN = 5000

#: What tables call summaries of classes, and all samples: no class or sample can be told from them.
SUMMARIES, WHOLE = ("macro", "weighted", "all"), "all"


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
    sample=None,
    *,
    classes,
    names,
    samples=("1",),
    method="random",
    block_size=16,
    test_share=0.2,
    reserve_share=0,
    max_train=_MAX_TRAIN,
    minimum_class_size=20,
    small_classes="fail",
    repeat=1,
    seed=0,
):
    """Split the pixels of the chosen classes into training, test and reserved pixels.

    With "random" and "blocks" at least ``test_share`` of each class tests; with "samples" all of
    one sample does. Of the others, ``reserve_share`` is held back: real spectra that nothing is
    fitted on, so that they can stand for what a true generator would make. At most ``max_train``
    pixels of a class train. In a random split the surplus tests too; otherwise it is left out,
    since it neighbours training pixels.

    Parameters
    ----------
    label, x, y : (n_pixels,) int arrays
    sample : (n_pixels,) int array, index into ``samples``, or None for one sample
        Coordinates count within a sample.
    classes : list of int
    names : (n_classes,) str array, for messages
    samples : sequence of str
    method : {"random", "blocks", "samples"}
        "samples" leaves one sample out: repeat r tests sample ``(r - 1) % n_samples`` and trains
        on the others, so that with as many repeats as samples each tests once.
    block_size : int, edge of a block in pixels
    test_share : float
    reserve_share : float
        Share of each class; with "blocks" and "samples", of its pixels that do not test. Where it
        is not zero, a class has a reserved pixel at least, unless it has no other to train on.
    max_train : int, or dict of class name to int, pixels
        In a dictionary ``"others"`` is for the classes that are not named; 5000 if left out.
    minimum_class_size : int, pixels
    small_classes : {"fail", "drop"}
        What to do with a class below ``minimum_class_size``; with "samples" its pixels outside the
        test sample count, since only these can train.
    repeat : int, from 1
    seed : int

    Returns
    -------
    train, test, reserve : (n,) int64 arrays, ascending
        Every class has training pixels. With "samples" a class may have no test pixels.

    Raises
    ------
    DataError
        If labels and pixels do not fit; if ``max_train`` names an unknown class; if a class is too
        small, has a name that stands for all classes, or lies in too few blocks; with "samples" if
        there is one sample, or the test sample has no pixel of the classes.
    """
    if len(label) != len(x):
        raise DataError(
            f"{len(label)} labels, but {len(x)} pixels: the labels are of another measurement; "
            "run the workflow with --forcerun label"
        )
    caps = _caps(max_train, names)
    random = np.random.default_rng(seed)
    sample = np.zeros(len(label), dtype=np.int16) if sample is None else sample
    inside, where = np.zeros(len(label), dtype=bool), ""
    if method == "samples":
        held_out = _held_out(samples, repeat)
        inside = sample == held_out
        where = f" outside sample '{samples[held_out]}', which repeat {repeat} tests"
    _check_titles(classes, names, samples)
    trainable = label[~inside]
    classes = _large_enough(trainable, classes, names, minimum_class_size, small_classes, where)
    if method == "random":
        train, test, reserve = _random_split(
            label, classes, test_share, reserve_share, caps, random
        )
    elif method == "blocks":
        train, test = _block_split(
            label, x, y, sample, classes, names, block_size, test_share, random
        )
        train, reserve = _hold_back(label, train, classes, reserve_share, caps, random)
    else:
        train, test = _sample_split(label, inside, classes, names, samples[held_out])
        train, reserve = _hold_back(label, train, classes, reserve_share, caps, random)
    logger.info(
        "%s split: %d training, %d test and %d reserved pixels of %d classes",
        method,
        len(train),
        len(test),
        len(reserve),
        len(classes),
    )
    return np.sort(train), np.sort(test), np.sort(reserve)


def _check_titles(classes, names, samples):
    """Make sure that no class or sample is called what stands for all of them in tables."""
    for name in (str(names[k - 1]) for k in classes):
        if name in SUMMARIES:
            raise DataError(
                f"a class is called '{name}', which stands for a summary of the classes in every "
                "table; give it another name in the labels (labels.names), or leave it out by "
                "`classes`"
            )
    if len(samples) > 1 and WHOLE in map(str, samples):
        raise DataError(
            f"a sample is called '{WHOLE}', which stands for all samples in every table; give its "
            "file another name"
        )


def _caps(max_train, names):
    """Return the most training pixels of each class, by label."""
    named = max_train if isinstance(max_train, dict) else {OTHERS: max_train}
    named = {str(name): n for name, n in named.items()}
    unknown = sorted(set(named) - {OTHERS, *map(str, names)})
    if unknown:
        raise DataError(
            f"split.max_train: no class '{unknown[0]}'; known: {', '.join(names)} and {OTHERS}"
        )
    others = named.get(OTHERS, _MAX_TRAIN)
    return {k: named.get(str(name), others) for k, name in enumerate(names, start=1)}


def _large_enough(label, classes, names, minimum, policy, where=""):
    sizes = {k: int(np.sum(label == k)) for k in classes}
    small = [k for k in classes if sizes[k] < minimum]
    listed = ", ".join(f"'{names[k - 1]}' (size {sizes[k]})" for k in small)
    if small and policy == "fail":
        raise DataError(
            f"class {listed} is below split.minimum_class_size ({minimum} pixels){where}; set "
            "split.small_classes: drop to leave it out, or name the classes to use"
        )
    if small:
        logger.warning("left out, below %d pixels%s: class %s", minimum, where, listed)
    kept = [k for k in classes if k not in small]
    if len(kept) < 2:
        raise DataError(
            f"{len(kept)} class(es) have at least {minimum} pixels{where}; two are needed"
        )
    return kept


def _random_split(label, classes, test_share, reserve_share, caps, random):
    train, test, reserve = [], [], []
    for k in classes:
        rows = random.permutation(np.flatnonzero(label == k))
        n_reserve = _n_reserved(reserve_share, len(rows), least_left=2)
        first_reserved = len(rows) - n_reserve
        n_train = max(1, int((1 - test_share) * len(rows)) - n_reserve)
        n_train = min(n_train, caps[k], first_reserved - 1)
        train.append(rows[:n_train])
        test.append(rows[n_train:first_reserved])
        reserve.append(rows[first_reserved:])
    return np.concatenate(train), np.concatenate(test), np.concatenate(reserve)


def _n_reserved(share, n, least_left):
    """Return how many of ``n`` rows are held back: one at least, where enough are left."""
    return min(max(1, round(share * n)), n - least_left) if share else 0


def _block_split(label, x, y, sample, classes, names, block_size, test_share, random):
    """Let whole blocks test, so that at least ``test_share`` of each class does."""
    rows = np.flatnonzero(np.isin(label, classes))
    blocks = _blocks(x[rows], y[rows], sample[rows], block_size, random)
    # The smaller side is one of the folds.
    inverse = 1 / min(test_share, 1 - test_share)
    n_folds = max(2, int(inverse + 1e-9) if test_share <= 0.5 else int(np.ceil(inverse - 1e-9)))
    if len(np.unique(blocks)) < n_folds:
        raise DataError(
            f"split.block_size: {block_size} gives {len(np.unique(blocks))} blocks, fewer than the "
            f"{n_folds} that a test share of {test_share:g} needs; choose a smaller size"
        )
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=int(random.integers(2**31)))
    counts, number = _counts_by_block(blocks, label[rows], classes)
    lacking = []
    for others, fold in folds.split(rows, label[rows], groups=blocks):
        tests = np.zeros(len(counts), dtype=bool)
        tests[number[fold if test_share <= 0.5 else others]] = True
        short = _top_up(tests, counts, test_share)
        if short is None:
            return rows[~tests[number]], rows[tests[number]]
        lacking.append(short)
    raise DataError(
        f"class '{names[classes[lacking[0]] - 1]}' lies in too few blocks for {test_share:g} of it "
        f"to test and others to train; lower split.block_size ({block_size}) or split.test_share, "
        "use split.method: random, or leave the class out by `classes`"
    )


def _counts_by_block(blocks, label, classes):
    """Return the pixels of each class in each block, (n_blocks, n_classes), and pixels' blocks."""
    _, number = np.unique(blocks, return_inverse=True)
    counts = np.zeros((number.max() + 1, len(classes)), dtype=int)
    np.add.at(counts, (number, np.searchsorted(classes, label)), 1)
    return counts, number


def _top_up(tests, counts, test_share):
    """Let more blocks test, in place, until ``test_share`` of each class does.

    Stratified folds keep to shares on average over classes, and a small class may all but miss one.
    The blocks taken are those that bring a class what it lacks with the fewest pixels of others.

    Parameters
    ----------
    tests : (n_blocks,) bool array
    counts : (n_blocks, n_classes) int array, pixels
    test_share : float

    Returns
    -------
    int or None
        The class, by column, that no block can be added for without taking the last training pixels
        of one; None where every class tests and trains.
    """
    sizes = counts.sum(axis=0)
    while True:
        tested = counts[tests].sum(axis=0)
        untrained = np.flatnonzero(tested == sizes)
        if len(untrained):
            return untrained[0]
        lacking = np.maximum(test_share * sizes - 1e-9 - tested, 0)
        if not lacking.any():
            return None
        short = np.argmax(lacking / sizes)
        free = ~tests & (counts[:, short] > 0) & (tested + counts < sizes).all(axis=1)
        if not free.any():
            return short
        use = np.minimum(counts, lacking).sum(axis=1) / np.maximum(counts.sum(axis=1), 1)
        tests[np.argmax(np.where(free, use, -1))] = True


def _blocks(x, y, sample, block_size, random):
    """Number the block of each pixel; no block spans two samples."""
    # A random origin moves the grid of blocks from repeat to repeat.
    origin = random.integers(block_size, size=2)
    column, line = np.empty_like(x), np.empty_like(y)
    for k in np.unique(sample):
        own = sample == k
        column[own] = (x[own] - x[own].min() + origin[0]) // block_size
        line[own] = (y[own] - y[own].min() + origin[1]) // block_size
    grid = (int(sample.max()) + 1, int(line.max()) + 1, int(column.max()) + 1)
    return np.ravel_multi_index((sample, line, column), grid)


def _held_out(samples, repeat):
    """Return the sample that a repeat tests; every sample has its turn."""
    if len(samples) < 2:
        raise DataError(
            "split.method: samples leaves one sample out, but the dataset has one; use blocks, "
            "or give the dataset several files"
        )
    return (repeat - 1) % len(samples)


def _sample_split(label, inside, classes, names, title):
    """Test the pixels inside a sample, and train on those of the others.

    A class that the sample lacks trains all the same: a classifier has to tell it apart, too.
    """
    used = np.isin(label, classes)
    test = np.flatnonzero(used & inside)
    logger.info("sample '%s' tests", title)
    absent = [f"'{names[k - 1]}'" for k in classes if not np.any(label[test] == k)]
    if len(absent) == len(classes):
        raise DataError(
            f"sample '{title}' is to test, but has no pixel of the classes that the others train; "
            "leave its file out, or use split.method: blocks"
        )
    if absent:
        logger.warning(
            "sample '%s' has no pixels of class %s: trained on, but not scored in this repeat",
            title,
            ", ".join(absent),
        )
    return np.flatnonzero(used & ~inside), test


def _hold_back(label, rows, classes, reserve_share, caps, random):
    """Hold back a share of each class, and return at most so many others as may train."""
    train, reserve = [], []
    for k in classes:
        own = random.permutation(rows[label[rows] == k])
        first_reserved = len(own) - _n_reserved(reserve_share, len(own), least_left=1)
        train.append(own[: min(caps[k], first_reserved)])
        reserve.append(own[first_reserved:])
    return np.concatenate(train), np.concatenate(reserve)
