"""Tables of studies of generated spectra, for their pages: random and blocked splits side by side.

Every function takes `tables.Results` and returns Markdown. ``paths`` are experiments of one dataset
that differ in the split alone: a cell holds a number of each, "random / blocks".
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from tables import AVERAGES, LOG_LOSS, AbsentError, cell, markdown, side_by_side, span, spread

from imsforge.artifacts.tables import read_csv
from imsforge.artifacts.text import read_json
from imsforge.evaluation.comparison import mean_difference

#: The method that the first screen is about.
CHOSEN = "vae+calibrate"

#: The classifier whose log loss stands for the others on the first screen.
CHOSEN_LOSS = "logistic-regression"

#: Metric of fidelity -> digits. Copying stands beside what it is traded for.
FIDELITY = {
    "two_sample_auc": 2,
    "coverage": 2,
    "copying": 2,
    "authenticity": 2,
    "membership_auc": 2,
    "membership_tpr": 3,
    "correlation_error": 2,
    "mmd": 3,
}

RECALL = AVERAGES["macro recall"]


def ran(results, paths):
    """Return the experiments that were run; raise `AbsentError` where none was."""
    there = [path for path in paths if results.has(path)]
    if not there:
        raise AbsentError(", ".join(paths))
    return there


def answer_table(results, datasets):
    """Lay out what the chosen method reaches: a row a dataset and split.

    Parameters
    ----------
    datasets : dict of title to list of paths
    """
    lines = []
    for title, paths in datasets.items():
        for path in filter(results.has, paths):
            shares, of_oracle = (results.shares(path, of) for of in ("none", "oracle"))
            looks = results.fidelity(path)
            line = {
                "data": title,
                "split": split_of(path),
                "share of real": span(shares.loc[CHOSEN]),
                "share of the oracle": span(of_oracle.loc[CHOSEN]),
                "log loss, times real": loss_ratio(results, path, CHOSEN, CHOSEN_LOSS),
            }
            for metric in ("two_sample_auc", "copying", "membership_auc", "membership_tpr"):
                own, oracle = (looked(looks, method, metric) for method in (CHOSEN, "oracle"))
                line[metric.replace("_", " ")] = f"{own} ({oracle})"
            lines.append(line)
    if not lines:
        raise AbsentError("no dataset")
    return markdown(pd.DataFrame(lines))


def data_table(results, datasets):
    """Lay out how large the data are, and how many spectra train and test.

    Parameters
    ----------
    datasets : dict of title to list of paths
    """
    rows = []
    for title, paths in datasets.items():
        for path in filter(results.has, paths):
            folder = results.folder / Path(path).parent
            row = {"data": title, "split": split_of(path)}
            row["pixels"] = f"{read_json(folder / 'ingest.json')['pixels']:,}"
            row["peaks"] = f"{len(read_csv(folder / 'peaks.csv'))}"
            row |= {side: f"{spectra(results, path, side):,}" for side in ("train", "test")}
            rows.append(row)
    if not rows:
        raise AbsentError("no dataset")
    return markdown(pd.DataFrame(rows))


def spectra(results, path, side):
    """Return how many spectra train or test, on average over repeats."""
    table = results.read(path, "table.csv")
    return int(table.loc[table["class"] == "weighted", side].iloc[0])


def figure(results, paths, caption, name):
    """Return a figure, where what it shows was run."""
    ran(results, paths)
    return f"![{caption}](images/{name})"


def split_of(path):
    """Return how an experiment splits, by its name."""
    return "blocks" if path.endswith("blocks") else "random"


def looked(looks, method, metric):
    """Return a fidelity as text; "-" where it was not measured."""
    if method not in looks.index or metric not in looks or np.isnan(looks.loc[method, metric]):
        return "-"
    return f"{looks.loc[method, metric]:.{FIDELITY[metric]}f}"


def share_table(results, paths, methods=None):
    """Lay out macro recalls over that of the real training set, and how much they spread."""
    paths = ran(results, paths)
    table = side_by_side([results.shares(path) for path in paths], methods)
    recalls = [results.compared(path, "mean", RECALL).loc["none"] for path in paths]
    for classifier in recalls[0].index:
        recall = " / ".join(f"{one[classifier]:.3f}" for one in recalls)
        table.loc[table["method"] == "none", classifier] = f"1 (recall {recall})"
    spreads = np.concatenate([results.share_spreads(path).to_numpy().ravel() for path in paths])
    return (
        f"{markdown(table)}\n\nStandard deviation over repeats: {np.nanmedian(spreads):.3f} at the "
        f"median of these cells, {np.nanmax(spreads):.3f} at most."
    )


def fidelity_table(results, paths, methods=None):
    """Lay out how real the spectra look, and how much of it is copied."""
    looks = [results.fidelity(path) for path in ran(results, paths)]
    rows = []
    for method in looks[0].index if methods is None else methods:
        there = {m for m in FIDELITY if any(m in one for one in looks)}
        cells = {
            metric.replace("_", " "): " / ".join(looked(one, method, metric) for one in looks)
            for metric in FIDELITY
            if metric in there
        }
        rows.append({"method": method, **cells})
    return markdown(pd.DataFrame(rows))


def verdicts(results, paths, methods=(CHOSEN,)):
    """List what `fidelity.md` says of giving away what some methods made."""
    lines = []
    for path in ran(results, paths):
        text = (results.folder / path / "fidelity.md").read_text(encoding="utf-8")
        for method in methods:
            found = re.search(rf"^- (.*set of {re.escape(method)} .*)$", text, re.M)
            lines += [f"- `{path}`: {found[1]}"] if found else []
    if not lines:
        raise AbsentError("the attack on membership")
    return "\n".join(lines)


def loss_table(results, paths, methods=None):
    """Lay out the log loss over all test spectra."""
    losses = [results.compared(path, "mean", LOG_LOSS) for path in ran(results, paths)]
    return markdown(side_by_side(losses, methods))


def loss_ratio(results, path, method, classifier):
    """Return the log loss of a method over that of the real training set, as text."""
    try:
        losses = results.compared(path, "mean", LOG_LOSS)
    except AbsentError:
        return "-"
    return f"{cell(losses, method, classifier) / cell(losses, 'none', classifier):.1f}"


def filter_table(results, datasets):
    """Lay out what the filter does to the share of the real score, the look and the log loss.

    Parameters
    ----------
    datasets : dict of title to path
    """
    rows = []
    for title, path in datasets.items():
        if not results.has(path):
            continue
        shares, looks = results.shares(path), results.fidelity(path)
        for filtered in (method for method in shares.index if method.endswith("+filter")):
            plain = filtered.removesuffix("+filter")
            if plain not in shares.index:
                continue
            pair = (plain, filtered)
            row = {"data": title, "method": plain}
            row |= {c: " → ".join(f"{shares.loc[m, c]:.3f}" for m in pair) for c in shares}
            row["two sample auc"] = " → ".join(looked(looks, m, "two_sample_auc") for m in pair)
            rows.append(row)
    if not rows:
        raise AbsentError(", ".join(datasets.values()))
    return markdown(pd.DataFrame(rows))


def earned_table(results, paths, average=RECALL, priors="observed", reference=True):
    """Lay out differences to the real training set under kept priors.

    A star is a paired interval without zero, in brackets stands the share of the distance to the
    oracle.
    """
    paths = ran(results, paths)
    first = results.compared(paths[0], "mean", average, "oversample", priors)
    rows = []
    for method in first.index:
        texts = [earned(results, path, method, average, priors) for path in paths]
        row = {c: " / ".join(text.get(c, "-") for text in texts) for c in first}
        rows.append({"method": method, **row})
    return markdown(pd.DataFrame(rows if reference else rows[1:]))


def earned(results, path, method, average=RECALL, priors="observed"):
    """Return by classifier what a method earns, as text; the score itself for ``none``."""
    names = ("mean", "difference", "p", "gap_closed")
    wide = {n: results.compared(path, n, average, "oversample", priors) for n in names}
    texts = {}
    for classifier in wide["mean"]:
        score, difference, p, gap = (cell(wide[n], method, classifier) for n in names)
        if np.isnan(score):
            continue
        if np.isnan(difference):
            texts[classifier] = f"{score:.3f}"
            continue
        share = "" if np.isnan(gap) else f" ({gap:.0%})"
        texts[classifier] = f"{difference:+.3f}{'*' if p < 0.05 else ''}{share}"
    return texts


def paired(results, path, one, other, classifier, average=RECALL, priors="observed"):
    """Compare two methods in pairs over repeats, as ``comparison.csv`` compares with ``none``.

    Returns
    -------
    difference, low, high, p : float
    """
    scores = results.read(path, "scores.csv")
    wanted = {"task": "oversample", "classifier": classifier, "priors": priors}
    wanted |= {"class": average[0], "metric": average[1], "sample": "all"}
    for key, value in wanted.items():
        scores = scores[scores[key] == value]
    courses = scores.pivot_table("value", "repeat", "method")
    if not {one, other} <= set(courses):
        raise AbsentError(f"{path}: {one}, {other}")
    gain = (courses[one] - courses[other]).dropna().to_numpy()
    ratio = spectra(results, path, "test") / spectra(results, path, "train")
    return mean_difference(gain, ratio)


def gained(results, path, one, other, classifier, average=RECALL):
    """Return the paired difference of two methods and its interval, as text."""
    try:
        difference, low, high, _ = paired(results, path, one, other, classifier, average)
    except AbsentError:
        return "-"
    return f"{difference:+.3f} ({low:+.3f} to {high:+.3f})"


def beyond_table(results, paths, one=f"{CHOSEN}+tuned", other="none+tuned"):
    """Lay out what generated spectra add to classifiers that are tuned without them."""
    rows = []
    for path in ran(results, paths):
        for classifier in results.compared(path, "mean", RECALL, "oversample"):
            row = {"experiment": path, "classifier": classifier}
            for title, average in AVERAGES.items():
                row[title] = gained(results, path, one, other, classifier, average)
            rows.append(row)
    return markdown(pd.DataFrame(rows))


def rare_scores(results, dataset, sizes, metric="f1"):
    """Return a score of the rare classes by classifier, method and number of training spectra."""
    frames = [
        results.read(f"{dataset}/rare-{n}", "scores.csv").assign(n=n)
        for n in sizes
        if results.has(f"{dataset}/rare-{n}")
    ]
    if not frames:
        raise AbsentError(f"{dataset}/rare-{sizes[0]}")
    scores = pd.concat(frames)
    rare = scores["class"].isin([str(k) for k in range(2, 21, 2)]) & (scores["sample"] == "all")
    scores = scores[rare & (scores["priors"] == "balanced") & (scores["metric"] == metric)]
    keys = ["classifier", "method", "n", "repeat"]
    return scores.groupby(keys, sort=False)["value"].mean().reset_index()


def rare_table(results, dataset, sizes):
    """Lay out the mean F1 of the rare classes and its deviation over repeats."""
    scores = rare_scores(results, dataset, sizes)
    rows = []
    for (classifier, method), own in scores.groupby(["classifier", "method"], sort=False):
        cells = {str(n): spread(part["value"]) for n, part in own.groupby("n")}
        rows.append({"classifier": classifier, "method": method, **cells})
    return markdown(pd.DataFrame(rows).fillna("-"))
