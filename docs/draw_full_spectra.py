"""Draw the figures of full-spectra.md, from the results of its study.

    python docs/draw_full_spectra.py results docs/images

The folder is the one that ``config/studies/full-spectra.yaml`` filled, wholly or in part.
"""

import sys
from pathlib import Path

import numpy as np
from study_tables import rare_scores
from tables import AbsentError, Results
from write_full_spectra import DATASETS, HEADLINE, RARE

from imsforge.artifacts.figures import save_png
from imsforge.plots.style import OKABE_ITO, new_figure

#: Smaller shares are drawn here.
LEAST_SHARE = 0.7
MARKERS = "osD^v"


def main(folder, images):
    """Draw whatever results there are."""
    results, images = Results(folder), Path(images)
    for draw in (draw_replacement, draw_learning_curves):
        try:
            draw(results, images)
        except AbsentError as absent:
            print(f"not run: {absent}")


def draw_replacement(results, images):
    """Draw the share of the real score, a panel a dataset, a line a method; blocked splits open."""
    there = [name for name in DATASETS if results.has(f"{name}/five")]
    if not there:
        raise AbsentError("five")
    methods = [method for method in HEADLINE if method != "none"]
    places = np.arange(len(methods))[::-1]
    width = 2.2 * len(there) + 2.2
    figure, axes = new_figure(1, len(there), width=width, height=3.8, sharex=True, sharey=True)
    for axis, name in zip(axes[0], there, strict=True):
        for path, face in ((f"{name}/five", None), (f"{name}/five-blocks", "none")):
            if results.has(path):
                shares = results.shares(path).reindex(methods)
                _draw_shares(axis, shares, places, face)
        axis.axvline(1, color="0.4", linewidth=0.8)
        axis.set_yticks(places, methods)
        axis.grid(axis="y", color="0.93")
        axis.set_title(name)
    axes[0, 0].set_xlim(LEAST_SHARE - 0.02, 1.08)
    figure.supxlabel("share of the macro recall with real spectra; open: blocked split", fontsize=8)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=5 if len(there) > 1 else 2)
    save_png(figure, images / "full_spectra_replacement.png")


def _draw_shares(axis, shares, places, face):
    shifts = np.linspace(0.3, -0.3, shares.shape[1])
    for name, shift, colour, marker in zip(shares, shifts, OKABE_ITO, MARKERS, strict=False):
        axis.plot(
            shares[name].clip(lower=LEAST_SHARE),
            places + shift,
            marker,
            color=colour,
            markerfacecolor=colour if face is None else face,
            label=name if face is None else None,
            markersize=3.5,
        )


def draw_learning_curves(results, images):
    """Draw the F1 of the rare classes over their number of training spectra."""
    scores = rare_scores(results, "bladder", RARE)
    methods, classifiers = (list(dict.fromkeys(scores[key])) for key in ("method", "classifier"))
    figure, axes = new_figure(1, len(classifiers), width=2.4 * len(classifiers) + 0.6, height=3)
    for axis, classifier in zip(axes[0], classifiers, strict=True):
        for method, colour in zip(methods, OKABE_ITO, strict=False):
            own = scores[(scores["classifier"] == classifier) & (scores["method"] == method)]
            course = own.groupby("n")["value"].agg(["mean", "std"])
            values = course.index, course["mean"], course["std"]
            axis.errorbar(*values, color=colour, marker="o", markersize=3, label=method)
        axis.set_xscale("log")
        axis.set_xticks(RARE, RARE)
        axis.minorticks_off()
        axis.set_title(classifier)
        axis.set_ylabel("F1 of the rare classes")
        axis.set_xlabel("training spectra of a rare class")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    save_png(figure, images / "full_spectra_learning.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
