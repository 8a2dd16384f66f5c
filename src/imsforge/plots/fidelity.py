"""Generated spectra of a class against real ones, method by method."""

import numpy as np

from imsforge.fidelity.assessment import ALL_CLASSES
from imsforge.plots.spectra import GENERATED, REAL
from imsforge.plots.style import new_figure

#: Most methods side by side; further ones go below.
COLUMNS = 5

NEIGHBOUR, NEIGHBOUR_TEXT = "#BBBBBB", "#777777"

#: Inches: a panel, the line of a method among the dots, and what the dots' axis takes.
PANEL_WIDTH, PANEL_HEIGHT, LINE, AXIS = 2.4, 2.0, 0.2, 0.7

#: Room around the real spectra of the class, in shares of their extent.
MARGIN = 0.15


def plot_fidelity(view, scores, title):
    """Draw how much generated spectra look like real ones.

    For each method the mean spectra, real ones upwards and generated ones downwards, with a band of
    one standard deviation; below, all spectra on the first two principal components of the real
    ones; at the bottom how well a random forest tells the two apart, over all classes.

    Parameters
    ----------
    view : ClassView
    scores : DataFrame with the columns of ``fidelity.csv``, of all repeats
    title : str

    Returns
    -------
    Figure
    """
    methods = list(view.generated)
    blocks = -(-len(methods) // COLUMNS)
    columns = -(-len(methods) // blocks)
    dots = AXIS + LINE * len(methods)
    figure, axes = new_figure(
        2 * blocks + 1,
        columns,
        width=max(PANEL_WIDTH * columns, 3 * PANEL_WIDTH) + 0.6,
        height=2 * PANEL_HEIGHT * blocks + dots,
        height_ratios=[PANEL_HEIGHT] * 2 * blocks + [dots],
    )
    mirrors, clouds = axes[:-1:2].ravel(), axes[1:-1:2].ravel()
    for mirror, cloud, method in zip(mirrors, clouds, methods, strict=False):
        _draw_mirror(mirror, view.real, view.generated[method])
        mirror.set_title(method)
        _draw_cloud(cloud, view, method)
    _share_height(mirrors[: len(methods)])
    for unused in (*mirrors[len(methods) :], *clouds[len(methods) :]):
        unused.set_axis_off()
    _label(axes[:-1], view.explained)
    _draw_dots(_whole_row(figure, axes[-1]), scores, methods)
    figure.suptitle(title)
    return figure


def _draw_mirror(axis, real, generated):
    """Draw mean spectra and bands over the peaks' numbers, on a square-root scale both ways."""
    for spectra, sign, colour in ((real, 1, REAL), (generated, -1, GENERATED)):
        mean, spread = spectra.mean(axis=0), spectra.std(axis=0)
        low, height, high = (
            sign * np.sqrt(np.maximum(edge, 0)) for edge in (mean - spread, mean, mean + spread)
        )
        peak = np.arange(1, len(mean) + 1)
        axis.fill_between(peak, low, high, color=colour, alpha=0.3, linewidth=0)
        axis.plot(peak, height, color=colour, linewidth=0.6)
    axis.axhline(0, color="black", linewidth=0.5)
    axis.set_xlim(1, len(mean))
    axis.set_yticks([])


def _share_height(axes):
    """Give all mirrors the height of the highest, up and down."""
    height = max(np.abs(axis.get_ylim()).max() for axis in axes)
    for axis in axes:
        axis.set_ylim(-height, height)


def _draw_cloud(axis, view, method):
    """Draw spectra as points; the real class sets the limits, what lies beyond is counted."""
    points = view.generated_points[method]
    marks = {"linewidths": 0, "rasterized": True}
    axis.scatter(*view.neighbour_points.T, s=5, color=NEIGHBOUR, alpha=0.4, **marks)
    axis.scatter(*points.T, s=9, color=GENERATED, alpha=0.6, **marks)
    axis.scatter(*view.real_points.T, s=9, color=REAL, **marks)
    low, high = view.extent + MARGIN * np.ptp(view.extent, axis=0) * [[-1], [1]]
    axis.set_xlim(low[0], high[0])
    axis.set_ylim(low[1], high[1])
    axis.set_xticks([])
    axis.set_yticks([])
    outside = np.any((points < low) | (points > high), axis=1).mean()
    if outside >= 0.005:
        axis.set_title(f"{outside:.0%} of the generated lie outside", color=GENERATED)


def _label(axes, explained):
    """Say at each row what its axes are, and once which colour is what."""
    for mirrors, clouds in zip(axes[::2], axes[1::2], strict=True):
        mirrors[0].set_ylabel("intensity (square root)")
        clouds[0].set_ylabel(f"component 2\n({explained[1]:.0%} of the variance)")
        for mirror, cloud in zip(mirrors, clouds, strict=True):
            mirror.set_xlabel("peak, by m/z")
            cloud.set_xlabel(f"component 1 ({explained[0]:.0%} of the variance)")
    _write(axes[0, 0], "top", "real, test", REAL)
    _write(axes[0, 0], "bottom", "generated", GENERATED)
    _write(axes[1, 0], "bottom", "other classes", NEIGHBOUR_TEXT)


def _write(axis, where, text, colour):
    """Write into a corner on the right, which the spectra leave free."""
    place = {"ha": "right", "va": where, "transform": axis.transAxes}
    paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
    axis.text(0.98, {"top": 0.98, "bottom": 0.02}[where], text, color=colour, bbox=paper, **place)


def _whole_row(figure, row):
    """Replace a row of axes by one."""
    place = row[0].get_gridspec()[-1, :]
    for axis in row:
        axis.remove()
    return figure.add_subplot(place)


def _draw_dots(axis, scores, methods):
    """Draw the area under the curve of each repeat, and mean and standard deviation over them."""
    own = scores[(scores["metric"] == "two_sample_auc") & (scores["class"] == ALL_CLASSES)]
    for line, method in enumerate(methods):
        values = own.loc[own["method"] == method, "value"]
        axis.scatter(values, np.full(len(values), line), color=GENERATED, alpha=0.4, s=10)
        if len(values):
            spread = values.std() if len(values) > 1 else 0
            axis.errorbar(values.mean(), line, xerr=spread, color=GENERATED, fmt="o", markersize=4)
    axis.axvline(0.5, color="black", linestyle="--", linewidth=0.8)
    axis.set_yticks(range(len(methods)), methods)
    axis.set_ylim(len(methods) - 0.5, -0.5)
    axis.set_xlim(min(0.45, own["value"].min() - 0.02), 1.02)
    axis.set_xlabel(
        "area under the curve of a random forest that tells generated from real spectra, all "
        "classes\n0.5: it cannot, 1: it always can"
    )
