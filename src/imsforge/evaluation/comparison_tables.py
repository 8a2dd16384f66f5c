"""What methods earn, as tables for people."""

import numpy as np
import pandas as pd

from imsforge.evaluation.comparison import AVERAGES, LOWER_IS_BETTER

#: How tasks are called in headings.
TASK_TITLES = {
    "oversample": "Oversampling: small classes filled up",
    "replace": "Replacement: all training spectra replaced",
}

#: What a comparison has a table for: heading -> averages.
PARTS = {
    "what changes": list(AVERAGES)[:4],
    "what changes in the probabilities": list(AVERAGES)[4:],
}

#: What to know of a comparison before reading it.
COMPARISON_NOTE = (
    "Mean difference to the real training set as it is (none; when small classes are filled up, "
    "under observed priors) in the same repeat, and its 95 % interval, which allows for the pixels "
    "that repeats share (Nadeau and Bengio 2003). It is over other splits and seeds of the same "
    "section, not over animals; only where each repeat tests a sample that it does not train on, "
    "it is over samples. In percent, when small "
    "classes are filled up, the share of the oracle's gain under the same priors, where that gain "
    "can be told from zero; when all is replaced, the share of the score of real spectra, and "
    "where the oracle's is worse than that, the share of the oracle's. Of log loss and Brier score "
    "less is better; they are told as multiples of those of real spectra."
)


def readable_comparisons(comparison):
    """Lay a comparison of methods out for people.

    Parameters
    ----------
    comparison : DataFrame, as `compare_methods` returns it

    Returns
    -------
    dict of heading to DataFrame of str
        For each task and classifier a table of each of `PARTS`, a row for each class priors and
        method; none where nothing was compared.
    """
    return {
        f"{TASK_TITLES[task]}; judged by {classifier}; {title}": pd.DataFrame(
            [
                {"class priors": priors, "method": method, **_changes(rows, averages)}
                for priors, of_priors in part.groupby("priors", sort=False)
                for method, rows in of_priors.groupby("method", sort=False)
            ]
        )
        for (task, classifier), part in comparison.groupby(["task", "classifier"], sort=False)
        for title, averages in PARTS.items()
    }


def _changes(rows, averages):
    """Return a text for each of some averages of one method."""
    rows = rows.set_index(["class", "metric"])
    return {AVERAGES[average]: format_change(rows.loc[average]) for average in averages}


def format_change(row):
    """Return "+0.10 [+0.02, +0.18], 38 %" for a row of a comparison, as far as it is known.

    Parameters
    ----------
    row : Series named (class, metric), with the other columns of a comparison
    """
    if np.isnan(row["difference"]):
        return "reference"
    text = f"{row['difference']:+.3f}"
    if not np.isnan(row["difference_low"]):
        text += f" [{row['difference_low']:+.3f}, {row['difference_high']:+.3f}]"
    # Of a gain that may as well be none, a share says nothing.
    if not np.isnan(row["gap_closed_low"]):
        return f"{text}, {100 * row['gap_closed']:.0f} %"
    of_real, of_oracle = row["share_of_real"], row["share_of_oracle"]
    if np.isnan(of_real):
        return text
    lower = row.name[1] in LOWER_IS_BETTER
    text += f", {_share(of_real, lower)}"
    # Other real spectra, too, may be worth less than those of the training set.
    oracle_is_worse = of_oracle < of_real if lower else of_oracle > of_real
    if not oracle_is_worse or of_oracle == 1:
        return text
    return f"{text}, {_share(of_oracle, lower)}{' ' if lower else ' of '}the oracle's"


def _share(ratio, lower):
    return f"{ratio:.2f} times" if lower else f"{100 * ratio:.0f} %"
