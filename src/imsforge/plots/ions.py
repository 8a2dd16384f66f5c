"""The ions that tell a set of pixels from others: as spectra, and where they are."""

import numpy as np

from imsforge.plots.maps import (
    PAGE_WIDTH,
    bar_beside,
    draw_pixels,
    outline,
    without_coordinates,
)
from imsforge.plots.mean_spectrum import label_peaks
from imsforge.plots.mosaic import mosaic
from imsforge.plots.style import INTENSITY_MAP, OKABE_ITO, ROOT_SCALE, new_figure

_RAISED, _LOWERED, _OTHERS = OKABE_ITO[3], OKABE_ITO[0], "0.6"


def plot_ions(ranking, shares, pixels, outlined, title):
    """Draw the mean spectra of a set and its reference, mirrored, and images of leading ions.

    Parameters
    ----------
    ranking : DataFrame
        Of all ions, as `imsforge.ions.rank_ions` returns it; without rows where the set is empty.
    shares : (n_pixels, n_ions) array
        The leading ions in the ranking's order, as shares of their spectra's sums.
    pixels : PeakMatrix, AnomalyScores, or the like
        Has ``x``, ``y``, ``sample`` and ``samples`` of the pixels.
    outlined : (n_pixels,) bool, the set, or what of it is large enough to be outlined
    title : str

    Returns
    -------
    Figure, as wide as a page of two columns
    """
    sheet = mosaic(pixels.x, pixels.y, pixels.sample, pixels.samples)
    n_ions = shares.shape[1]
    n_rows = -(-n_ions // 3)
    ratio = (np.ptp(sheet.y) + 1) / (np.ptp(sheet.x) + 1)
    height = float(np.clip((PAGE_WIDTH / 3 - 0.8) * ratio, 1.0, 3.0)) + 0.5
    figure, axes = new_figure(
        1 + n_rows,
        3,
        width=PAGE_WIDTH,
        height=2.6 + n_rows * height,
        height_ratios=[1.8, *[height] * n_rows],
    )
    _draw_spectra(_across(axes[0]), ranking, n_ions)
    panels = axes[1:].ravel()
    for k, axis in enumerate(panels[:n_ions]):
        _draw_ion(axis, sheet, shares[:, k], outlined)
        ion = ranking.iloc[k]
        axis.set_title(f"m/z {ion['mz']:.3f}\n{ion['effect']:+.1f} sd, AUROC {ion['auroc']:.2f}")
        if k > 0:
            without_coordinates(axis)
    for axis in panels[n_ions:]:
        axis.remove()
    figure.suptitle(title)
    return figure


def _across(row):
    """Put one axis in the place of a row of them."""
    figure, place = row[0].figure, row[0].get_subplotspec().get_gridspec()[0, :]
    for axis in row:
        axis.remove()
    return figure.add_subplot(place)


def _draw_spectra(axis, ranking, n_ions):
    if len(ranking) == 0:
        axis.set_axis_off()
        axis.text(0.5, 0.5, "no pixels to rank ions of", ha="center", va="center")
        return
    colours = np.full(len(ranking), _OTHERS, dtype=object)
    colours[:n_ions] = np.where(ranking["effect"][:n_ions] > 0, _RAISED, _LOWERED)
    # The leading ions last, over the others.
    drawn, colours = ranking[::-1], colours[::-1]
    of = {"colors": colours, "linewidth": 0.8}
    axis.vlines(drawn["mz"], 0, 100 * drawn["mean_inside"], **of)
    axis.vlines(drawn["mz"], 0, -100 * drawn["mean_outside"], **of)
    axis.axhline(0, color="black", linewidth=0.5)
    # Square roots keep the many small peaks visible beside the few large ones.
    axis.set_yscale("function", functions=ROOT_SCALE)
    top = 100 * max(ranking["mean_inside"].max(), ranking["mean_outside"].max())
    axis.set_ylim(-top, top)
    margin = 0.02 * max(np.ptp(ranking["mz"]), 1.0)
    axis.set_xlim(ranking["mz"].min() - margin, ranking["mz"].max() + margin)
    ticks = top * np.array([-0.81, -0.16, 0, 0.16, 0.81])
    axis.set_yticks(ticks, [f"{abs(tick):.2g}" for tick in ticks])
    axis.minorticks_off()
    axis.set(xlabel="m/z", ylabel="mean share (%)\nsquare-root scale")
    for place, text in ((0.75, "the set"), (0.25, "reference")):
        of = {"rotation": 90, "ha": "left", "va": "center", "fontsize": 7}
        axis.text(1.01, place, text, transform=axis.transAxes, **of)
    leading = ranking[:n_ions].sort_values("mz")
    label_peaks(axis, leading["mz"].to_numpy(), 100 * leading["mean_inside"].to_numpy())


def _draw_ion(axis, sheet, share, outlined):
    percent = 100 * share
    top = max(np.percentile(percent, 99.5), np.finfo(np.float32).tiny)
    drawn = draw_pixels(axis, sheet, percent, INTENSITY_MAP, vmin=0, vmax=top)
    outline(axis, sheet, outlined, _RAISED, 0.6)
    bar_beside(axis, drawn, "share (%)", extend="max")
