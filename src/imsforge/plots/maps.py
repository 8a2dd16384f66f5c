"""Values of pixels, drawn where they were measured."""

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy import ndimage

from imsforge.anomaly.regions import find_regions
from imsforge.plots.mosaic import mosaic
from imsforge.plots.style import INTENSITY_MAP, OKABE_ITO, SCORE_MAP, class_map, new_figure

#: Outlines that show on every map and on the white around it, and what is no tissue.
HEALTHY, ABNORMAL, OFF_TISSUE = OKABE_ITO[3], OKABE_ITO[4], "0.75"

#: Width of a page of two columns in inches, and panels side by side on it, at most; one fewer where
#: they are lower than this share of their width, or show several samples.
PAGE_WIDTH, _COLUMNS, _WIDE = 7.2, 4, 0.75

#: Letters of a name that fit on an inch, inches of a line of names, and those of a colour bar.
_LETTERS, _LINE, _BAR = 17, 0.1, 0.6

# Holes of an outline that would hide what is in it.
_SMALL_HOLE = 20


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


def plot_anomaly(scores, title, *, label=None, names=(), min_pixels=20):
    """Draw the healthy pixels, the map of each detector on one scale, k-means and the classes.

    Thesis figures B-1 and B-2. The scale is the false-alarm rate among healthy pixels, since scores
    of different detectors have no common unit. Regions above each detector's threshold are
    outlined, boldly for the leading one. Coordinates are written on the first panel alone.

    Parameters
    ----------
    scores : AnomalyScores
    title : str
    label : (n,) int array, the pixels' classes, 0 for none; None where there are no classes
    names : (n_classes,) str
    min_pixels : int
        Smaller regions are not outlined.

    Returns
    -------
    Figure, as wide as a page of two columns
    """
    sheet = mosaic(scores.x, scores.y, scores.sample, scores.samples)
    n_maps, n_clusters = len(scores.detectors), scores.kmeans.max()
    n_panels = 2 + n_maps + (label is not None)
    figure, axes = _map_page(sheet, n_panels, max(n_clusters, len(names)))
    draw_total_ion_current(axes[0], sheet, scores.total_ion_current)
    outline(axes[0], sheet, scores.healthy, HEALTHY, 1.0)
    for k, (axis, name) in enumerate(zip(axes[1 : n_maps + 1], scores.detectors, strict=True)):
        drawn = _draw_false_alarms(axis, sheet, scores, k)
        abnormal = scores.abnormal(k)
        regions = find_regions(scores.x, scores.y, scores.sample, abnormal, min_pixels=min_pixels)
        outline(axis, sheet, regions > 0, ABNORMAL, 0.8 if k == 0 else 0.4)
        axis.set_title(f"{name} (leading)" if k == 0 and n_maps > 1 else str(name))
    clusters = np.arange(1, n_clusters + 1).astype(str)
    draw_classes(axes[n_maps + 1], sheet, scores.kmeans, clusters, "cluster")
    axes[n_maps + 1].set_title("k-means")
    if label is not None:
        draw_classes(axes[-1], sheet, np.where(label > 0, label, np.nan), names, "class")
        axes[-1].set_title("classes")
    for axis in axes[1:]:
        without_coordinates(axis)
    ticks = 10.0 ** np.arange(np.ceil(np.log10(drawn.norm.vmin)), 1)
    bar = figure.colorbar(drawn, ax=axes, location="bottom", shrink=0.5, aspect=40)
    bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    bar.set_label("false-alarm rate among healthy pixels")
    keys = _keys(f"above the threshold, {min_pixels} pixels or more", scores.tissue.all())
    figure.legend(handles=keys, loc="outside lower center", ncols=3)
    figure.suptitle(title)
    # Maps grow lower as they grow narrower, so that the layout settles in the second pass alone.
    figure.draw_without_rendering()
    return figure


def _draw_false_alarms(axis, sheet, scores, k):
    rate = np.where(scores.tissue, scores.false_alarm_rate[:, k], np.nan)
    norm = LogNorm(1 / (np.count_nonzero(scores.healthy) + 1), 1)
    off = pixel_image(sheet.x, sheet.y, np.where(scores.tissue, np.nan, 0.0))
    axis.imshow(off, cmap=ListedColormap([OFF_TISSUE]), extent=_extent(sheet))
    # Reversed: the lower the rate, the brighter, as for scores.
    return draw_pixels(axis, sheet, rate, f"{SCORE_MAP}_r", norm=norm)


def _keys(outlined, all_tissue):
    """Return what stands in the legend."""
    keys = [
        Line2D([], [], color=HEALTHY, label="healthy pixels"),
        Line2D([], [], color=ABNORMAL, label=outlined),
    ]
    return keys if all_tissue else [*keys, Patch(color=OFF_TISSUE, label="off the tissue")]


def draw_total_ion_current(axis, sheet, total):
    """Draw the summed intensity of each pixel, clipped at the 99.5th percentile."""
    top = np.percentile(total, 99.5)
    drawn = draw_pixels(axis, sheet, total, INTENSITY_MAP, vmin=0, vmax=top)
    bar = bar_beside(axis, drawn, "intensity units", extend="max")
    bar.formatter.set_powerlimits((-3, 4))
    axis.set_title("total ion current")


def draw_classes(axis, sheet, label, names, title):
    """Draw labels 1 to n in the colours of classes, with their names beside the bar."""
    n_classes = len(names)
    norm = BoundaryNorm(np.arange(n_classes + 1) + 0.5, n_classes)
    drawn = draw_pixels(axis, sheet, label, class_map(n_classes), norm=norm)
    # Low maps have bars that are higher, so that the names do not run into each other.
    height = max(1.0, _LINE * n_classes / _height(axis))
    bar = bar_beside(axis, drawn, title, height, ticks=np.arange(1, n_classes + 1))
    shown = [_fitted(name, int(_LETTERS * _width(axis) / 2)) for name in names]
    bar.ax.set_yticklabels(shown, fontsize=7 if n_classes <= 12 else 6)
    bar.ax.minorticks_off()
    bar.ax.invert_yaxis()


def bar_beside(axis, drawn, text, height=1.0, **options):
    """Draw a colour bar beside a map, so many times as high, and return it."""
    place = axis.inset_axes([1.04, (1 - height) / 2, 0.06, height])
    bar = axis.figure.colorbar(drawn, cax=place, **options)
    bar.set_label(text)
    return bar


def without_coordinates(axis):
    """Leave out coordinates, where a neighbour of the same extent shows them."""
    axis.set(xlabel="", ylabel="", xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def outline(axis, sheet, inside, colour, width):
    """Outline pixels by a line of so many points; holes of a few pixels have none."""
    if not inside.any():
        return
    x_min, x_max, y_max, y_min = _extent(sheet)
    # With a border, so that pixels at the edge of the image are outlined too.
    image = np.pad(pixel_image(sheet.x, sheet.y, inside) == 1, 1)
    hole, _ = ndimage.label(~image)
    axis.contour(
        image | (np.bincount(hole.ravel()) < _SMALL_HOLE)[hole],
        levels=[0.5],
        colors=colour,
        linewidths=width,
        extent=(x_min - 1, x_max + 1, y_max + 1, y_min - 1),
        origin="upper",
    )


def draw_pixels(axis, sheet, values, cmap, **options):
    """Draw values where they were measured, NaN nowhere, and return the image."""
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
        text = _fitted(title.text, int(title.room * _LETTERS * _width(axis)))
        axis.text(title.x, title.y, text, fontsize=6, ha="center", va="bottom")
    # The sheet begins at zero, with room for the names of the first row.
    axis.set_ylim(top=-0.5)
    axis.set(xticks=[], yticks=[], xlabel=f"pixels of {len(titles)} samples,\nat one scale")
    axis.spines[:].set_visible(False)


def _fitted(text, length):
    """Shorten a text before its end, since names of samples often begin alike."""
    if len(text) <= length:
        return text
    tail = max(2, 2 * length // 3)
    return f"{text[: max(1, length - tail - 1)]}…{text[-tail:]}"


def _width(axis):
    """Return about how many inches a map has beside its colour bar."""
    columns = axis.get_subplotspec().get_gridspec().ncols
    return axis.figure.get_figwidth() / columns - _BAR


def _height(axis):
    return _width(axis) * abs(np.ptp(axis.get_ylim()) / np.ptp(axis.get_xlim()))


def _extent(sheet):
    x, y = sheet.x, sheet.y
    return (x.min() - 0.5, x.max() + 0.5, y.max() + 0.5, y.min() - 0.5)


def _map_row(sheet, n_maps):
    ratio = (np.ptp(sheet.y) + 1) / (np.ptp(sheet.x) + 1)
    height = float(np.clip(2.75 * ratio, 2.3, 6.0)) + 0.5
    figure, axes = new_figure(1, n_maps, width=3.6 * n_maps, height=height)
    return figure, axes[0]


def _map_page(sheet, n_maps, n_names):
    """Return a page with axes for so many maps, in rows high enough for so many names."""
    ratio = (np.ptp(sheet.y) + 1) / (np.ptp(sheet.x) + 1)
    broad = ratio < _WIDE or len(sheet.titles) > 0
    n_rows = -(-n_maps // (_COLUMNS - broad))
    n_columns = -(-n_maps // n_rows)
    least, most = max(0.8, _LINE * n_names), 3.0
    height = np.clip((PAGE_WIDTH / n_columns - _BAR) * ratio, least, max(least, most)) + 0.3
    size = {"width": PAGE_WIDTH, "height": float(n_rows * height) + 1.2}
    figure, axes = new_figure(n_rows, n_columns, **size)
    for axis in axes.flat[n_maps:]:
        axis.remove()
    return figure, list(axes.flat[:n_maps])
