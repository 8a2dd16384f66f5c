"""Scores of many repeats as the tables of a paper."""

import numpy as np
import pandas as pd

from imsforge.artifacts.tables import format_score
from imsforge.evaluation.classifiers import lda_is_determined
from imsforge.evaluation.comparison import AVERAGES
from imsforge.evaluation.comparison_tables import (
    COMPARISON_NOTE,
    TASK_TITLES,
    readable_comparisons,
)
from imsforge.evaluation.scores import ALL_SAMPLES
from imsforge.methods import parse_method

#: Rows that summarise the classes, in the order they close a table.
SUMMARY_ROWS = ("macro", "weighted")

#: What a table has a section for each combination of.
SECTION = ["task", "classifier", "priors"]

#: The metrics of a table, and those that are shown class by class.
METRICS = ("recall", "precision", "average_precision", "log_loss", "brier")
CLASS_METRICS = METRICS[:2]

#: What a summary says of a method: row and metric of a table.
SUMMARY_COLUMNS = [average for average in AVERAGES if average[1] in METRICS]


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
        classifier, priors, class; then ``{method}_{metric}_{mean|std}`` for `METRICS`, over
        repeats (``std`` is the sample standard deviation, empty for one repeat); then train and
        test. A class that a repeat does not test is left out of that repeat's part.
    """
    kept = scores[scores["metric"].isin(METRICS)]
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
        for metric in METRICS
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
        "read them beside methods with +tuned"
        if any(parse_method(method).remedy == "tuned" for method in _methods(table))
        else "add methods with +tuned and read these beside them"
    )
    return (
        f"LDA is not determined here: {n_rows} training spectra of {n_classes} classes are too few "
        f"for the covariance of {n_features} features, so that its scores depend on how many "
        f"directions a method happens to fill, and may turn the order of methods round; {way_out}."
    )


#: What each method, refinement and remedy does.
METHOD_NOTES = {
    "none": "the training set as it is",
    "duplicate": "repeats real spectra: small classes weigh more, in the prior and in all that is "
    "pooled over classes; no spectrum is new",
    "noise": "draws each feature from the mean and standard deviation of its class",
    "gaussian": "draws all features from the mean and covariance of a class",
    "copula": "draws ranks from correlated Gaussians of a class, and for each rank the value that "
    "has it in training, zeros included",
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
    "tuned": "settings of the classifier chosen by cross-validation on real training spectra",
    "class-weights": "all classes count equally while the classifier learns",
    "logit-adjustment": "decides by priors between the observed and equal ones, chosen by "
    "cross-validation",
    "moved-thresholds": "decides by a weight of each class, chosen by cross-validation",
    "balanced-forest": "each tree sees as many spectra of each class",
}


def method_notes(methods):
    """Say in one sentence what some methods, their refinements and remedies do."""
    parts = dict.fromkeys(part for method in methods for part in parse_method(method).parts)
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


#: Which question a section answers.
PRIOR_TITLES = {
    "observed": "class priors kept as observed: what do the spectra add?",
    "balanced": "equal class priors: what does a changed prior do?",
}


def _methods(table):
    """Return the methods that a `score_table` has scores of."""
    ending = "_recall_mean"
    columns = [column for column in table.columns if column.endswith(ending)]
    return [column.removesuffix(ending) for column in columns if table[column].notna().any()]


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
    for method in _methods(part):
        for metric in CLASS_METRICS:
            both = zip(part[f"{method}_{metric}_mean"], part[f"{method}_{metric}_std"], strict=True)
            text[f"{method} {metric}"] = [format_score(mean, spread) for mean, spread in both]
    return text.assign(train=part["train"].astype(str), test=part["test"].astype(str))


def method_summary(part):
    """Compare methods by their averages over classes, with headings for people.

    Parameters
    ----------
    part : DataFrame, rows of one of `SECTION` of a `score_table`

    Returns
    -------
    DataFrame of str with columns method and the names of `SUMMARY_COLUMNS`
    """
    averages = part.set_index("class")
    rows = [
        {
            "method": method,
            **{
                AVERAGES[row, metric]: format_score(
                    averages.loc[row, f"{method}_{metric}_mean"],
                    averages.loc[row, f"{method}_{metric}_std"],
                )
                for row, metric in SUMMARY_COLUMNS
            },
        }
        for method in _methods(part)
    ]
    return pd.DataFrame(rows)


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
