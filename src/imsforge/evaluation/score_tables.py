"""Scores of many repeats as the tables of a paper."""

import numpy as np
import pandas as pd

from imsforge.artifacts.tables import format_score
from imsforge.evaluation.classifiers import lda_is_determined
from imsforge.evaluation.comparison import AVERAGES
from imsforge.evaluation.scores import ALL_SAMPLES

#: Rows that summarise the classes, in the order they close a table.
SUMMARY_ROWS = ("macro", "weighted")

#: What a table has a section for each combination of.
SECTION = ["task", "classifier", "priors"]

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
        One row a class, then macro and weighted averages, for each of `SECTION`. Columns: task,
        classifier, priors, class; then ``{method}_{metric}_{mean|std}`` for recall and precision,
        over repeats (``std`` is the sample standard deviation, empty for one repeat); then train
        and test. A class that a repeat does not test is left out of that repeat's part.
    """
    kept = scores[scores["metric"].isin(["recall", "precision"])]
    kept = kept[kept["sample"] == ALL_SAMPLES]
    methods = list(dict.fromkeys(kept["method"]))
    rows = [*counts["class"], *SUMMARY_ROWS]
    wide = kept.pivot_table(
        index=[*SECTION, "class"],
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
    sections = kept[SECTION].drop_duplicates().itertuples(index=False, name=None)
    lines = pd.MultiIndex.from_tuples(
        [(*section, row) for section in sections for row in rows], names=wide.index.names
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


def undetermined_note(table, n_features):
    """Say where plain LDA is not determined by the training spectra, and what judges in its place.

    Parameters
    ----------
    table : DataFrame, as `score_table` returns it
    n_features : int

    Returns
    -------
    str
        One paragraph, or nothing where LDA is determined, or is not among the classifiers.
    """
    n_train = table.set_index("class")["train"].groupby(level=0, sort=False).first()
    n_rows, n_classes = int(n_train["weighted"]), len(n_train) - len(SUMMARY_ROWS)
    classifiers = set(table["classifier"])
    if "lda" not in classifiers or lda_is_determined(n_rows, n_classes, n_features):
        return ""
    way_out = (
        "read lda-shrunk beside it"
        if "lda-shrunk" in classifiers
        else "add lda-shrunk to `classifiers` and read it beside lda"
    )
    return (
        f"LDA is not determined here: {n_rows} training spectra of {n_classes} classes are too few "
        f"for the covariance of {n_features} features, so that its scores depend on how many "
        f"directions a method happens to fill, and may turn the order of methods round; {way_out}."
    )


#: What each method and refinement does.
METHOD_NOTES = {
    "none": "the training set as it is",
    "duplicate": "repeats real spectra: small classes weigh more, in the prior and in all that is "
    "pooled over classes; no spectrum is new",
    "noise": "draws each feature from the mean and standard deviation of its class",
    "gaussian": "draws all features from the mean and covariance of a class",
    "smote": "interpolates between neighbours of a class",
    "blind": "draws from one Gaussian of all classes, whichever is asked for: a control, which "
    "cannot teach classes",
    "oracle": "takes real spectra that were held back, as many as there are, as true as a perfect "
    "generator's",
    "cgan": "a conditional generator, cross-entropy",
    "cwgan": "a conditional generator, Wasserstein distance and clipped weights",
    "cwgan-gp": "a conditional generator, Wasserstein distance and gradient penalty",
    "vae": "a conditional variational autoencoder with noise and exact zeros of each peak",
    "flow": "a conditional flow from normal noise to spectra (flow matching)",
    "borderline-smote": "interpolates near other classes alone",
    "svm-smote": "interpolates and extrapolates from support vectors",
    "adasyn": "interpolates the more, the more neighbours are of other classes",
    "kmeans-smote": "interpolates within clusters that are mostly of the class",
    "ctgan": "a conditional GAN of tables, by the package ctgan",
    "tvae": "a variational autoencoder of tables, by the package ctgan",
    "sdv-copula": "a Gaussian copula of beta distributions a class, by the package copulas",
    "polynom-fit-smote": "lines from rows to the mean of a class, by the package smote-variants",
    "prowsyn": "interpolates the more the nearer to other classes, by the package smote-variants",
    "gaussian-smote": "interpolates with Gaussian noise, by the package smote-variants",
    "forest-flow": "flow matching by boosted trees, by the package ForestDiffusion",
    "calibrate": "gives each peak of a class the values that training spectra have, by rank",
    "filter": "keeps as large a share that a classifier takes for its class as there is among real "
    "spectra; that hands on what this classifier knows, see blind+filter",
}


def method_notes(methods):
    """Say in one sentence what some methods and their refinements do."""
    parts = dict.fromkeys(part for method in methods for part in str(method).split("+"))
    return "; ".join(f"{part}: {METHOD_NOTES[part]}" for part in parts) + "."


def markdown_table(table, comparison, notes=()):
    """Write a `score_table` for people: for each of `SECTION` a summary and the classes.

    Parameters
    ----------
    table : DataFrame, as `score_table` returns it
    comparison : DataFrame, as `compare_methods` returns it
    notes : sequence of str, paragraphs to end with; empty ones are left out

    Returns
    -------
    str
    """
    sections = []
    for section, part in table.groupby(SECTION, sort=False):
        tables = [method_summary(part), readable_table(part)]
        text = "\n\n".join(_markdown(t) for t in tables)
        sections.append(f"## {section_title(*section)}\n\n{text}\n")
    for title, part in readable_comparisons(comparison).items():
        sections.append(f"## {title}\n\n{COMPARISON_NOTE}\n\n{_markdown(part)}\n")
    sections.append(f"{method_notes(_methods(table))}\n")
    return "\n".join([*sections, *(f"{note}\n" for note in notes if note)])


def _markdown(table):
    return table.to_markdown(index=False, disable_numparse=True)


#: How tasks are called in headings.
TASK_TITLES = {
    "oversample": "Oversampling: small classes filled up",
    "replace": "Replacement: all training spectra replaced",
}

#: Which question a section answers.
PRIOR_TITLES = {
    "observed": "class priors kept as observed: what do the spectra add?",
    "balanced": "equal class priors: what does a changed prior do?",
}


def _methods(table):
    """Return the methods that a `score_table` has columns of."""
    ending = "_recall_mean"
    return [column.removesuffix(ending) for column in table.columns if column.endswith(ending)]


def section_title(task, classifier, priors):
    """Return the heading of a section of a `score_table`."""
    return f"{TASK_TITLES[task]}; judged by {classifier}; {PRIOR_TITLES[priors]}"


def readable_table(part):
    """Merge mean and deviation into one text a cell, with headings for people.

    Parameters
    ----------
    part : DataFrame, rows of one of `SECTION` of a `score_table`

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
    part : DataFrame, rows of one of `SECTION` of a `score_table`

    Returns
    -------
    DataFrame of str with columns method, macro recall, macro precision, weighted recall
    """
    averages = part.set_index("class")
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
        for method in _methods(part)
    ]
    return pd.DataFrame(rows)


#: What to know of a comparison before reading it.
COMPARISON_NOTE = (
    "Mean difference to the real training set as it is (none; when small classes are filled up, "
    "under observed priors) in the same repeat, and its 95 % interval, which allows for the pixels "
    "that repeats share (Nadeau and Bengio 2003). It is over other splits and seeds of the same "
    "section, not over animals; only where each repeat tests a sample that it does not train on, "
    "it is over samples. In percent, when small "
    "classes are filled up, the share of the oracle's gain under the same priors, where that gain "
    "can be told from zero; when all is replaced, the share of the score of real spectra."
)


def readable_comparisons(comparison):
    """Lay a comparison of methods out for people.

    Parameters
    ----------
    comparison : DataFrame, as `compare_methods` returns it

    Returns
    -------
    dict of heading to DataFrame of str
        A table for each task and classifier, a row for each class priors and method; none where
        nothing was compared.
    """
    return {
        f"{TASK_TITLES[task]}; judged by {classifier}; what changes": pd.DataFrame(
            [
                {"class priors": priors, "method": method, **_changes(rows)}
                for priors, of_priors in part.groupby("priors", sort=False)
                for method, rows in of_priors.groupby("method", sort=False)
            ]
        )
        for (task, classifier), part in comparison.groupby(["task", "classifier"], sort=False)
    }


def _changes(rows):
    """Return a text for each average of one method."""
    averages = rows.set_index(["class", "metric"])
    return {" ".join(average): format_change(averages.loc[average]) for average in AVERAGES}


def format_change(row):
    """Return "+0.10 [+0.02, +0.18], 38 %" for a row of a comparison, as far as it is known."""
    if np.isnan(row["difference"]):
        return "reference"
    text = f"{row['difference']:+.3f}"
    if not np.isnan(row["difference_low"]):
        text += f" [{row['difference_low']:+.3f}, {row['difference_high']:+.3f}]"
    share = row["share_of_real"]
    # Of a gain that may as well be none, a share says nothing.
    if not np.isnan(row["gap_closed_low"]):
        share = row["gap_closed"]
    return text if np.isnan(share) else f"{text}, {100 * share:.0f} %"


def class_counts(repeats):
    """Count training and test pixels of each class.

    Parameters
    ----------
    repeats : list of `imsforge.artifacts.contract.Features`

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
