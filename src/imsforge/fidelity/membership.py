"""Does a generated set give away which spectra its generator was trained on?

Membership inference: an attacker has the generated set, some other real spectra, and a spectrum of
which to tell whether it was trained on. One that was lies nearer to the generated spectra than
others like it, as far as the generator holds on to single spectra.
"""

import numpy as np
from sklearn.metrics import roc_auc_score

from imsforge.fidelity.neighbours import centred, nearest

#: Most training spectra of a class that are asked about; as many others are.
LIMIT = 1000

#: Share of unknown spectra that may be taken for training spectra where hits are counted.
FALSE_ALARMS = 0.01

#: Others that such a share takes: of fewer, the expected share is more, wherever the threshold.
LEAST_OTHERS = round(1 / FALSE_ALARMS) - 1


def attack(train, outside, generated, random):
    """Let an attacker judge training and other spectra of a class by the generated ones.

    ``outside`` is halved. Those of one half are asked about, beside as many training spectra, while
    the attacker knows the other half; then the other way round.

    Parameters
    ----------
    train : (n_train, n_features) array, what the generator learnt from; at least two rows
    outside : (n_outside, n_features) array, at least two rows
        Real spectra from the same places that it did not learn from.
    generated : (n_generated, n_features) array, the set that is given away
    random : numpy.random.Generator

    Returns
    -------
    members, others : (n,) arrays
        How suspicious training spectra and others are; see `suspicion`.

    Notes
    -----
    Where the generated spectra are themselves from outside, as the oracle's are, those of the half
    that is asked about are taken out: they are what is given away, and no others. The attacker
    then knows no spectra beside the rest.
    """
    size = min(len(train), len(outside), LIMIT)
    asked = train[random.permutation(len(train))[:size]]
    outside = outside[random.permutation(len(outside))[: 2 * LIMIT]]
    published = _among(generated, outside).all()
    members, others = [], []
    for half in (0, 1):
        own, unknown, known = asked[half::2], outside[half::2], outside[1 - half :: 2]
        unknown = unknown[: len(own)]
        given = generated[~_among(generated, unknown)] if published else generated
        scores = suspicion(np.vstack([own, unknown]), given, None if published else known)
        members.append(scores[: len(own)])
        others.append(scores[len(own) :])
    return np.concatenate(members), np.concatenate(others)


def suspicion(rows, generated, known):
    """Say how much nearer generated spectra lie than other real ones.

    Real spectra tell how near any spectrum has neighbours: without them, one in the middle of its
    class would be suspected before one at its edge (van Breugel et al. 2023 divide the densities of
    both sets; distances to nearest neighbours take their place here).

    Parameters
    ----------
    rows : (n_rows, n_features) array
    generated : (n_generated, n_features) array
    known : (n_known, n_features) array of real spectra, or None

    Returns
    -------
    (n_rows,) array
        Logarithm of the distance to the nearest known spectrum over that to the nearest generated
        one; of its inverse alone where none is known.
    """
    if not len(generated):  # then there is nothing to tell by
        return np.zeros(len(rows))
    sets = [rows, generated] if known is None else [rows, generated, known]
    rows, *sets, rounding = centred(*sets)
    to_generated, *to_known = (np.log(np.maximum(nearest(s, rows), rounding)) for s in sets)
    return sum(to_known) - to_generated


def membership_auc(members, others):
    """Return the area under the ROC curve of an attack; 0.5 is chance, 1 gives all away."""
    judged = np.concatenate([members, others])
    return roc_auc_score(np.repeat([True, False], [len(members), len(others)]), judged)


def membership_tpr(members, others):
    """Return the share of training spectra that an attack finds with next to no false alarms.

    An attack that is sure of a few spectra is worse than one that guesses at all (Carlini et al.
    2022).

    Parameters
    ----------
    members, others : (n,) arrays, at least `LEAST_OTHERS`

    Returns
    -------
    float
        Of chance alone at most `FALSE_ALARMS`, on average: the threshold leaves as many of the
        others above it as leave that share of new ones.
    """
    allowed = int(FALSE_ALARMS * (len(others) + 1) + 1e-9)
    return float(np.mean(members > np.sort(others)[-allowed]))


def _among(rows, others):
    """Mark the rows that come among others, to the last bit."""
    known = {row.tobytes() for row in others}
    return np.array([row.tobytes() in known for row in rows], dtype=bool)
