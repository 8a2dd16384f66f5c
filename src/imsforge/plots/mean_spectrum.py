"""The peaks that were found, as a mean spectrum."""

import numpy as np
from sklearn.isotonic import isotonic_regression

from imsforge.plots.style import OKABE_ITO, new_figure

#: Peaks that are labelled with their m/z.
LABELLED = 10

#: Least distance of two labels, as a share of the axis.
_SPACING = 0.018


def plot_peaks(mz, mean_intensity, title):
    """Draw the mean intensity of each peak over its m/z, and label the ten largest.

    Parameters
    ----------
    mz : (n_peaks,) array, ascending
    mean_intensity : (n_peaks,) array, over all pixels
    title : str

    Returns
    -------
    Figure
    """
    mz, mean_intensity = np.asarray(mz), np.asarray(mean_intensity)
    figure, axes = new_figure(width=9.0, height=3.2)
    axis = axes[0, 0]
    axis.vlines(mz, 0, mean_intensity, color=OKABE_ITO[0], linewidth=0.6)
    span = max(mz[-1] - mz[0], 1.0)
    margin = 0.02 * span
    axis.set_xlim(mz[0] - margin, mz[-1] + margin)
    # Square roots keep the many small peaks visible beside the few large ones.
    axis.set_yscale("function", functions=(_root, np.square))
    axis.set_ylim(0, max(mean_intensity.max(), np.finfo(np.float32).tiny))
    axis.set(xlabel="m/z", ylabel="mean intensity\n(square-root scale)")
    largest = np.sort(np.argsort(-mean_intensity, kind="stable")[:LABELLED])
    label_peaks(axis, mz[largest], mean_intensity[largest])
    figure.suptitle(f"{title}: {len(mz)} peaks")
    return figure


def spread(places, spacing):
    """Move places apart as little as possible, in least squares, and keep their order.

    Places that are ``spacing`` apart, less their number times ``spacing``, ascend: an isotonic
    regression.

    Parameters
    ----------
    places : (n,) array, ascending
    spacing : float, least distance of neighbours

    Returns
    -------
    (n,) array
    """
    steps = spacing * np.arange(len(places))
    return isotonic_regression(places - steps) + steps


def label_peaks(axis, mz, height):
    """Write ascending m/z values in one line above a spectrum, each tied to its peak."""
    spacing = _SPACING * np.ptp(axis.get_xlim())
    transform = axis.get_xaxis_transform()
    for at, place, top in zip(mz, spread(mz, spacing), height, strict=True):
        axis.annotate(
            f"{at:.3f}",
            xy=(at, top),
            xytext=(place, 1.07),
            textcoords=transform,
            rotation=90,
            fontsize=6,
            ha="center",
            va="bottom",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.4, "shrinkB": 0},
        )


def _root(values):
    return np.sqrt(np.maximum(values, 0))
