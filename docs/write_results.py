"""Write the tables of results.md on the default study, from the results of `make run`.

Usage: python docs/write_results.py results
"""

import sys
from pathlib import Path

import pandas as pd

from imsforge.artifacts.tables import format_score, read_csv
from imsforge.artifacts.text import read_json

TITLES = {"oversample": "filled up", "replace": "replaced"}
AVERAGES = (("macro", "recall"), ("macro", "precision"), ("weighted", "recall"))


def main(results):
    """Print the three tables."""
    kidney = Path(results) / "kidney"
    for table in (
        features_table(read_csv(kidney / "nmf-50/scores.csv")),
        spectra_table(read_csv(kidney / "full/scores.csv"), read_csv(kidney / "full/fidelity.csv")),
        anomaly_table(read_json(kidney / "anomaly/colonies/metrics.json")),
    ):
        print(table.to_markdown(index=False, disable_numparse=True), end="\n\n")


def score(scores, **wanted):
    """Return the mean and deviation over repeats of one score, as text."""
    for column, value in {"sample": "all", **wanted}.items():
        scores = scores[scores[column] == value]
    return format_score(scores["value"].mean(), scores["value"].std())


def features_table(scores):
    """Lay out the scores on NMF features: filled up under equal priors, and replaced."""
    rows = [("none, observed priors", "none", "observed")]
    names = [name for name in scores["method"].unique() if name != "none"]
    rows += [("none, equal priors", "none", "balanced"), *((n, n, "balanced") for n in names)]
    table = []
    for title, method, priors in rows:
        row = {"method": title}
        for task, own in (("oversample", priors), ("replace", "observed")):
            for class_, metric in AVERAGES:
                wanted = {"task": task, "method": method, "class": class_, "metric": metric}
                known = title == "none, equal priors" and task == "replace"  # as a row above
                name = f"{TITLES[task]}: {class_} {metric}"
                row[name] = "" if known else score(scores, priors=own, **wanted)
        table.append(row)
    return pd.DataFrame(table)


def spectra_table(scores, fidelity):
    """Lay out the macro recall on full spectra under observed priors, and the forest's AUC."""
    table = []
    for method in scores["method"].unique():
        row = {"method": method}
        for task, title in TITLES.items():
            for classifier in ("lda", "logistic-regression"):
                wanted = {"task": task, "method": method, "classifier": classifier}
                average = {"class": "macro", "metric": "recall", "priors": "observed"}
                row[f"{title}: {classifier}"] = score(scores, **wanted, **average)
        auc = fidelity[(fidelity["method"] == method) & (fidelity["class"] == "all")]
        auc = auc.loc[auc["metric"] == "two_sample_auc", "value"]
        row["forest's AUC"] = format_score(auc.mean(), auc.std())
        table.append(row)
    return pd.DataFrame(table)


def anomaly_table(metrics):
    """Lay out what each detector finds of each kind of anomaly, and what it calls abnormal."""
    kinds = {"colony": "colonies", "fold": "folds", "any": "both"}
    table = []
    for told in metrics["detectors"]:
        found = metrics["detection"][told["name"]]
        auroc = {title: f"{found[kind]['auroc']:.2f}" for kind, title in kinds.items()}
        row = {"detector": told["name"], **auroc}
        row |= {f"{key} (both)": f"{found['any'][key]:.2f}" for key in ("recall", "precision")}
        table.append({**row, "called abnormal": f"{100 * told['share']:.1f} %"})
    return pd.DataFrame(table)


if __name__ == "__main__":
    main(*sys.argv[1:])
