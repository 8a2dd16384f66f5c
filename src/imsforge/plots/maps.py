"""Values of pixels, drawn where they were measured."""

import numpy as np
from matplotlib.colors import BoundaryNorm

from imsforge.plots.mosaic import mosaic
from imsforge.plots.style import INTENSITY_MAP, OKABE_ITO, SCORE_MAP, class_map, new_figure

#: Letters of a sample's name that fit over a whole map.
_LETTERS = 50


def pixel_image(x, y, values):
    """Arrange values of pixels as an image.

    Parameters
    ----------
    x, y : (n_pixels,) int arrays, coordinates; those of a `Mosaic` for several samples
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
    sheet = mosaic(peaks.x, peaks.y, peaks.sample, peaks.samples)
    figure, axes = _map_row(sheet, 2)
    draw_total_ion_current(axes[0], sheet, peaks.total_ion_current)
    label = np.where(labels.label > 0, labels.label, np.nan)
    draw_classes(axes[1], sheet, label, labels.names, "class")
    axes[1].set_title(f"{len(labels.names)} classes")
    return figure


def plot_total_ion_current(x, y, sample, samples, total):
    """Draw the total ion current alone.

    Parameters
    ----------
    x, y : (n_pixels,) int arrays, coordinates within a sample
    sample : (n_pixels,) int array, index into ``samples``
    samples : (n_samples,) str array
    total : (n_pixels,) array

    Returns
    -------
    Figure
    """
    sheet = mosaic(x, y, sample, samples)
    figure, axes = _map_row(sheet, 1)
    draw_total_ion_current(axes[0], sheet, total)
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
    sheet = mosaic(scores.x, scores.y, scores.sample, scores.samples)
    figure, axes = _map_row(sheet, 4)
    draw_total_ion_current(axes[0], sheet, scores.total_ion_current)
    _outline(axes[0], sheet, scores.train)
    axes[0].set_title("total ion current, healthy pixels outlined")
    _draw_score(axes[1], sheet, scores.critic, "critic, below healthy mean")
    _draw_score(axes[2], sheet, scores.mahalanobis, "Mahalanobis distance")
    names = np.arange(1, scores.kmeans.max() + 1).astype(str)
    draw_classes(axes[3], sheet, scores.kmeans, names, "cluster")
    axes[3].set_title("k-means")
    figure.suptitle(title)
    return figure


def draw_total_ion_current(axis, sheet, total):
    """Draw the summed intensity of each pixel, clipped at the 99.5th percentile."""
    top = np.percentile(total, 99.5)
    drawn = _draw(axis, sheet, total, INTENSITY_MAP, vmin=0, vmax=top)
    bar = axis.figure.colorbar(drawn, ax=axis, shrink=0.8, extend="max")
    bar.set_label("total ion current (intensity units)")
    bar.formatter.set_powerlimits((-3, 4))
    axis.set_title("total ion current")


def draw_classes(axis, sheet, label, names, title):
    """Draw labels 1 to n in the colours of classes, with their names beside the bar."""
    n_classes = len(names)
    norm = BoundaryNorm(np.arange(n_classes + 1) + 0.5, n_classes)
    drawn = _draw(axis, sheet, label, class_map(n_classes), norm=norm)
    bar = axis.figure.colorbar(drawn, ax=axis, shrink=0.8, ticks=np.arange(1, n_classes + 1))
    shown = [_fitted(name, _LETTERS // 2) for name in names]
    bar.ax.set_yticklabels(shown, fontsize=7 if n_classes <= 12 else 5)
    bar.ax.minorticks_off()
    bar.ax.invert_yaxis()
    bar.set_label(title)


def _outline(axis, sheet, inside):
    """Outline pixels, in a colour that shows on the map and on the white around it."""
    x_min, x_max, y_max, y_min = _extent(sheet)
    # With a border, so that pixels at the edge of the image are outlined too.
    image = np.pad(pixel_image(sheet.x, sheet.y, inside) == 1, 1)
    axis.contour(
        image,
        levels=[0.5],
        colors=OKABE_ITO[3],
        linewidths=1.2,
        extent=(x_min - 1, x_max + 1, y_max + 1, y_min - 1),
        origin="upper",
    )


def _draw_score(axis, sheet, score, text):
    low, high = np.percentile(score, [1, 99])
    drawn = _draw(axis, sheet, score, SCORE_MAP, vmin=low, vmax=max(high, low + 1e-12))
    axis.figure.colorbar(drawn, ax=axis, shrink=0.8, extend="both").set_label(text)
    axis.set_title(text)


def _draw(axis, sheet, values, cmap, **options):
    image = pixel_image(sheet.x, sheet.y, values)
    drawn = axis.imshow(image, cmap=cmap, extent=_extent(sheet), **options)
    if sheet.titles:
        _name_samples(axis, sheet.titles)
    else:
        axis.set(xlabel="x (pixels)", ylabel="y (pixels)")
    return drawn


def _name_samples(axis, titles):
    """Write each sample's name over it, instead of coordinates, which count within a sample."""
    for title in titles:
        text = _fitted(title.text, int(title.room * _LETTERS))
        axis.text(title.x, title.y, text, fontsize=6, ha="center", va="bottom")
    # The sheet begins at zero, with room for the names of the first row.
    axis.set_ylim(top=-0.5)
    axis.set(xticks=[], yticks=[], xlabel=f"pixels of {len(titles)} samples, at one scale")
    axis.spines[:].set_visible(False)


def _fitted(text, length):
    """Shorten a text before its end, since names of samples often begin alike."""
    if len(text) <= length:
        return text
    tail = max(2, 2 * length // 3)
    return f"{text[: max(1, length - tail - 1)]}…{text[-tail:]}"


def _extent(sheet):
    x, y = sheet.x, sheet.y
    return (x.min() - 0.5, x.max() + 0.5, y.max() + 0.5, y.min() - 0.5)


def _map_row(sheet, n_maps):
    ratio = (np.ptp(sheet.y) + 1) / (np.ptp(sheet.x) + 1)
    height = float(np.clip(2.75 * ratio, 2.3, 6.0)) + 0.5
    figure, axes = new_figure(1, n_maps, width=3.6 * n_maps, height=height)
    return figure, axes[0]
