"""Scores of many repeats as the tables of a paper."""

import numpy as np
import pandas as pd

from imsforge.evaluation.scores import ALL_SAMPLES

#: Rows that summarise the classes, in the order they close a table.
SUMMARY_ROWS = ("macro", "weighted")

#: What a summary says of a method: row and metric of a table.
SUMMARY_COLUMNS = (("macro", "recall"), ("macro", "precision"), ("weighted", "recall"))


def score_table(scores, counts):
    """Lay scores out as the thesis does (van der Linden 2024, table 4-5).

    Parameters
    ----------
    scores : DataFrame with the columns of ``scores.csv``, of one experiment
    counts : DataFrame with columns class, train, test: pixels of each class

    Returns
    -------
    DataFrame
        One row a class, then macro and weighted averages, for each task and classifier. Columns:
        task, classifier, class; then ``{method}_{metric}_{mean|std}`` for recall and precision,
        over repeats (``std`` is the sample standard deviation, empty for one repeat); then train
        and test. A class that a repeat does not test is left out of that repeat's part.
    """
    kept = scores[scores["metric"].isin(["recall", "precision"])]
    kept = kept[kept["sample"] == ALL_SAMPLES]
    methods = list(dict.fromkeys(kept["method"]))
    rows = [*counts["class"], *SUMMARY_ROWS]
    wide = kept.pivot_table(
        index=["task", "classifier", "class"],
        columns=["method", "metric"],
        values="value",
        aggfunc=["mean", "std"],
    )
    order = [
        (statistic, method, metric)
        for method in methods
        for metric in ("recall", "precision")
        for statistic in ("mean", "std")
    ]
    pairs = dict.fromkeys(zip(kept["task"], kept["classifier"], strict=True))
    lines = pd.MultiIndex.from_tuples(
        [(*pair, row) for pair in pairs for row in rows], names=wide.index.names
    )
    wide = wide.reindex(index=lines, columns=pd.MultiIndex.from_tuples(order))
    wide.columns = [f"{method}_{metric}_{statistic}" for statistic, method, metric in order]
    totals = counts[["train", "test"]].sum()
    summary = pd.DataFrame([{"class": row, **totals} for row in SUMMARY_ROWS])
    return wide.reset_index().merge(pd.concat([counts, summary]), on="class", how="left")


def coverage_note(scores, classes):
    """Say which classes not every repeat tests, and what that means for the averages.

    Where one sample is left out, it may lack a class.

    Parameters
    ----------
    scores : DataFrame with the columns of ``scores.csv``, of one experiment
    classes : sequence of str, the classes of the experiment

    Returns
    -------
    str
        One paragraph, or nothing where every repeat tests every class.
    """
    recall = scores[(scores["sample"] == ALL_SAMPLES) & (scores["metric"] == "recall")]
    n_repeats = recall["repeat"].nunique()
    tested = recall.groupby("class")["repeat"].nunique().reindex(classes, fill_value=0)
    partly = [f"{name} ({n})" for name, n in tested.items() if n < n_repeats]
    if not partly:
        return ""
    return (
        f"Not every one of the {n_repeats} repeats tests every class. Classes that some leave out, "
        f"and how many repeats test them: {', '.join(partly)}. Their scores are over these "
        "repeats; macro and weighted averages are over the classes that a repeat tests."
    )


def markdown_table(table, note=""):
    """Write a `score_table` for people: for each task and classifier a summary and the classes.

    Parameters
    ----------
    table : DataFrame, as `score_table` returns it
    note : str, a paragraph to end with

    Returns
    -------
    str
    """
    sections = []
    for (task, classifier), part in table.groupby(["task", "classifier"], sort=False):
        tables = [method_summary(part), readable_table(part)]
        text = "\n\n".join(t.to_markdown(index=False, disable_numparse=True) for t in tables)
        sections.append(f"## {TASK_TITLES[task]}, judged by {classifier}\n\n{text}\n")
    return "\n".join([*sections, f"{note}\n"] if note else sections)


#: How tasks are called in headings.
TASK_TITLES = {
    "oversample": "Oversampling: small classes filled up to the largest",
    "replace": "Replacement: all training spectra replaced",
}


def readable_table(part):
    """Merge mean and deviation into one text a cell, with headings for people.

    Parameters
    ----------
    part : DataFrame, rows of one task and classifier of a `score_table`

    Returns
    -------
    DataFrame of str
    """
    text = pd.DataFrame({"class": part["class"].astype(str)})
    for column in part.columns:
        if column.endswith("_mean"):
            method, metric, _ = column.rsplit("_", 2)
            spread = part[f"{method}_{metric}_std"]
            text[f"{method} {metric}"] = [
                format_score(m, s) for m, s in zip(part[column], spread, strict=True)
            ]
    return text.assign(train=part["train"].astype(str), test=part["test"].astype(str))


def method_summary(part):
    """Compare methods by their averages over classes, with headings for people.

    Parameters
    ----------
    part : DataFrame, rows of one task and classifier of a `score_table`

    Returns
    -------
    DataFrame of str with columns method, macro recall, macro precision, weighted recall
    """
    averages = part.set_index("class")
    ending = "_recall_mean"
    methods = [column.removesuffix(ending) for column in part.columns if column.endswith(ending)]
    rows = [
        {
            "method": method,
            **{
                f"{row} {metric}": format_score(
                    averages.loc[row, f"{method}_{metric}_mean"],
                    averages.loc[row, f"{method}_{metric}_std"],
                )
                for row, metric in SUMMARY_COLUMNS
            },
        }
        for method in methods
    ]
    return pd.DataFrame(rows)


def format_score(mean, std):
    """Return "0.67 ± 0.01", or "0.67" where there is no spread to give."""
    if np.isnan(mean):
        return "-"
    return f"{mean:.2f}" if np.isnan(std) else f"{mean:.2f} ± {std:.2f}"


def class_counts(repeats):
    """Count training and test pixels of each class.

    Parameters
    ----------
    repeats : list of `imsforge.io.artifacts.Features`

    Returns
    -------
    DataFrame with columns class, train, test
        Means, rounded, over the repeats in which the class has such pixels.
    """
    names = repeats[0].names
    labels = np.unique(np.concatenate([features.label for features in repeats]))
    counts = {
        side: [_mean_count([f.label[getattr(f, side)] for f in repeats], k) for k in labels]
        for side in ("train", "test")
    }
    return pd.DataFrame({"class": names[labels - 1], **counts})


def _mean_count(repeats, label):
    counts = [np.sum(labels == label) for labels in repeats]
    return round(np.sum(counts) / max(1, np.count_nonzero(counts)))
