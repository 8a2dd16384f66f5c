"""Probabilities against how often they come true."""

import numpy as np

from imsforge.plots.style import class_colours, new_figure

#: Least spectra of a bin that is drawn: of fewer, a share is chance.
LEAST = 10


def plot_reliability(reliability, title):
    """Draw reliability diagrams, a panel a task and classifier, a line a method.

    Repeats are pooled; of several class priors, the first alone is drawn (DeGroot and Fienberg
    1983).

    Parameters
    ----------
    reliability : DataFrame
        With columns task, classifier, priors, method, repeat, bin, confidence, accuracy, count.
    title : str

    Returns
    -------
    Figure
    """
    priors = reliability["priors"].iloc[0]
    reliability = reliability[reliability["priors"] == priors]
    methods = list(dict.fromkeys(reliability["method"]))
    colours = dict(zip(methods, class_colours(len(methods)), strict=True))
    tasks, classifiers = (list(dict.fromkeys(reliability[name])) for name in ("task", "classifier"))
    figure, axes = new_figure(
        len(tasks),
        len(classifiers),
        width=2.5 * len(classifiers) + 0.5,
        height=(3.1 + 0.18 * len(methods)) * len(tasks),
    )
    for line, task in zip(axes, tasks, strict=True):
        for axis, classifier in zip(line, classifiers, strict=True):
            part = reliability.query("task == @task and classifier == @classifier")
            _draw_lines(axis, part, colours)
            axis.set_title(f"{task}, {classifier}")
            axis.set_xlabel("probability of the likeliest class")
        line[0].set_ylabel("share that is of this class")
    figure.suptitle(f"{title}; class priors {priors}")
    return figure


def _draw_lines(axis, part, colours):
    axis.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=0.8)
    for method, own in part.groupby("method", sort=False):
        curve = pooled(own)
        label = f"{method} {calibration_error(curve):.3f}"
        curve = curve[curve["count"] >= LEAST]
        axis.plot(
            curve["confidence"],
            curve["accuracy"],
            color=colours[method],
            marker="o",
            markersize=2.5,
            label=label,
        )
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    axis.set_aspect("equal")
    axis.legend(loc="upper left", bbox_to_anchor=(0, -0.24), borderpad=0, labelspacing=0.3)


def pooled(bins):
    """Pool bins of several repeats.

    Parameters
    ----------
    bins : DataFrame with columns bin, confidence, accuracy, count

    Returns
    -------
    DataFrame with columns confidence, accuracy, count; indexed by bin
        Means weighted by the counts, and their sums.
    """
    sums = bins[["confidence", "accuracy"]].mul(bins["count"], axis=0)
    sums = sums.assign(bin=bins["bin"], count=bins["count"]).groupby("bin").sum()
    return sums.assign(
        confidence=sums["confidence"] / sums["count"], accuracy=sums["accuracy"] / sums["count"]
    )


def calibration_error(curve):
    """Return the mean distance of accuracy and confidence, weighted by counts, of `pooled`."""
    return np.average(np.abs(curve["accuracy"] - curve["confidence"]), weights=curve["count"])
