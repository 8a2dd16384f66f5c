"""Scores of many repeats as the tables of a paper."""

import numpy as np
import pandas as pd

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
        and test.
    """
    kept = scores[scores["metric"].isin(["recall", "precision"])]
    methods = list(dict.fromkeys(kept["method"]))
    rows = [*counts["class"], *SUMMARY_ROWS]
    wide = kept.pivot_table(
        index=["task", "classifier", "class"],
        columns=["method", "metric"],
        values="value",
        aggfunc=["mean", "std"],
        sort=False,
    )
    order = [
        (statistic, method, metric)
        for method in methods
        for metric in ("recall", "precision")
        for statistic in ("mean", "std")
    ]
    wide = wide.reindex(columns=pd.MultiIndex.from_tuples(order))
    wide.columns = [f"{method}_{metric}_{statistic}" for statistic, method, metric in order]
    wide = wide.reset_index()
    wide["class"] = pd.Categorical(wide["class"], categories=rows, ordered=True)
    pairs = list(dict.fromkeys(zip(kept["task"], kept["classifier"], strict=True)))
    position = [pairs.index(p) for p in zip(wide["task"], wide["classifier"], strict=True)]
    wide = wide.assign(_pair=position).sort_values(["_pair", "class"]).drop(columns="_pair")
    wide["class"] = wide["class"].astype(str)
    totals = counts[["train", "test"]].sum()
    summary = pd.DataFrame([{"class": row, **totals} for row in SUMMARY_ROWS])
    return wide.merge(pd.concat([counts, summary]), on="class", how="left").reset_index(drop=True)


def markdown_table(table):
    """Write a `score_table` for people: for each task and classifier a summary and the classes.

    Parameters
    ----------
    table : DataFrame, as `score_table` returns it

    Returns
    -------
    str
    """
    sections = []
    for (task, classifier), part in table.groupby(["task", "classifier"], sort=False):
        tables = [method_summary(part), readable_table(part)]
        text = "\n\n".join(t.to_markdown(index=False, disable_numparse=True) for t in tables)
        sections.append(f"## {TASK_TITLES[task]}, judged by {classifier}\n\n{text}\n")
    return "\n".join(sections)


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
    """Count training and test pixels of each class, the mean over repeats, rounded.

    Parameters
    ----------
    repeats : list of `imsforge.io.artifacts.Features`

    Returns
    -------
    DataFrame with columns class, train, test
    """
    names = repeats[0].names
    labels = np.unique(np.concatenate([features.label for features in repeats]))
    sides = [("train", True), ("test", False)]
    counts = {
        side: [
            round(np.mean([np.sum((f.label == k) & (f.train == inside)) for f in repeats]))
            for k in labels
        ]
        for side, inside in sides
    }
    return pd.DataFrame({"class": names[labels - 1], **counts})
