"""Small classes go to the classes they are most like."""

import logging

import numpy as np

logger = logging.getLogger(__name__)


def merge_small(labels, components, minimum):
    """Merge each class with too few pixels into the class whose component is nearest in angle.

    The smallest class goes first; what it joins grows, and may so be large enough itself.

    Parameters
    ----------
    labels : (n,) int array, 0 to n_classes - 1
    components : (n_classes, m) array, the spectrum that stands for a class
    minimum : int, pixels that a class has at least

    Returns
    -------
    labels : (n,) int array, numbered anew without gaps, in the old order
    """
    lengths = np.linalg.norm(components, axis=1, keepdims=True)
    similarity = (components / lengths) @ (components / lengths).T
    np.fill_diagonal(similarity, -np.inf)
    sizes = np.bincount(labels, minlength=len(components))
    joins = np.arange(len(components))
    alive = np.ones(len(components), dtype=bool)
    while alive.sum() > 1:
        small = np.where(alive, sizes, np.iinfo(sizes.dtype).max).argmin()
        if sizes[small] >= minimum:
            break
        nearest = np.where(alive, similarity[small], -np.inf).argmax()
        joins[joins == small] = nearest
        sizes[nearest] += sizes[small]
        alive[small] = False
    if not alive.all():
        logger.warning(
            "%d classes below %d pixels were merged with others; %d are left",
            *(np.sum(~alive), minimum, alive.sum()),
        )
    return (np.cumsum(alive) - 1)[joins[labels]]
