"""What a method earns: differences to the real training set, in pairs over repeats.

A repeat is one split that all methods share, so their scores are compared repeat by repeat. An
interval is over repeats: other splits and seeds of the same section, not other animals.
"""

import numpy as np
import pandas as pd
from scipy import stats

from imsforge.evaluation.scores import ALL_SAMPLES

#: The averages that methods are compared by: class and metric of a score.
AVERAGES = (
    ("macro", "recall"),
    ("macro", "precision"),
    ("weighted", "recall"),
    ("macro", "f1"),
)

#: Columns of ``comparison.csv``.
COMPARISON_COLUMNS = [
    *("task", "classifier", "priors", "class", "metric", "method"),
    *("repeats", "mean", "std"),
    *("difference", "difference_low", "difference_high", "p"),
    "share_of_real",
    *("gap_closed", "gap_closed_low", "gap_closed_high"),
]

#: Share of intervals that cover the truth.
CONFIDENCE = 0.95

_REFERENCE, _BEST = "none", "oracle"


def compare_methods(scores):
    """Compare each method with the real training set alone, and with real spectra added to it.

    Parameters
    ----------
    scores : DataFrame with the columns of ``scores.csv``, of one experiment

    Returns
    -------
    DataFrame with `COMPARISON_COLUMNS`
        One row for each task, classifier, class priors, average and method; none without the
        method ``none``. ``difference`` is to ``none`` in the same repeat; with the task
        ``oversample`` to ``none`` under observed priors, whichever the row's own are, so that what
        a changed prior does shows as a difference too. ``share_of_real``, for the task ``replace``,
        is the ratio of both means. ``gap_closed``, for the task ``oversample``, is the share of the
        distance from that ``none`` to the ``oracle`` under the row's priors. What cannot be told is
        missing.
    """
    kept = scores[scores["sample"] == ALL_SAMPLES]
    courses = {
        key: part.set_index("repeat")["value"]
        for key, part in kept.groupby(
            ["task", "classifier", "priors", "class", "metric", "method"], sort=False
        )
        if key[3:5] in AVERAGES
    }
    rows = [
        {**dict(zip(COMPARISON_COLUMNS, key, strict=False)), **_compared(key, courses)}
        for key in courses
        if _reference_of(key, courses) in courses
    ]
    return pd.DataFrame(rows, columns=COMPARISON_COLUMNS)


def _reference_of(key, courses):
    """Return the key of the scores that a method's are compared with."""
    task, classifier, priors, class_, metric, _ = key
    observed = (task, classifier, "observed", class_, metric, _REFERENCE)
    own = (task, classifier, priors, class_, metric, _REFERENCE)
    return observed if task == "oversample" and observed in courses else own


def _compared(key, courses):
    """Compare one course of scores over repeats with its reference."""
    reference = _reference_of(key, courses)
    best = (*key[:-1], _BEST)
    course, real = courses[key], courses[reference]
    compared = {"repeats": len(course), "mean": course.mean(), "std": course.std()}
    if key[0] == "replace":
        compared["share_of_real"] = course.mean() / real.mean()
    if key == reference:
        return compared
    gain = (course - real).dropna().to_numpy()
    names = ("difference", "difference_low", "difference_high", "p")
    compared |= dict(zip(names, mean_difference(gain), strict=True))
    if key[0] == "oversample" and best in courses:
        pairs = pd.concat([course - real, courses[best] - real], axis=1).dropna().to_numpy()
        names = ("gap_closed", "gap_closed_low", "gap_closed_high")
        compared |= dict(zip(names, share_of_gain(*pairs.T), strict=True))
    return compared


def mean_difference(differences):
    """Estimate the mean of paired differences by Student's t.

    Parameters
    ----------
    differences : (n_repeats,) array

    Returns
    -------
    mean, low, high, p : float
        The interval at `CONFIDENCE`, and the two-sided p of a mean of zero; all three NaN where
        the differences have no spread to tell them from, as with one repeat.
    """
    # Equal differences of scores differ by rounding.
    if len(differences) < 2 or np.ptp(differences) < 1e-12:
        return differences.mean(), np.nan, np.nan, np.nan
    test = stats.ttest_1samp(differences, 0.0)
    return differences.mean(), *test.confidence_interval(CONFIDENCE), test.pvalue


def share_of_gain(gain, possible):
    """Estimate which share of a possible gain is gained, as a ratio of means, after Fieller.

    The interval holds every ratio ``r`` for which a paired t test does not tell the mean of
    ``gain - r * possible`` from zero (Fieller 1954); unlike intervals from the ratios of single
    repeats, it stays true where the possible gain is small.

    Parameters
    ----------
    gain, possible : (n_repeats,) arrays, of the same repeats

    Returns
    -------
    share, low, high : float
        All NaN where nothing can be gained; the interval alone is NaN where it has no bounds, since
        the possible gain cannot be told from zero.
    """
    top, bottom = gain.mean(), possible.mean()
    if not bottom > 0:
        return np.nan, np.nan, np.nan
    share, n = top / bottom, len(gain)
    if n < 2:
        return share, np.nan, np.nan
    t = stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)
    (a, b), (_, c) = t**2 * np.cov(gain, possible) / n
    # The bounds are the roots of (top - r bottom)^2 = t^2 var(mean of gain - r possible), a
    # quadratic equation in r.
    square, half, constant = bottom**2 - c, top * bottom - b, top**2 - a
    if square <= 0:
        return share, np.nan, np.nan
    root = np.sqrt(max(half**2 - square * constant, 0.0))
    return share, (half - root) / square, (half + root) / square
