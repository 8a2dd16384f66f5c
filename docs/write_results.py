"""Write the tables of results.md and copy its figures, from what `make results` ran.

    python docs/write_results.py build/results

The folder holds a folder of each study: ``demo`` of config/config.yaml, ``bladder`` and ``thesis``
of config/studies/bladder.yaml and kidney.yaml, with docs/results/*.yaml laid over them.
"""

import shutil
import sys
from functools import partial
from pathlib import Path

import pandas as pd
from tables import AVERAGES, AbsentError, Results, cell, markdown, write_page

from imsforge.artifacts.tables import format_score
from imsforge.artifacts.text import read_json

PAGE = Path(__file__).parent / "results.md"
IMAGES = PAGE.parent / "images"

STUDIES = {
    "demo": "config/config.yaml",
    "thesis": "config/studies/kidney.yaml",
    "bladder": "config/studies/bladder.yaml",
}
VERSIONS = ("imsforge", "Python", "numpy", "scikit-learn", "torch", "snakemake")
TITLES = {"oversample": "filled up", "replace": "replaced"}

#: Figures of the default study in the docs.
FIGURES = {
    "peaks.png": "peaks.png",
    "classes.png": "classes.png",
    "nmf-50/recall_matrices.png": "recall_matrices.png",
    "nmf-50/spectra.png": "spectra.png",
    "nmf-50/training.png": "training.png",
    "anomaly/colonies/map.png": "map.png",
    "anomaly/colonies/ions.png": "ions.png",
}


def main(folder):
    """Fill the page, and copy the figures."""
    folder = Path(folder)
    results = Results(folder)
    maps = {
        "demo, anomalies": "demo/kidney/anomaly/colonies",
        "thesis, anomalies": "thesis/kidney-thesis/anomaly/colonies",
    }
    parts = {
        "made from": partial(record_table, folder),
        "demo, features": partial(features_table, results, "demo/kidney/nmf-50"),
        "demo, spectra": partial(spectra_table, results, "demo/kidney/full"),
        "thesis, features": partial(features_table, results, "thesis/kidney-thesis/nmf-50"),
        "bladder, features": partial(features_table, results, "bladder/bladder/nmf-50"),
        **{name: partial(anomaly_table, folder / path) for name, path in maps.items()},
    }
    values = {"healthy": partial(map_value, folder, "healthy"), "share": partial(share, folder)}
    write_page(PAGE, parts, values)
    for source, name in FIGURES.items():
        if (folder / "demo/kidney" / source).is_file():
            shutil.copyfile(folder / "demo/kidney" / source, IMAGES / name)


def record_table(folder):
    """Lay out which commit made the results of each study, when, and with which versions."""
    rows = []
    for study, config in STUDIES.items():
        if not (folder / study / "provenance.json").is_file():
            continue
        record = read_json(folder / study / "provenance.json")
        code = record["code"]
        clean = "" if code["clean"] else ", with changes"
        row = {"study": f"`{config}`", "commit": f"`{(code['commit'] or 'none')[:12]}`{clean}"}
        row["finished"] = record["ended"][: len("2000-01-01")]
        row |= {name: record["versions"].get(name, "-") for name in VERSIONS}
        rows.append(row)
    if not rows:
        raise AbsentError(", ".join(STUDIES.values()))
    return markdown(pd.DataFrame(rows))


def score(scores, **wanted):
    """Return the mean and deviation over repeats of one score, as text."""
    for column, value in {"sample": "all", **wanted}.items():
        scores = scores[scores[column] == value]
    return format_score(scores["value"].mean(), scores["value"].std())


def features_table(results, experiment):
    """Lay out scores of LDA: filled up under equal priors, and replaced."""
    scores = results.read(experiment, "scores.csv")
    scores = scores[scores["classifier"] == "lda"]
    rows = [("none, observed priors", "none", "observed")]
    names = [name for name in scores["method"].unique() if name != "none"]
    rows += [("none, equal priors", "none", "balanced"), *((n, n, "balanced") for n in names)]
    table = []
    for title, method, priors in rows:
        row = {"method": title}
        for task, own in (("oversample", priors), ("replace", "observed")):
            for heading, (class_, metric) in AVERAGES.items():
                wanted = {"task": task, "method": method, "class": class_, "metric": metric}
                known = title == "none, equal priors" and task == "replace"  # as a row above
                text = "" if known else score(scores, priors=own, **wanted)
                row[f"{TITLES[task]}: {heading}"] = text
        table.append(row)
    return markdown(pd.DataFrame(table))


def spectra_table(results, experiment):
    """Lay out the macro recall on full spectra under observed priors, and the forest's AUC."""
    scores = results.read(experiment, "scores.csv")
    looks = results.fidelity(experiment), results.fidelity(experiment, "std")
    table = []
    for method in scores["method"].unique():
        row = {"method": method}
        for task, title in TITLES.items():
            for classifier in scores.loc[scores["classifier"] != "-", "classifier"].unique():
                wanted = {"task": task, "method": method, "classifier": classifier}
                average = {"class": "macro", "metric": "recall", "priors": "observed"}
                row[f"{title}: {classifier}"] = score(scores, **wanted, **average)
        known = method in looks[0].index  # those that differ in the remedy share one
        cells = [cell(look, method, "two_sample_auc") for look in looks] if known else []
        row["forest's AUC"] = format_score(*cells) if known else "-"
        table.append(row)
    return markdown(pd.DataFrame(table))


def _metrics(folder):
    if not (folder / "metrics.json").is_file():
        raise AbsentError(str(folder.relative_to(folder.parents[2])))
    return read_json(folder / "metrics.json")


def map_value(folder, key, path):
    """Return a number of pixels of an anomaly map."""
    return f"{_metrics(folder / path)[key]:,}"


def share(folder, path):
    """Return the share of the tissue outside the mask that is abnormal."""
    metrics = _metrics(folder / path)
    found = next(iter(metrics["detection"].values()))["any"]
    return f"{100 * found['pixels'] / metrics['outside']:.1f} %"


def anomaly_table(folder):
    """Lay out what each detector finds of each kind of anomaly, and what it calls abnormal."""
    metrics = _metrics(folder)
    kinds = {"colony": "colonies", "fold": "folds", "any": "both"}
    table = []
    for told in metrics["detectors"]:
        found = metrics["detection"][told["name"]]
        auroc = {title: f"{found[kind]['auroc']:.2f}" for kind, title in kinds.items()}
        row = {"detector": told["name"], **auroc}
        row |= {f"{key} (both)": f"{found['any'][key]:.2f}" for key in ("recall", "precision")}
        table.append({**row, "called abnormal": f"{100 * told['share']:.1f} %"})
    return markdown(pd.DataFrame(table))


if __name__ == "__main__":
    main(*sys.argv[1:])
