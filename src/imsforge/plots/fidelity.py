"""Generated spectra of a class against real ones, method by method."""

import numpy as np

from imsforge.plots.spectra import GENERATED, REAL, draw_band
from imsforge.plots.style import new_figure

#: Methods side by side; further ones go below.
COLUMNS = 5

NEIGHBOUR = "#BBBBBB"

#: Inches: of a panel, of a method's line among the dots, and of the dots' axis.
PANEL_WIDTH, PANEL_HEIGHT, LINE, AXIS = 2.5, 1.9, 0.2, 0.6


def plot_fidelity(view, scores, title):
    """Draw how much generated spectra look like real ones.

    For each method mean and three-sigma band over the peaks, and below it the spectra on the first
    two principal components of the real ones; at the bottom how well a random forest tells the two
    apart, over all classes.

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
    columns = min(COLUMNS, len(methods))
    blocks = -(-len(methods) // columns)
    dots = AXIS + LINE * len(methods)
    figure, axes = new_figure(
        2 * blocks + 1,
        columns,
        width=PANEL_WIDTH * columns + 0.8,
        height=2 * PANEL_HEIGHT * blocks + dots,
        height_ratios=[PANEL_HEIGHT] * 2 * blocks + [dots],
    )
    bands = axes[:-1:2].ravel()
    clouds = axes[1:-1:2].ravel()
    for band, cloud, method in zip(bands, clouds, methods, strict=False):
        _draw_spectra(band, view.real, view.generated[method])
        band.set_title(method)
        _draw_cloud(cloud, view, method)
    _share_axes(bands[: len(methods)])
    for unused in (*bands[len(methods) :], *clouds[len(methods) :]):
        unused.set_axis_off()
    for block in range(blocks):
        axes[2 * block, 0].set_ylabel("intensity,\nmean and 3 sigma")
        axes[2 * block + 1, 0].set_ylabel(f"component 2 ({view.explained[1]:.0%})")
    bands[0].legend(loc="upper right")
    _draw_legend(clouds[0])
    _draw_dots(_whole_row(figure, axes[-1]), scores, methods)
    figure.suptitle(title)
    return figure


def _draw_spectra(axis, real, generated):
    draw_band(axis, real, REAL, "real, test")
    draw_band(axis, generated, GENERATED, "generated")
    axis.set_xlabel("peak, by m/z")


def _share_axes(axes):
    """Give all panels the widest limits among them."""
    limits = np.array([axis.get_ylim() for axis in axes])
    for axis in axes:
        axis.set_ylim(limits[:, 0].min(), limits[:, 1].max())


def _draw_cloud(axis, view, method):
    """Draw spectra as points; the real class sets the limits, what lies beyond is counted."""
    points = view.generated_points[method]
    marks = {"s": 7, "linewidths": 0, "rasterized": True}
    axis.scatter(
        *view.neighbour_points.T, color=NEIGHBOUR, alpha=0.4, label="other classes", **marks
    )
    axis.scatter(*points.T, color=GENERATED, alpha=0.5, label="generated", **marks)
    axis.scatter(*view.real_points.T, color=REAL, alpha=0.9, label="real, test", **marks)
    low, high = view.extent + (view.extent[1] - view.extent[0]) * [[-0.5], [0.5]]
    axis.set_xlim(low[0], high[0])
    axis.set_ylim(low[1], high[1])
    outside = np.any((points < low) | (points > high), axis=1).mean()
    if outside:
        axis.set_title(f"{outside:.0%} generated lie outside", color=GENERATED)
    axis.set_xlabel(f"component 1 ({view.explained[0]:.0%})")


def _draw_legend(axis):
    legend = axis.legend(loc="upper right", handletextpad=0.1, borderpad=0)
    for handle in legend.legend_handles:
        handle.set_alpha(1)


def _whole_row(figure, row):
    """Replace a row of axes by one."""
    place = row[0].get_gridspec()[-1, :]
    for axis in row:
        axis.remove()
    return figure.add_subplot(place)


def _draw_dots(axis, scores, methods):
    """Draw the area under the curve of each repeat, and mean and standard deviation over them."""
    own = scores[(scores["metric"] == "two_sample_auc") & (scores["class"] == "all")]
    for line, method in enumerate(methods):
        values = own.loc[own["method"] == method, "value"].to_numpy()
        axis.scatter(values, np.full(len(values), line), color=GENERATED, alpha=0.4, s=10)
        if len(values):
            spread = values.std(ddof=1) if len(values) > 1 else 0
            axis.errorbar(values.mean(), line, xerr=spread, color=GENERATED, fmt="o", markersize=4)
    axis.axvline(0.5, color="black", linestyle="--", linewidth=0.8)
    axis.set_yticks(range(len(methods)), methods)
    axis.set_ylim(len(methods) - 0.5, -0.5)
    axis.set_xlim(min(0.45, own["value"].min() - 0.02), 1.02)
    axis.set_xlabel(
        "area under the curve of a random forest that tells generated from real spectra of all "
        "classes (0.5: it cannot)"
    )
