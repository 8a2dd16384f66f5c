from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.contour import ContourSet
from test_plots import (
    anomaly_scores,
    in_two_samples,
    plot_classes_and_anomaly,
    plot_region_ions,
    region_ions,
)

from imsforge.ions import ION_COLUMNS
from imsforge.plots.ions import plot_ions
from imsforge.plots.maps import plot_anomaly


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def panels(figure):
    """The maps of a figure by title."""
    return {axis.get_title(): axis for axis in figure.axes if axis.get_title()}


def outlines(axis):
    return [drawn for drawn in axis.collections if isinstance(drawn, ContourSet)]


def texts(figure):
    """Every text that is drawn, with its size in points."""
    return [
        (text.get_text(), text.get_fontsize())
        for text in figure.findobj(lambda artist: hasattr(artist, "get_fontsize"))
        if text.get_visible() and text.get_text()
    ]


def test_an_anomaly_map_has_a_panel_for_each_detector_between_its_companions(peaks, labels):
    titles = list(panels(plot_anomaly(anomaly_scores(peaks), "t")))
    assert titles == ["total ion current", "first (leading)", "second", "k-means"]
    titles = list(panels(plot_classes_and_anomaly(peaks, labels)))
    assert titles[-2:] == ["k-means", "classes"]
    single = plot_anomaly(anomaly_scores(peaks, ["alone"]), "t")
    assert "alone" in panels(single)


def test_detectors_share_one_logarithmic_scale_of_false_alarm_rates(peaks):
    scores = anomaly_scores(peaks)
    scores.false_alarm_rate[:, 1] *= 0.5  # its own range would be another
    figure = plot_anomaly(scores, "t")
    maps = panels(figure)
    norms = [maps[name].images[-1].norm for name in ("first (leading)", "second")]
    assert all(isinstance(norm, LogNorm) for norm in norms)
    assert {(norm.vmin, norm.vmax) for norm in norms} == {(1 / (scores.healthy.sum() + 1), 1)}
    bars = [a for a in figure.axes if a.get_xlabel() == "false-alarm rate among healthy pixels"]
    assert len(bars) == 1
    assert [text.get_text() for text in bars[0].get_xticklabels()] == ["0.01", "0.1", "1"]


def test_low_rates_are_bright(peaks):
    drawn = panels(plot_anomaly(anomaly_scores(peaks), "t"))["second"].images[-1]
    colours = drawn.cmap(drawn.norm([0.02, 0.5]))[:, :3].sum(axis=1)
    assert colours[0] > colours[1] + 0.5


def test_pixels_off_the_tissue_are_grey_and_in_the_legend(peaks):
    scores = anomaly_scores(peaks)
    figure = plot_anomaly(scores, "t")
    grey, rates = panels(figure)["second"].images
    assert np.isfinite(np.ma.filled(grey.get_array(), np.nan)).sum() == 2
    assert np.isfinite(np.ma.filled(rates.get_array(), np.nan)).sum() == len(scores.x) - 2
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[-1] == "off the tissue"
    whole = plot_anomaly(replace(scores, tissue=np.ones_like(scores.tissue)), "t")
    assert len(whole.legends[0].get_texts()) == 2


def test_regions_above_the_threshold_are_outlined_boldly_for_the_leading_map(peaks):
    scores = anomaly_scores(peaks)
    maps = panels(plot_anomaly(scores, "t"))
    widths = []
    for name in ("first (leading)", "second"):
        (drawn,) = outlines(maps[name])
        widths.append(drawn.get_linewidths()[0])
        (path,) = drawn.get_paths()
        # Around the block from 3 to 7 and 6 to 10, half a pixel outside.
        assert path.get_extents().extents.tolist() == [2.5, 5.5, 7.5, 10.5]
    assert widths[0] > widths[1]
    (healthy,) = outlines(maps["total ion current"])
    assert healthy.get_paths()[0].get_extents().y1 == 4.5
    small = panels(plot_anomaly(scores, "t", min_pixels=26))
    assert outlines(small["second"]) == []


def test_an_outline_leaves_out_small_holes(peaks):
    scores = anomaly_scores(peaks)
    inner = (scores.x == 5) & (scores.y == 8)
    scores.score[inner] = 0
    (drawn,) = outlines(panels(plot_anomaly(scores, "t"))["second"])
    assert len(drawn.get_paths()[0].to_polygons()) == 1


def test_several_samples_are_laid_side_by_side(peaks):
    maps = panels(plot_anomaly(anomaly_scores(in_two_samples(peaks)), "t"))
    for axis in maps.values():
        assert [text.get_text() for text in axis.texts] == ["a", "b"]


@pytest.mark.parametrize("n_detectors", [1, 2, 3, 6, 10])
def test_rows_have_four_panels_at_most_and_no_text_is_small(peaks, labels, n_detectors):
    scores = anomaly_scores(peaks, [f"detector-{k}" for k in range(n_detectors)])
    figure = plot_anomaly(scores, "t", label=labels.label[:-1], names=labels.names)
    assert figure.get_figwidth() <= 7.2  # the width of a page: points on it are points in print
    assert min(size for _, size in texts(figure)) >= 6
    maps = panels(figure)
    assert len(maps) == n_detectors + 3
    assert max(axis.get_gridspec().ncols for axis in maps.values()) <= 4


def test_nothing_is_cut_off(peaks, labels):
    for figure in (plot_classes_and_anomaly(peaks, labels), plot_region_ions(peaks)):
        figure.draw_without_rendering()
        box = figure.get_tightbbox()
        assert box.x0 > -0.02
        assert box.x1 < figure.get_figwidth() + 0.02


def test_the_spectra_of_region_and_reference_mirror_each_other(peaks):
    ranking, _ = region_ions(peaks)
    spectrum = next(a for a in plot_region_ions(peaks).axes if a.get_xlabel() == "m/z")
    above, below = (c for c in spectrum.collections if isinstance(c, LineCollection))
    ends = {
        "mean_inside": [segment[1] for segment in above.get_segments()],
        "mean_outside": [segment[1] * [1, -1] for segment in below.get_segments()],
    }
    for name, drawn in ends.items():
        expected = np.column_stack([ranking["mz"], 100 * ranking[name]])[::-1]
        np.testing.assert_allclose(drawn, expected)
    named = [text.get_text() for text in spectrum.texts if "." in text.get_text()]
    assert named == [f"{mz:.3f}" for mz in sorted(ranking["mz"][:6])]


def test_leading_ions_are_drawn_with_their_figures_and_bars(peaks):
    ranking, _ = region_ions(peaks)
    figure = plot_region_ions(peaks)
    maps = panels(figure)
    assert len(maps) == 6
    for (title, axis), (_, ion) in zip(maps.items(), ranking[:6].iterrows(), strict=True):
        assert title == f"m/z {ion['mz']:.3f}\n{ion['effect']:+.1f} sd, AUROC {ion['auroc']:.2f}"
        assert len(outlines(axis)) == 1
        assert [child.get_ylabel() for child in axis.child_axes] == ["share (%)"]
    (image,) = next(iter(maps.values())).images
    share = 100 * peaks.intensity[:-1] / peaks.intensity[:-1].sum(axis=1, keepdims=True)
    leading = np.flatnonzero(peaks.mz == ranking["mz"][0])[0]
    np.testing.assert_allclose(image.get_array().ravel()[:-1], share[:, leading], rtol=1e-5)
    assert min(size for _, size in texts(figure)) >= 6
    assert figure.get_figwidth() <= 7.2


def test_without_abnormal_pixels_the_figure_says_so(peaks):
    none = np.zeros(len(peaks.x), dtype=bool)
    empty = pd.DataFrame(columns=ION_COLUMNS)
    figure = plot_ions(empty, np.empty((len(none), 0)), peaks, none, "t")
    assert "no pixels to rank ions of" in [text for text, _ in texts(figure)]
