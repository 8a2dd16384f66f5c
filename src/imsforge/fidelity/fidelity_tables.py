"""Fidelity of many repeats as a table for people, and what its columns mean."""

import pandas as pd

from imsforge.artifacts.tables import format_score
from imsforge.fidelity.assessment import ALL_CLASSES
from imsforge.fidelity.verdicts import VERDICT_NOTE, giving_away

#: Metric -> what it tells, which direction is good, and what real against real gives.
FIDELITY_METRICS = {
    "two_sample_auc": (
        "how well a random forest tells generated from real spectra; lower is better: 0.5 cannot "
        "be told apart, 1 is always found out; real against real gives about 0.5, more where "
        "training and test pixels come from different places"
    ),
    "two_sample_auc_linear": (
        "the same with a logistic regression, which weighs all features at once; 0.5 is best, and "
        "what real against real gives"
    ),
    "precision": (
        "share of generated spectra that lie among real ones of their class; higher is better, but "
        "copies score high too; real against real gives 0.8 to 1 as a rule"
    ),
    "recall": (
        "share of real spectra that lie among generated ones of their class, so whether their "
        "variety is met; higher is better; real against real gives 0.8 to 1 as a rule"
    ),
    "density": (
        "how densely generated spectra lie where real ones do; real against real gives 1; less is "
        "worse, much more means spectra crowded in the middle of the class"
    ),
    "coverage": (
        "share of real spectra with a generated one nearby; higher is better; real against real "
        "gives 0.97"
    ),
    "mmd": (
        "squared maximum mean discrepancy, how far the two distributions lie apart, up to 2; lower "
        "is better; real against real gives 0 on average, so that it may fall below"
    ),
    "correlation_error": (
        "root mean square difference between the correlations of ions in generated and in real "
        "spectra, 0 to 2; lower is better; real against real gives more than 0, by chance alone"
    ),
    "total_ion_current_distance": (
        "distance (Wasserstein) between the distributions of the total ion current, in standard "
        "deviations of the real ones; lower is better; real against real gives nearly 0 in large "
        "classes"
    ),
    "zero_share_error": (
        "mean difference in the share of spectra that lack an ion, 0 to 1; lower is better, though "
        "it says little where features are NMF weights, whose spectra have few zeros; real against "
        "real gives nearly 0"
    ),
    "copying": (
        "how often the nearest real spectrum of a generated one is a training rather than an "
        "unseen test spectrum of its class, as if there were as many of both; 0.5 is what fresh "
        "spectra give, whatever their spread, and 1 means copies; real training against real test "
        "spectra gives more than 0.5 where they come from different places; it says nothing of "
        "privacy"
    ),
    "authenticity": (
        "share of generated spectra that are no training spectrum moved a little, which lie "
        "farther from it than its nearest neighbour does; 0 means copies; what real against real "
        "gives depends on the data, 0.3 to 0.9, and the method oracle shows it"
    ),
    "membership_auc": (
        "how well an attacker who sees the generated spectra tells training spectra from other "
        "real ones, as an area under the ROC curve; 0.5 is best, chance, and what real against "
        "real gives; 1 gives every training spectrum away"
    ),
    "membership_tpr": (
        "share of the training spectra that the attacker finds while taking 1 % of others for "
        "them; lower is better; real against real gives 0.01 or a little less, chance"
    ),
}

#: Digits behind the point, where they are more than two.
DIGITS = {"mmd": 4}

#: What the row of the method "none" is.
REFERENCE = (
    "The method none is the real training set, set against the real test set: real against real, "
    "the reference for every column but those that look for training spectra, where the training "
    "set is of course its own copy (copying and membership 1, authenticity 0); for these it is the "
    "method oracle."
)


def fidelity_summary(scores):
    """Compare methods by their fidelity over all classes, with headings for people.

    Parameters
    ----------
    scores : DataFrame with the columns of ``fidelity.csv``, of one experiment

    Returns
    -------
    DataFrame of str
        One row a method, in the order of ``scores``; a column ``method``, then one for each of
        `FIDELITY_METRICS`: mean ± sample standard deviation over repeats.
    """
    whole = scores[scores["class"] == ALL_CLASSES]
    return _readable(whole, "method", list(dict.fromkeys(scores["method"])))


def fidelity_by_class(scores):
    """Lay fidelity out class by class, for each method.

    Parameters and cells as in `fidelity_summary`.

    Returns
    -------
    dict of method to DataFrame of str, one row a class, those with most copies first
    """
    single = scores[scores["class"] != ALL_CLASSES]
    return {
        method: _readable(own, "class", _most_copies_first(own))
        for method, own in single.groupby("method", sort=False)
    }


def _most_copies_first(scores):
    """Return the classes in the order of their mean `copying`; those without it last."""
    copies = scores[scores["metric"] == "copying"].groupby("class", sort=False)["value"].mean()
    ordered = copies.sort_values(ascending=False, kind="stable").index
    return list(dict.fromkeys([*ordered, *scores["class"]]))


def copying_by_class(scores):
    """Say for each method how many copies its classes hold, the worst class first.

    Parameters
    ----------
    scores : DataFrame with the columns of ``fidelity.csv``, of one experiment

    Returns
    -------
    DataFrame of str with columns method, copying by class
        Without the method ``none``, which is its own copy.
    """
    rows = []
    for method, table in fidelity_by_class(scores).items():
        known = table[table["copying"] != "-"]
        if method != "none" and len(known):
            cells = [f"{c}: {v}" for c, v in zip(known["class"], known["copying"], strict=True)]
            rows.append((method, "; ".join(cells)))
    return pd.DataFrame(rows, columns=["method", "copying by class, the worst first"])


def _readable(scores, key, rows):
    statistics = {"values": "value", "aggfunc": ["mean", "std"], "dropna": False}
    wide = scores.pivot_table(index=key, columns="metric", **statistics).reindex(rows)
    table = wide["mean"].reindex(columns=list(FIDELITY_METRICS)).astype(object)
    for metric in table.columns.intersection(wide["mean"].columns):
        both = zip(wide["mean"][metric], wide["std"][metric], strict=True)
        table[metric] = [format_score(*cell, DIGITS.get(metric, 2)) for cell in both]
    table = table.fillna("-").rename_axis(columns=None, index=key).reset_index()
    return table.rename(columns=lambda name: name.replace("_", " "))


def fidelity_markdown(scores):
    """Write what people want to know: a table, a line on each column, a verdict on each method.

    Parameters
    ----------
    scores : DataFrame with the columns of ``fidelity.csv``, of one experiment

    Returns
    -------
    str
    """
    tables = [
        table.to_markdown(index=False, disable_numparse=True)
        for table in (fidelity_summary(scores), copying_by_class(scores))
        if len(table)
    ]
    lines = [f"- {metric.replace('_', ' ')}: {text}." for metric, text in FIDELITY_METRICS.items()]
    return "\n\n".join(
        [
            "## Do generated spectra look like real ones?",
            *tables,
            "Mean ± standard deviation over repeats.",
            "\n".join(lines),
            REFERENCE,
            "### May a generated training set be given away?",
            "\n".join(f"- {sentence}" for sentence in giving_away(scores)),
            f"{VERDICT_NOTE}\n",
        ]
    )
