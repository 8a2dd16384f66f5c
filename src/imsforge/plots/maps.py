"""Values of pixels, drawn where they were measured."""

import numpy as np
from matplotlib.colors import BoundaryNorm

from imsforge.plots.style import INTENSITY_MAP, SCORE_MAP, class_map, new_figure


def pixel_image(x, y, values):
    """Arrange values of pixels as an image.

    Parameters
    ----------
    x, y : (n_pixels,) int arrays, coordinates
    values : (n_pixels,) array

    Returns
    -------
    (height, width) float array, NaN where nothing was measured
    """
    image = np.full((np.ptp(y) + 1, np.ptp(x) + 1), np.nan)
    image[y - y.min(), x - x.min()] = values
    return image


def plot_classes(peaks, labels):
    """Draw the total ion current beside the classes.

    Parameters
    ----------
    peaks : PeakMatrix
    labels : Labels

    Returns
    -------
    Figure
    """
    figure, axes = _map_row(peaks.x, peaks.y, 2)
    draw_total_ion_current(axes[0], peaks.x, peaks.y, peaks.total_ion_current)
    label = np.where(labels.label > 0, labels.label, np.nan)
    draw_classes(axes[1], peaks.x, peaks.y, label, labels.names, "class")
    axes[1].set_title(f"{len(labels.names)} classes")
    return figure


def plot_anomaly(scores, title):
    """Draw the healthy pixels, the critic's score, its Gaussian baseline and k-means.

    Thesis figures B-1 and B-2.

    Parameters
    ----------
    scores : AnomalyScores
    title : str

    Returns
    -------
    Figure
    """
    x, y = scores.x, scores.y
    figure, axes = _map_row(x, y, 4)
    draw_total_ion_current(axes[0], x, y, scores.total_ion_current)
    axes[0].contour(
        np.nan_to_num(pixel_image(x, y, scores.train)) > 0.5,
        levels=[0.5],
        colors="white",
        linewidths=1.2,
        extent=_extent(x, y),
        origin="upper",
    )
    axes[0].set_title("total ion current, healthy pixels outlined")
    _draw_score(axes[1], x, y, scores.critic, "critic, below healthy mean")
    _draw_score(axes[2], x, y, scores.mahalanobis, "Mahalanobis distance")
    names = np.arange(1, scores.kmeans.max() + 1).astype(str)
    draw_classes(axes[3], x, y, scores.kmeans, names, "cluster")
    axes[3].set_title("k-means")
    figure.suptitle(title)
    return figure


def draw_total_ion_current(axis, x, y, total):
    """Draw the summed intensity of each pixel, clipped at the 99.5th percentile."""
    top = np.percentile(total, 99.5)
    drawn = _draw(axis, x, y, total, INTENSITY_MAP, vmin=0, vmax=top)
    bar = axis.figure.colorbar(drawn, ax=axis, shrink=0.8, extend="max")
    bar.set_label("total ion current (intensity units)")
    bar.formatter.set_powerlimits((-3, 4))
    axis.set_title("total ion current")


def draw_classes(axis, x, y, label, names, title):
    """Draw labels 1 to n in the colours of classes, with their names beside the bar."""
    n_classes = len(names)
    norm = BoundaryNorm(np.arange(n_classes + 1) + 0.5, n_classes)
    drawn = _draw(axis, x, y, label, class_map(n_classes), norm=norm)
    bar = axis.figure.colorbar(drawn, ax=axis, shrink=0.8, ticks=np.arange(1, n_classes + 1))
    bar.ax.set_yticklabels(names, fontsize=7 if n_classes <= 12 else 5)
    bar.ax.minorticks_off()
    bar.ax.invert_yaxis()
    bar.set_label(title)


def _draw_score(axis, x, y, score, text):
    low, high = np.percentile(score, [1, 99])
    drawn = _draw(axis, x, y, score, SCORE_MAP, vmin=low, vmax=max(high, low + 1e-12))
    axis.figure.colorbar(drawn, ax=axis, shrink=0.8, extend="both").set_label(text)
    axis.set_title(text)


def _draw(axis, x, y, values, cmap, **options):
    axis.set_xlabel("x (pixels)")
    axis.set_ylabel("y (pixels)")
    image = pixel_image(x, y, values)
    return axis.imshow(image, cmap=cmap, extent=_extent(x, y), **options)


def _extent(x, y):
    return (x.min() - 0.5, x.max() + 0.5, y.max() + 0.5, y.min() - 0.5)


def _map_row(x, y, n_maps):
    ratio = (np.ptp(y) + 1) / (np.ptp(x) + 1)
    height = float(np.clip(2.75 * ratio, 2.3, 6.0)) + 0.5
    figure, axes = new_figure(1, n_maps, width=3.6 * n_maps, height=height)
    return figure, axes[0]
