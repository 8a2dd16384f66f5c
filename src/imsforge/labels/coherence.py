"""Whether classes are places in the tissue: how often neighbouring pixels share one."""

import logging

import numpy as np

logger = logging.getLogger(__name__)

#: Below this part of the way from chance to all pairs, classes are hardly more than noise.
NEAR_CHANCE = 0.1

WAY_OUT = (
    "Classes may be noise; try labels.transform: sqrt, fewer labels.classes, labels.merge_below, "
    "or labels.minimum_signal."
)


def spatial_coherence(label, x, y, sample):
    """Compare the classes of neighbouring pixels.

    Neighbours lie beside or below each other in the same sample, one step of the coordinates away,
    and both have a class. By chance, two pixels of a sample share a class as often as its classes
    are frequent: the sum of their squared shares, averaged over samples by their pairs.

    Parameters
    ----------
    label : (n_pixels,) int, 0 for no class
    x, y : (n_pixels,) int, pixel coordinates within a sample
    sample : (n_pixels,) int

    Returns
    -------
    dict
        ``pairs``, their number; ``coherence``, the share of them with one class; ``chance``, that
        share by chance; ``above_chance``, (coherence - chance) / (1 - chance), at most 1. None
        where there is nothing to tell it from.
    """
    here, there = _neighbours(label, x, y, sample)
    told = {"pairs": len(here), "coherence": None, "chance": None, "above_chance": None}
    if len(here):
        coherence = float(np.mean(label[here] == label[there]))
        by_chance = [_chance(label[sample == s]) for s in range(sample.max() + 1)]
        chance = float(np.mean(np.take(by_chance, sample[here])))
        told |= {"coherence": coherence, "chance": chance}
        if chance < 1:
            told["above_chance"] = (coherence - chance) / (1 - chance)
    return told


def is_near_chance(told):
    """Return whether classes, as `spatial_coherence` has them, are hardly more than noise."""
    return told["above_chance"] is not None and told["above_chance"] < NEAR_CHANCE


def coherence_sentence(told):
    """Say in a sentence what `spatial_coherence` found; None where there are no neighbours."""
    if not told["pairs"]:
        return None
    return (
        f"Of {told['pairs']:,} pairs of neighbouring pixels {told['coherence']:.1%} share a class; "
        f"by chance {told['chance']:.1%} would."
    )


def report_coherence(told):
    """Log what `spatial_coherence` found, as a warning where classes are hardly more than noise."""
    sentence = coherence_sentence(told)
    if is_near_chance(told):
        logger.warning("%s %s", sentence, WAY_OUT)
    elif sentence:
        logger.info("%s", sentence)


def _neighbours(label, x, y, sample):
    """Return the indices of both pixels of each pair of neighbours that have classes."""
    pixels = np.flatnonzero(label)
    if not len(pixels):
        return pixels, pixels
    x, y, sample = (np.asarray(part, dtype=np.int64)[pixels] for part in (x, y, sample))
    x, y = x - x.min(), y - y.min()
    width, height = x.max() + 2, y.max() + 2  # a gap, so that no step leads into the next row
    place = (sample * height + y) * width + x
    order = np.argsort(place, kind="stable")
    place, pixels = place[order], pixels[order]
    here, there = [], []
    for step in (1, width):
        found = np.searchsorted(place, place + step)
        has = place[np.minimum(found, len(place) - 1)] == place + step
        here.append(pixels[has])
        there.append(pixels[found[has]])
    return np.concatenate(here), np.concatenate(there)


def _chance(label):
    sizes = np.bincount(label)[1:]
    return np.sum((sizes / max(1, sizes.sum())) ** 2)
