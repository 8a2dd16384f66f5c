"""Draw the figures of full-spectra.md, and print its tables, from the results of its study.

    python docs/draw_full_spectra.py RESULTS docs/images

RESULTS is the folder that ``config/studies/full-spectra.yaml`` filled, wholly or in part.
"""

import argparse
import re
from pathlib import Path

import numpy as np
import pandas as pd

from imsforge.artifacts.figures import save_png
from imsforge.artifacts.tables import format_score, read_csv
from imsforge.plots.style import OKABE_ITO, new_figure

DATASETS = ("bladder", "barley", "kidney", "kidney-thesis")
FIDELITY = ("two_sample_auc", "coverage", "copying", "correlation_error")
RARE = (18, 50, 100, 500)
#: Smaller shares are drawn here.
LEAST_SHARE = 0.7
AVERAGES = {
    ("macro", "recall"): "macro recall",
    ("macro", "precision"): "macro precision",
    ("weighted", "recall"): "weighted recall",
}
METHOD_COLOURS = {
    "none": "#555555",
    "duplicate": "#56B4E9",
    "smote": OKABE_ITO[1],
    "vae+calibrate": OKABE_ITO[2],
    "vae+calibrate+filter": OKABE_ITO[0],
    "oracle": OKABE_ITO[3],
}


def main():
    """Draw and print whatever results there are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("images", type=Path)
    arguments = parser.parse_args()
    for experiment in ("five", "five-thesis", "all", "features-50"):
        for dataset, folder in finished(arguments.results, experiment):
            print(f"\n### {dataset}: {experiment}\n\n{replacement_table(folder)}")
    print_and_draw(arguments, "oversample", oversampling_table, draw_oversampling)
    draw_replacement(finished(arguments.results, "five"), arguments.images)
    draw_learning_curves(arguments.results / "bladder", arguments.images)


def finished(results, experiment):
    """Return the datasets whose experiment has been collected, and its folder."""
    folders = {dataset: results / dataset / experiment for dataset in DATASETS}
    return [(d, folder) for d, folder in folders.items() if (folder / "comparison.csv").is_file()]


def print_and_draw(arguments, experiment, table, draw):
    """Print the table of each dataset, and draw all of them."""
    there = finished(arguments.results, experiment)
    for dataset, folder in there:
        print(f"\n### {dataset}: {experiment}\n\n{table(folder)}")
    draw(there, arguments.images)


def replaced_recall(folder, column):
    """Return a column of the comparison of macro recalls by method (rows) and classifier."""
    rows = read_csv(folder / "comparison.csv")
    rows = rows[(rows["class"] == "macro") & (rows["metric"] == "recall")]
    rows = rows[(rows["task"] == "replace") & (rows["priors"] == "observed")]
    return rows.pivot_table(column, index="method", columns="classifier", sort=False)


def replacement_table(folder):
    """Lay out shares of the real score and fidelity of an experiment, as Markdown."""
    share, std = (replaced_recall(folder, column) for column in ("share_of_real", "std"))
    real = replaced_recall(folder, "mean").loc["none"]
    table = pd.DataFrame(index=share.index)
    for classifier in share:
        spread = std[classifier] / real[classifier]
        pairs = zip(share[classifier], spread, strict=True)
        table[classifier] = [f"{mean:.3f} ± {s:.3f}" for mean, s in pairs]
    table.loc["none"] = [f"1 (recall {value:.3f})" for value in real]
    fidelity = read_csv(folder / "fidelity.csv")
    fidelity = fidelity[fidelity["class"] == "all"].groupby(["method", "metric"])["value"]
    for metric in FIDELITY:
        table[metric.replace("_", " ")] = [
            format_score(fidelity.mean()[method, metric], fidelity.std()[method, metric])
            for method in table.index
        ]
    return markdown(table.reset_index())


def markdown(frame):
    """Return a table of text as Markdown, without padding."""
    text = frame.to_markdown(index=False, disable_numparse=True)
    return re.sub(r"-{3,}", "---", re.sub(r" +", " ", text)).replace(":---", "---")


def oversampling_table(folder):
    """Lay out what oversampling earns under both priors, as Markdown."""
    rows = read_csv(folder / "comparison.csv")
    rows = rows[rows["task"] == "oversample"]
    lines = []
    keys = ["classifier", "priors", "method"]
    for (classifier, priors, method), part in rows.groupby(keys, sort=False):
        line = {"classifier": classifier, "priors": priors, "method": method}
        for key, name in AVERAGES.items():
            score = part[(part["class"] == key[0]) & (part["metric"] == key[1])].iloc[0]
            star = "*" if score["p"] < 0.05 else ""
            gap = f" ({score['gap_closed']:.0%})" if np.isfinite(score["gap_closed"]) else ""
            change = f" {score['difference']:+.3f}{star}{gap}" if method != "none" else ""
            line[name] = f"{score['mean']:.3f}{change}"
        lines.append(line)
    return markdown(pd.DataFrame(lines))


def draw_replacement(there, images):
    """Draw the share of the real score, a panel a dataset, a line a method."""
    if not there:
        return
    width = 2.2 * len(there) + 2.2
    figure, axes = new_figure(1, len(there), width=width, height=3.8, sharex=True, sharey=True)
    tables = {
        dataset: replaced_recall(folder, "share_of_real").drop(index="none")
        for dataset, folder in there
    }
    methods = next(iter(tables.values())).index
    places = np.arange(len(methods))[::-1]
    for axis, (dataset, shares) in zip(axes[0], tables.items(), strict=True):
        shifts = np.linspace(0.24, -0.24, shares.shape[1])
        for name, shift, colour, marker in zip(shares, shifts, OKABE_ITO, "osD^", strict=False):
            axis.plot(
                shares[name].reindex(methods).clip(lower=LEAST_SHARE),
                places + shift,
                marker,
                color=colour,
                label=name,
                markersize=3.5,
            )
        axis.axvline(1, color="0.4", linewidth=0.8)
        axis.set_yticks(places, methods)
        axis.grid(axis="y", color="0.93")
        axis.set_title(dataset)
    axes[0, 0].set_xlim(LEAST_SHARE - 0.02, 1.08)
    figure.supxlabel("share of the macro recall with real spectra", fontsize=8)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4 if len(there) > 1 else 2)
    save_png(figure, images / "full_spectra_replacement.png")


def draw_oversampling(there, images):
    """Draw differences to the real training set alone, kept priors, a panel a classifier."""
    if not there:
        return
    tables = {d: read_csv(folder / "comparison.csv") for d, folder in there}
    classifiers = list(dict.fromkeys(next(iter(tables.values()))["classifier"]))
    figure, axes = new_figure(
        len(tables),
        len(classifiers),
        width=2.0 * len(classifiers) + 1,
        height=1.9 * len(tables) + 0.6,
        sharey="row",
    )
    for line, (dataset, table) in zip(axes, tables.items(), strict=True):
        for axis, classifier in zip(line, classifiers, strict=True):
            part = table[(table["classifier"] == classifier) & (table["priors"] == "observed")]
            _draw_differences(axis, part)
            axis.set_title(f"{dataset}, {classifier}")
        line[0].set_ylabel("difference to none")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    save_png(figure, images / "full_spectra_oversampling.png")


def _draw_differences(axis, part):
    methods = [m for m in METHOD_COLOURS if m in set(part["method"]) and m != "none"]
    for shift, method in zip(np.linspace(-0.3, 0.3, len(methods)), methods, strict=True):
        own = part[part["method"] == method].set_index(["class", "metric"]).loc[list(AVERAGES)]
        low = own["difference"] - own["difference_low"]
        high = own["difference_high"] - own["difference"]
        axis.errorbar(
            np.arange(len(own)) + shift,
            own["difference"],
            [low, high],
            fmt="o",
            markersize=3,
            linewidth=1,
            color=METHOD_COLOURS[method],
            label=method,
        )
    axis.axhline(0, color="0.4", linewidth=0.8)
    axis.set_xticks(range(len(AVERAGES)), [name.replace(" ", "\n") for name in AVERAGES.values()])


def draw_learning_curves(folder, images):
    """Draw recall and F1 of the rare classes over their number of training spectra."""
    frames = [
        read_csv(folder / f"rare-{n}" / "scores.csv").assign(n=n)
        for n in RARE
        if (folder / f"rare-{n}" / "scores.csv").is_file()
    ]
    if not frames:
        return
    scores = pd.concat(frames)
    rare = scores["class"].astype(str).isin([str(k) for k in range(2, 21, 2)])
    scores = scores[rare & (scores["priors"] == "balanced") & (scores["sample"] == "all")]
    keys = ["classifier", "metric", "method", "n", "repeat"]
    means = scores.groupby(keys, sort=False)["value"].mean().reset_index()
    classifiers = list(dict.fromkeys(means["classifier"]))
    figure, axes = new_figure(2, len(classifiers), width=2.4 * len(classifiers) + 0.6, height=4.4)
    for line, metric in zip(axes, ("recall", "f1"), strict=True):
        for axis, classifier in zip(line, classifiers, strict=True):
            part = means[(means["classifier"] == classifier) & (means["metric"] == metric)]
            for method, own in part.groupby("method", sort=False):
                course = own.groupby("n")["value"].agg(["mean", "std"])
                axis.errorbar(
                    course.index,
                    *(course["mean"], course["std"]),
                    color=METHOD_COLOURS[method],
                    marker="o",
                    markersize=3,
                    label=method,
                )
            axis.set_xscale("log")
            axis.set_xticks(RARE, RARE)
            axis.minorticks_off()
            axis.set_title(classifier)
            axis.set_ylabel(f"{metric} of the rare classes")
            axis.set_xlabel("training spectra of a rare class")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    save_png(figure, images / "full_spectra_learning.png")
    table = means[means["metric"] == "f1"].pivot_table(
        index=["classifier", "method"], columns="n", values="value", sort=False
    )
    print(f"\n### F1 of the rare classes\n\n{markdown(table.map('{:.3f}'.format).reset_index())}")


if __name__ == "__main__":
    main()
