"""Which ions tell a set of pixels from others."""

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

#: Columns of every ranking.
ION_COLUMNS = [
    "rank",
    "mz",
    "effect",
    "auroc",
    "log2_fold_change",
    "mean_inside",
    "mean_outside",
]

#: Nearest reference pixels that a pixel is compared with.
NEIGHBOURS = 20

#: Pixels of the set and of the reference that are looked at; of more, so many are drawn.
MAX_PIXELS = 20_000

# Ions that vary less in the reference than the one at this percentile count as if they varied so.
_LEAST_SPREAD = 5

# Ions that are sorted at a time: some 10 MB of the reference.
_BLOCK_IONS = 64


def rank_ions(intensity, mz, inside, reference, *, features=None, seed=0):
    """Rank ions by how far a set of pixels differs in them from reference pixels.

    Spectra are divided by their sum, so that brightness does not count, and square roots are
    taken, which bring the noise of ion counts to one size. The effect is the mean difference of
    the set's pixels from their 20 nearest reference pixels: from tissue of their kind, not from
    the average of all tissue.

    Parameters
    ----------
    intensity : (n_pixels, n_peaks) array, non-negative
    mz : (n_peaks,) array
    inside : (n_pixels,) bool, the set
    reference : (n_pixels,) bool, what it is compared with; without pixels of the set
    features : (n_pixels, n_features) array, or None
        Where nearest pixels are looked for, by Euclidean distance; None compares with the mean of
        the reference.
    seed : int
        Where set or reference have more than 20,000 pixels, draws so many of them.

    Returns
    -------
    DataFrame
        One row an ion, the largest effect of either sign first: ``rank`` from 1, ``mz``;
        ``effect`` in standard deviations of the reference, negative where the set has less;
        ``auroc``, the probability that a pixel of the set has more than one of the reference;
        ``mean_inside`` and ``mean_outside``, the mean shares of the spectrum's sum in set and
        reference, and ``log2_fold_change``, of the former over the latter.

    Raises
    ------
    ValueError
        If the set or the reference is empty.

    Notes
    -----
    An ion that the reference all but lacks has no spread there: as in V. G. Tusher et al., PNAS 98,
    5116 (2001), a small percentile of all ions' spreads keeps effects finite.
    """
    if not inside.any() or not reference.any():
        raise ValueError("ions are ranked between two sets of pixels; one is empty")
    rng = np.random.default_rng(seed)
    rows, against = (_some(np.flatnonzero(mask), rng) for mask in (inside, reference))
    weight = _mean_weights(rows, against, features)
    ours, theirs = intensity[rows], intensity[against]
    columns = {name: [] for name in ("difference", "spread", "auroc", "inside", "outside")}
    total, their_total = (X.sum(axis=1, dtype=np.float64)[:, None] for X in (ours, theirs))
    for start in range(0, len(mz), _BLOCK_IONS):
        ions = slice(start, start + _BLOCK_IONS)
        share, their_share = _share(ours[:, ions], total), _share(theirs[:, ions], their_total)
        root, their_root = np.sqrt(share), np.sqrt(their_share)
        columns["difference"].append(root.mean(axis=0) - weight @ their_root)
        columns["spread"].append(their_root.std(axis=0))
        columns["auroc"].append(_auroc(root, their_root))
        columns["inside"].append(share.mean(axis=0))
        columns["outside"].append(their_share.mean(axis=0))
    of = {name: np.concatenate(parts) for name, parts in columns.items()}
    effect = _divided(of["difference"], _spread(of["spread"]))
    with np.errstate(divide="ignore", invalid="ignore"):
        fold_change = np.log2(of["inside"] / of["outside"])
    order = np.argsort(-np.abs(effect), kind="stable")
    figures = (mz, effect, of["auroc"], fold_change, of["inside"], of["outside"])
    ranked = [np.arange(1, len(mz) + 1), *(column[order] for column in figures)]
    return pd.DataFrame(dict(zip(ION_COLUMNS, ranked, strict=True)))


def rank_ions_of_classes(intensity, mz, labels, *, seed=0):
    """Rank the ions of each class against all pixels of other classes, as `rank_ions` does.

    Parameters
    ----------
    intensity : (n_pixels, n_peaks) array
    mz : (n_peaks,) array
    labels : Labels
    seed : int

    Returns
    -------
    DataFrame
        The rankings one below the other; the first column, ``class``, names the class. A class
        without pixels, or without others beside it, has none.
    """
    tables = [pd.DataFrame(columns=["class", *ION_COLUMNS])]
    for k, name in enumerate(labels.names, start=1):
        own, others = labels.label == k, (labels.label > 0) & (labels.label != k)
        if not own.any() or not others.any():
            continue
        table = rank_ions(intensity, mz, own, others, seed=seed)
        table.insert(0, "class", str(name))
        tables.append(table)
    return pd.concat(tables[1:] or tables, ignore_index=True)


def leading_ions(ranking, mz, n_ions=6):
    """Return which peaks lead a ranking, (n_ions,) int.

    Parameters
    ----------
    ranking : DataFrame, as `rank_ions` returns it
    mz : (n_peaks,) array
    n_ions : int
    """
    leading = ranking["mz"].to_numpy()[:n_ions]
    return np.abs(mz[:, None] - leading).argmin(axis=0)


def ion_shares(intensity, columns):
    """Return ions as shares of their spectra's sums, for images.

    Parameters
    ----------
    intensity : (n_pixels, n_peaks) array
    columns : (n_ions,) int array, which peaks

    Returns
    -------
    (n_pixels, n_ions) float64 array; 0 where a spectrum is empty
    """
    total = intensity.sum(axis=1, dtype=np.float64)[:, None]
    return _share(intensity[:, columns], total)


def _some(rows, rng):
    if len(rows) <= MAX_PIXELS:
        return rows
    return np.sort(rng.choice(rows, MAX_PIXELS, replace=False))


def _mean_weights(rows, against, features):
    """Return what each reference pixel counts in the mean that the set is compared with."""
    n = len(against)
    if features is None:
        return np.full(n, 1 / n)
    model = NearestNeighbors(n_neighbors=min(NEIGHBOURS, n)).fit(features[against])
    nearest = model.kneighbors(features[rows], return_distance=False)
    return np.bincount(nearest.ravel(), minlength=n) / nearest.size


def _share(intensity, total):
    return _divided(intensity.astype(np.float64), total)


def _divided(values, by):
    """Divide; nothing by nothing is nothing."""
    return np.divide(values, by, out=np.zeros_like(values), where=by > 0)


def _spread(spread):
    varies = spread > 0
    floor = np.percentile(spread[varies], _LEAST_SPREAD) if varies.any() else 0.0
    return np.maximum(spread, floor)


def _auroc(ours, theirs):
    """Return the share of pairs in which ours is larger, ties by half, for each column."""
    found = np.empty(ours.shape[1])
    # Sorted values are looked up several times as fast.
    pairs = zip(np.sort(ours.T, axis=1), np.sort(theirs.T, axis=1), strict=True)
    for k, (own, reference) in enumerate(pairs):
        below = np.searchsorted(reference, own, "left") + np.searchsorted(reference, own, "right")
        found[k] = below.mean() / (2 * len(reference))
    return found
