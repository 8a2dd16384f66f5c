"""What a method earns: differences to the real training set, in pairs over repeats.

A repeat is one split that all methods share, so their scores are compared repeat by repeat. Repeats
share most of their pixels, so that their scores resemble each other more than those of other
measurements would: an interval widens the spread between repeats by as much (Nadeau and Bengio
2003). It is still one of the same section, not of other animals; where each repeat tests a sample
that it does not train on, it is one of samples.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from imsforge.evaluation.scores import ALL_SAMPLES

#: The averages that methods are compared by: class and metric of a score -> name.
AVERAGES = {
    ("macro", "recall"): "macro recall",
    ("macro", "precision"): "macro precision",
    ("weighted", "recall"): "weighted recall",
    ("macro", "f1"): "macro f1",
    ("macro", "average_precision"): "macro average precision",
    ("weighted", "log_loss"): "log loss",
    ("weighted", "brier"): "Brier score",
}

#: The metrics of which less is better.
LOWER_IS_BETTER = ("log_loss", "brier")

#: Columns of ``comparison.csv``.
COMPARISON_COLUMNS = [
    *("task", "classifier", "priors", "class", "metric", "method"),
    *("repeats", "mean", "std"),
    *("difference", "difference_low", "difference_high", "p"),
    *("share_of_real", "share_of_oracle"),
    *("gap_closed", "gap_closed_low", "gap_closed_high"),
]

#: Share of intervals that cover the truth.
CONFIDENCE = 0.95

_REFERENCE, _BEST = "none", "oracle"


@dataclass(frozen=True)
class Resampling:
    """What the repeats of an experiment are to each other.

    Attributes
    ----------
    unit : dict of int to str or int
        Repeat -> what its scores are one of: a sample, where each repeat tests one and trains on
        others; else the repeat itself. Scores of the same unit are averaged, since a sample that
        is tested twice is no second sample.
    test_to_train : float
        Test over training units: samples, or pixels, on average over repeats.
    """

    unit: dict
    test_to_train: float


def resampling_of(repeats):
    """Tell from the rows of repeats what they share.

    Parameters
    ----------
    repeats : list of `imsforge.artifacts.contract.Features`, from the first repeat on

    Returns
    -------
    Resampling
    """
    samples = [(_samples(one, one.test), _samples(one, one.train)) for one in repeats]
    if all(len(tested) == 1 and not tested & trained for tested, trained in samples):
        unit = {repeat: min(tested) for repeat, (tested, _) in enumerate(samples, start=1)}
        return Resampling(unit, float(np.mean([1 / len(trained) for _, trained in samples])))
    shares = [np.sum(one.test) / np.sum(one.train) for one in repeats]
    return Resampling({r: r for r in range(1, len(repeats) + 1)}, float(np.mean(shares)))


def _samples(features, rows):
    """Return the samples that some rows are of; none where nothing is known of samples."""
    return set() if features.sample is None else set(features.sample[rows].tolist())


def compare_methods(scores, resampling):
    """Compare each method with the real training set alone, and with real spectra added to it.

    Parameters
    ----------
    scores : DataFrame with the columns of ``scores.csv``, of one experiment
    resampling : Resampling

    Returns
    -------
    DataFrame with `COMPARISON_COLUMNS`
        One row for each task, classifier, class priors, average and method; none without the
        method ``none``. ``repeats`` counts the units that scores are averaged over. ``difference``
        is to ``none`` in the same unit; with the task ``oversample`` to ``none`` under observed
        priors, whichever the row's own are, so that what a changed prior does shows too.
        ``share_of_real`` and ``share_of_oracle``, for the task ``replace``, are the ratios of the
        mean to those of ``none`` and of the ``oracle``; where less is better, more than 1 is
        worse. ``gap_closed``, for the task ``oversample``, is the share of the distance from that
        ``none`` to the ``oracle`` under the row's priors. What cannot be told is missing.
    """
    kept = scores[scores["sample"] == ALL_SAMPLES]
    courses = {
        key: part.groupby(part["repeat"].map(resampling.unit))["value"].mean()
        for key, part in kept.groupby(
            ["task", "classifier", "priors", "class", "metric", "method"], sort=False
        )
        if key[3:5] in AVERAGES
    }
    rows = [
        {
            **dict(zip(COMPARISON_COLUMNS, key, strict=False)),
            **_compared(key, courses, resampling.test_to_train),
        }
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


def _compared(key, courses, test_to_train):
    """Compare one course of scores over repeats with its reference."""
    reference = _reference_of(key, courses)
    best = (*key[:-1], _BEST)
    course, real = courses[key], courses[reference]
    compared = {"repeats": len(course), "mean": course.mean(), "std": course.std()}
    if key[0] == "replace":
        compared["share_of_real"] = course.mean() / real.mean()
        if best in courses:
            compared["share_of_oracle"] = course.mean() / courses[best].mean()
    if key == reference:
        return compared
    gain = (course - real).dropna().to_numpy()
    names = ("difference", "difference_low", "difference_high", "p")
    compared |= dict(zip(names, mean_difference(gain, test_to_train), strict=True))
    if key[0] == "oversample" and best in courses:
        pairs = pd.concat([course - real, courses[best] - real], axis=1).dropna().to_numpy()
        pairs = -pairs if key[4] in LOWER_IS_BETTER else pairs
        names = ("gap_closed", "gap_closed_low", "gap_closed_high")
        compared |= dict(zip(names, share_of_gain(*pairs.T, test_to_train), strict=True))
    return compared


def _variance_factor(n_repeats, test_to_train):
    """Return the variance of a mean over repeats, over the variance between repeats.

    Repeats that draw test and training rows from the same data correlate by about the share of
    data that tests, which adds test / train to the 1/n of independent ones (Nadeau and Bengio 2003,
    the corrected resampled t test; for the folds of a cross-validation, such as samples that are
    left out in turn, Bouckaert and Frank 2004).
    """
    return 1 / n_repeats + test_to_train


def mean_difference(differences, test_to_train):
    """Estimate the mean of paired differences by the corrected resampled t test.

    Parameters
    ----------
    differences : (n_repeats,) array
    test_to_train : float, test over training rows; 0 for repeats on data of their own

    Returns
    -------
    mean, low, high, p : float
        The interval at `CONFIDENCE`, and the two-sided p of a mean of zero; all three NaN where
        the differences have no spread to tell them from, as with one repeat.
    """
    # Equal differences of scores differ by rounding.
    if len(differences) < 2 or np.ptp(differences) < 1e-12:
        return differences.mean(), np.nan, np.nan, np.nan
    mean, n = differences.mean(), len(differences)
    error = np.sqrt(_variance_factor(n, test_to_train)) * differences.std(ddof=1)
    low, high = stats.t.interval(CONFIDENCE, n - 1, loc=mean, scale=error)
    return mean, low, high, 2 * stats.t.sf(abs(mean) / error, n - 1)


def share_of_gain(gain, possible, test_to_train):
    """Estimate which share of a possible gain is gained, as a ratio of means, after Fieller.

    The interval holds every ratio ``r`` for which `mean_difference` does not tell the mean of
    ``gain - r * possible`` from zero (Fieller 1954); unlike intervals from the ratios of single
    repeats, it stays true where the possible gain is small.

    Parameters
    ----------
    gain, possible : (n_repeats,) arrays, of the same repeats
    test_to_train : float, as in `mean_difference`

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
    (a, b), (_, c) = t**2 * _variance_factor(n, test_to_train) * np.cov(gain, possible)
    # The bounds are the roots of (top - r bottom)^2 = t^2 var(mean of gain - r possible), a
    # quadratic equation in r.
    square, half, constant = bottom**2 - c, top * bottom - b, top**2 - a
    if square <= 0:
        return share, np.nan, np.nan
    root = np.sqrt(max(half**2 - square * constant, 0.0))
    return share, (half - root) / square, (half + root) / square
