from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from imsforge.anomaly.scores import AnomalyScores
from imsforge.artifacts.figures import save_figure
from imsforge.fidelity.assessment import FIDELITY_COLUMNS
from imsforge.fidelity.rarest_class import ClassView
from imsforge.ions import ion_shares, leading_ions, rank_ions
from imsforge.plots.fidelity import plot_fidelity
from imsforge.plots.histories import plot_training
from imsforge.plots.ions import plot_ions
from imsforge.plots.maps import pixel_image, plot_anomaly, plot_classes
from imsforge.plots.matrices import plot_frechet, plot_recall_matrices
from imsforge.plots.mean_spectrum import plot_peaks, spread
from imsforge.plots.mosaic import mosaic
from imsforge.plots.reliability import plot_reliability
from imsforge.plots.spectra import plot_spectra
from imsforge.plots.style import class_colours


def lightness(colours):
    """Relative luminance, which everyone sees."""
    return colours @ [0.2126, 0.7152, 0.0722]


def confusion():
    rows = [
        ("replace", "lda", method, "a", predicted, count)
        for method in ("none", "smote")
        for predicted, count in (("a", 9), ("b", 1))
    ]
    rows += [("replace", "lda", m, "b", p, 5) for m in ("none", "smote") for p in ("a", "b")]
    columns = ["task", "classifier", "method", "true", "predicted", "count"]
    return pd.DataFrame(rows, columns=columns).assign(repeat=1, priors="observed")


def history():
    n = np.arange(1, 6)
    columns = ("critic_loss", "generator_loss", "critic_real", "critic_fake", "frechet")
    return pd.DataFrame(
        {
            "update": 10 * n,
            **dict.fromkeys(columns, n / 2),
            "gradient_norm": np.nan,
            "frechet_cortex": n / 3,
        }
    )


def class_view(rng, methods):
    spectra, points = rng.gamma(1, 100, size=(40, 8)), rng.normal(size=(40, 2))
    return ClassView(
        name="pelvis",
        real=spectra,
        generated=dict.fromkeys(methods, spectra[:9]),
        real_points=points,
        generated_points=dict.fromkeys(methods, 5 * points[:9]),
        neighbour_points=2 * points,
        extent=np.array([points.min(axis=0), points.max(axis=0)]),
        explained=np.array([0.6, 0.2]),
    )


def fidelity(methods):
    rows = [(m, r, "all", "two_sample_auc", 0.4 + 0.1 * r) for m in methods for r in (1, 2, 3)]
    return pd.DataFrame(rows, columns=FIDELITY_COLUMNS)


def in_two_samples(peaks):
    """The same pixels as two samples whose coordinates overlap."""
    right = (peaks.x >= 10).astype(np.int16)
    return replace(peaks, x=peaks.x - 10 * right, sample=right, samples=np.array(["a", "b"]))


def anomaly_scores(peaks, detectors=("first", "second")):
    """Scores of the pixels with signal; a block of 5 x 5 pixels is abnormal, two are no tissue."""
    signal = peaks.intensity.any(axis=1)
    x, y = peaks.x[signal], peaks.y[signal]
    n = len(x)
    abnormal = (x >= 3) & (x < 8) & (y >= 6) & (y < 11)
    rate = np.where(abnormal, 0.02, 0.5)[:, None] * np.ones(len(detectors))
    return AnomalyScores(
        x=x,
        y=y,
        sample=peaks.sample[signal],
        samples=peaks.samples,
        healthy=y < 5,
        train=y < 5,
        tissue=np.arange(n) < n - 2,
        total_ion_current=peaks.total_ion_current[signal],
        kmeans=(np.arange(n) % 3 + 1).astype(np.int16),
        detectors=np.array(detectors),
        score=(1 - rate).astype(np.float32),
        false_alarm_rate=rate.astype(np.float32),
        threshold=np.full(len(detectors), 0.95),
    )


def plot_classes_and_anomaly(peaks, labels):
    two = in_two_samples(peaks)
    signal = two.intensity.any(axis=1)
    return plot_anomaly(
        anomaly_scores(two), "title", label=labels.label[signal], names=labels.names
    )


def region_ions(peaks):
    """The ranking of the left half's ions, and which pixels these are."""
    inside = peaks.x < 10
    return rank_ions(peaks.intensity, peaks.mz, inside, ~inside), inside


def plot_region_ions(peaks):
    ranking, inside = region_ions(peaks)
    shares = ion_shares(peaks.intensity, leading_ions(ranking, peaks.mz))
    return plot_ions(ranking, shares, peaks, inside, "region 1")


def figures(peaks, labels, rng):
    yield plot_classes(peaks, labels)
    yield plot_classes(in_two_samples(peaks), labels)
    yield plot_peaks(peaks.mz, peaks.intensity.mean(axis=0), "kidney")
    yield plot_recall_matrices(confusion(), "kidney: nmf-50")
    frechet = pd.DataFrame(
        [("none", a, b, 1.0 + (a != b)) for a in "ab" for b in "ab"],
        columns=["method", "generated", "real", "distance"],
    ).assign(repeat=1)
    yield plot_frechet(frechet, "title")
    yield plot_reliability(reliability(), "title")
    spectra = rng.gamma(1, 100, size=(40, 8))
    yield plot_spectra(peaks.mz, spectra, {"noise": spectra, "smote": spectra[:3]}, "class 5")
    yield plot_fidelity(class_view(rng, ["none", "a+b"]), fidelity(["none", "a+b"]), "title")
    yield plot_training({"cgan": [history(), history()], "vae": [vae_history()]}, "title")
    yield plot_anomaly(anomaly_scores(peaks), "title")
    yield plot_classes_and_anomaly(peaks, labels)
    yield plot_region_ions(peaks)


def reliability(priors="observed"):
    """Two repeats of two bins; the second has too few spectra to be drawn."""
    rows = [(1, 6, 0.5, 0.25, 40), (1, 10, 1.0, 1.0, 5), (2, 6, 0.75, 0.75, 20)]
    columns = ["repeat", "bin", "confidence", "accuracy", "count"]
    about = {"task": "replace", "classifier": "lda", "priors": priors, "method": "none"}
    return pd.DataFrame(rows, columns=columns).assign(**about)


def test_reliability_is_pooled_over_repeats():
    """(40 x 0.5 + 20 x 0.75) / 60 and (40 x 0.25 + 20 x 0.75) / 60."""
    table = pd.concat([reliability(), reliability("balanced").assign(accuracy=0.0)])
    (axis,) = plot_reliability(table, "title").axes
    _, line = axis.lines
    np.testing.assert_allclose(line.get_xydata(), [[35 / 60, 25 / 60]])
    assert line.get_label() == f"none {10 / 65:.3f}"


def test_a_remedy_for_other_classifiers_has_no_panel():
    forest = confusion().assign(classifier="random-forest", method="balanced-forest")
    figure = plot_recall_matrices(pd.concat([confusion(), forest]), "title")
    assert sum(not axis.axison for axis in figure.axes) > 0


def test_each_class_has_a_course_of_its_own():
    shorter = history()[:3].assign(frechet_cortex=0.0)
    axis = plot_training({"cgan": [history(), shorter]}, "title").axes[-1]
    (line,) = axis.lines
    assert line.get_label() == "cortex"
    np.testing.assert_allclose(line.get_ydata(), [1 / 6, 2 / 6, 3 / 6, 4 / 3, 5 / 3])


def vae_history():
    return pd.DataFrame(
        {
            "update": [1, 2],
            "epoch": [0.5, 1],
            "negative_log_likelihood": [9, 4],
            "divergence": 1.0,
            "held_out_loss": [11, 7],
        }
    )


def test_a_vae_has_a_course_of_its_own():
    loss, *others = plot_training({"vae": [vae_history()]}, "title").axes
    labels = [line.get_label() for line in loss.lines]
    assert labels == ["negative log-likelihood", "divergence", "both, held-out spectra"]
    assert len({line.get_color() for line in loss.lines}) == 3
    assert all(axis.texts[0].get_text() == "not defined" for axis in others)


def test_pixels_lie_where_they_were_measured():
    image = pixel_image(np.array([3, 5]), np.array([10, 11]), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(image, [[1, np.nan, np.nan], [np.nan, np.nan, 2]])


@given(
    sizes=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=2, max_size=20),
    seed=st.integers(0, 99),
)
def test_samples_lie_side_by_side(sizes, seed):
    """No two overlap or touch, each keeps its shape, and names stand over them."""
    random = np.random.default_rng(seed)
    x, y, sample = [], [], []
    for k, (width, height) in enumerate(sizes):
        own = [axis.ravel() for axis in np.meshgrid(np.arange(width), np.arange(height))]
        shift = random.integers(-50, 50, size=2)
        x, y = np.append(x, own[0] + shift[0]), np.append(y, own[1] + shift[1])
        sample = np.append(sample, np.full(width * height, k))
    x, y, sample = x.astype(int), y.astype(int), sample.astype(int)
    names = np.array([f"s{k}" for k in range(len(sizes))])
    sheet = mosaic(x, y, sample, names)
    assert len(set(zip(sheet.x, sheet.y, strict=True))) == len(x)
    box = []
    for k, title in enumerate(sheet.titles):
        own = sample == k
        for placed, measured in ((sheet.x, x), (sheet.y, y)):
            assert len(set(placed[own] - measured[own])) == 1
        left, right, top, bottom = (
            *(sheet.x[own].min(), sheet.x[own].max()),
            *(sheet.y[own].min(), sheet.y[own].max()),
        )
        assert title.text == names[k]
        assert title.x == (left + right) / 2
        assert title.y == top - 0.5
        box.append((left, right, top, bottom))
    for k, (left, right, top, bottom) in enumerate(box):
        for other in box[k + 1 :]:
            beside = other[0] > right + 1 or left > other[1] + 1
            below = other[2] > bottom + 1 or top > other[3] + 1
            assert beside or below


@pytest.mark.parametrize(("n", "columns"), [(2, 2), (6, 3), (20, 5)])
def test_a_mosaic_is_about_as_wide_as_a_page(n, columns):
    x, y = (np.tile(axis.ravel(), n) for axis in np.meshgrid(np.arange(40), np.arange(36)))
    names = np.arange(n).astype(str)
    sheet = mosaic(x, y, np.repeat(np.arange(n), 40 * 36), names)
    assert len({title.x for title in sheet.titles}) == columns
    assert 0.7 < (np.ptp(sheet.x) + 1) / (np.ptp(sheet.y) + 1) < 2.4


def test_one_sample_keeps_its_coordinates(peaks):
    sheet = mosaic(peaks.x + 3, peaks.y, peaks.sample, peaks.samples)
    np.testing.assert_array_equal(sheet.x, peaks.x + 3)
    assert sheet.titles == ()


def test_maps_name_their_samples(peaks, labels):
    one = plot_classes(peaks, labels).axes[0]
    assert one.get_xlabel() == "x (pixels)"
    assert list(one.texts) == []
    two = plot_classes(in_two_samples(peaks), labels).axes[0]
    assert [text.get_text() for text in two.texts] == ["a", "b"]
    assert two.get_xlabel() == "pixels of 2 samples,\nat one scale"


@given(
    places=st.lists(st.floats(0, 100), min_size=1, max_size=12).map(sorted),
    spacing=st.floats(0.1, 20),
)
def test_labels_are_spread_as_little_as_possible(places, spacing):
    places = np.array(places)
    apart = spread(places, spacing)
    assert (np.diff(apart) >= spacing - 1e-9).all()
    assert apart.mean() == pytest.approx(places.mean())  # as least squares does
    if (np.diff(places) >= spacing).all():
        np.testing.assert_allclose(apart, places, atol=1e-9)


def test_the_ten_largest_peaks_are_labelled():
    intensity = np.array([5.0, 1, 9, 2, 8, 3, 7, 4, 6, 10, 11, 12])
    axis = plot_peaks(400.0 + np.arange(12), intensity, "kidney").axes[0]
    shown = [text.get_text() for text in axis.texts]
    assert shown == [f"{400 + k}.000" for k in range(12) if intensity[k] > 2]


def test_every_figure_can_be_saved_twice_with_the_same_bytes(peaks, labels, tmp_path):
    for run in ("a", "b"):
        for number, figure in enumerate(figures(peaks, labels, np.random.default_rng(0))):
            assert isinstance(figure, Figure)
            name = f"{run}{number}"
            save_figure(figure, tmp_path / f"{name}.png", tmp_path / f"{name}.svg")
    first = sorted(tmp_path.glob("a*"))
    assert len(first) == 2 * 12
    for path in first:
        assert path.read_bytes() == path.with_name("b" + path.name[1:]).read_bytes(), path


def test_axes_say_what_they_show(peaks, labels, rng):
    for figure in figures(peaks, labels, rng):
        text = " ".join(a.get_xlabel() + a.get_ylabel() for a in figure.axes)
        assert any(word in text for word in ("m/z", "pixels", "class", "updates")), text


def test_the_recall_in_the_title_is_the_macro_recall():
    titles = [axis.get_title() for axis in plot_recall_matrices(confusion(), "t").axes]
    assert "none\nmacro recall 0.70" in titles  # mean of 9/10 and 5/10


def test_recall_is_drawn_for_the_first_of_the_priors():
    both = pd.concat([confusion(), confusion().assign(priors="balanced", count=1)])
    figure = plot_recall_matrices(both, "t")
    assert figure.get_suptitle() == "t; class priors observed"
    assert "none\nmacro recall 0.70" in [axis.get_title() for axis in figure.axes]


@pytest.mark.parametrize("n_classes", [2, 8, 20, 30])
def test_class_colours_are_many(n_classes):
    assert class_colours(n_classes).shape == (n_classes, 3)


def test_class_colours_differ_in_lightness_or_hue():
    colours = class_colours(20)
    assert len({tuple(np.round(c, 3)) for c in colours}) == 20
    # a hue that returns is clearly lighter or darker
    assert (np.abs(lightness(colours[7:14]) - lightness(colours[:7])) > 0.1).all()


@pytest.mark.parametrize("n_methods", [1, 7])
def test_fidelity_has_two_panels_a_method_on_equal_axes(n_methods, rng):
    methods = [f"method {k}" for k in range(n_methods)]
    figure = plot_fidelity(class_view(rng, methods), fidelity(methods), "title")
    panels = [axis for axis in figure.axes if axis.axison]
    assert len(panels) == 2 * n_methods + 1
    clouds = [axis for axis in panels if "component" in axis.get_xlabel()]
    assert len(clouds) == n_methods
    assert len({(axis.get_xlim(), axis.get_ylim()) for axis in clouds}) == 1
    assert "lie outside" in clouds[0].get_title()
    mirrors = [axis for axis in panels if axis.get_xlabel() == "peak, by m/z"]
    assert [axis.get_title() for axis in mirrors] == methods
    assert len({axis.get_ylim() for axis in mirrors}) == 1
    assert [t.get_text() for t in panels[-1].get_yticklabels()] == methods


def test_names_with_dollars_are_no_formulas(peaks, labels, tmp_path):
    figure = plot_recall_matrices(confusion(), "a $\\frac broken$ name")
    save_figure(figure, tmp_path / "a.png", tmp_path / "a.svg")
    assert "$\\frac broken$" in (tmp_path / "a.svg").read_text()
