import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from imsforge.anomaly.scores import AnomalyScores
from imsforge.io.figures import save_figure
from imsforge.plots.maps import pixel_image, plot_anomaly, plot_classes
from imsforge.plots.matrices import plot_frechet, plot_recall_matrices
from imsforge.plots.spectra import plot_spectra
from imsforge.plots.style import class_colours
from imsforge.plots.training import plot_training


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
    return pd.DataFrame(rows, columns=columns)


def history():
    n = np.arange(1, 6)
    columns = ("critic_loss", "generator_loss", "critic_real", "critic_fake", "frechet")
    return pd.DataFrame(
        {"update": 10 * n, **dict.fromkeys(columns, n / 2), "gradient_norm": np.nan}
    )


def figures(peaks, labels, rng):
    yield plot_classes(peaks, labels)
    yield plot_recall_matrices(confusion(), "kidney: nmf-50")
    frechet = pd.DataFrame(
        [("none", a, b, 1.0 + (a != b)) for a in "ab" for b in "ab"],
        columns=["method", "generated", "real", "distance"],
    )
    yield plot_frechet(frechet, "title")
    spectra = rng.gamma(1, 100, size=(40, 8))
    yield plot_spectra(peaks.mz, spectra, {"noise": spectra, "smote": spectra[:3]}, "class 5")
    yield plot_training({"cgan": [history(), history()]}, "title")
    signal = peaks.intensity.any(axis=1)
    score = rng.normal(size=signal.sum()).astype(np.float32)
    scores = AnomalyScores(
        x=peaks.x[signal],
        y=peaks.y[signal],
        train=np.arange(len(score)) < 99,
        critic=score,
        mahalanobis=score**2,
        total_ion_current=peaks.intensity[signal].sum(axis=1),
        kmeans=np.arange(len(score)) % 3 + 1,
    )
    yield plot_anomaly(scores, "title")


def test_pixels_lie_where_they_were_measured():
    image = pixel_image(np.array([3, 5]), np.array([10, 11]), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(image, [[1, np.nan, np.nan], [np.nan, np.nan, 2]])


def test_every_figure_can_be_saved_twice_with_the_same_bytes(peaks, labels, tmp_path):
    for run in ("a", "b"):
        for number, figure in enumerate(figures(peaks, labels, np.random.default_rng(0))):
            assert isinstance(figure, Figure)
            name = f"{run}{number}"
            save_figure(figure, tmp_path / f"{name}.png", tmp_path / f"{name}.svg")
    first = sorted(tmp_path.glob("a*"))
    assert len(first) == 12
    for path in first:
        assert path.read_bytes() == path.with_name("b" + path.name[1:]).read_bytes(), path


def test_axes_say_what_they_show(peaks, labels, rng):
    for figure in figures(peaks, labels, rng):
        text = " ".join(a.get_xlabel() + a.get_ylabel() for a in figure.axes)
        assert any(word in text for word in ("m/z", "pixels", "class", "updates")), text


def test_the_recall_in_the_title_is_the_macro_recall():
    titles = [axis.get_title() for axis in plot_recall_matrices(confusion(), "t").axes]
    assert "none\nmacro recall 0.70" in titles  # mean of 9/10 and 5/10


@pytest.mark.parametrize("n_classes", [2, 8, 20, 30])
def test_class_colours_are_many(n_classes):
    assert class_colours(n_classes).shape == (n_classes, 3)


def test_class_colours_differ_in_lightness_or_hue():
    colours = class_colours(20)
    assert len({tuple(np.round(c, 3)) for c in colours}) == 20
    # a hue that returns is clearly lighter or darker
    assert (np.abs(lightness(colours[7:14]) - lightness(colours[:7])) > 0.1).all()


def test_names_with_dollars_are_no_formulas(peaks, labels, tmp_path):
    figure = plot_recall_matrices(confusion(), "a $\\frac broken$ name")
    save_figure(figure, tmp_path / "a.png", tmp_path / "a.svg")
    assert "$\\frac broken$" in (tmp_path / "a.svg").read_text()
