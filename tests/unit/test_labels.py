import numpy as np
import pytest

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import DataError
from imsforge.labels.canvas import Canvas, Placed
from imsforge.labels.given import column_labels
from imsforge.labels.labelling import class_table, label_pixels


@pytest.fixture
def three_tissues(rng):
    """90 pixels of three spectra with gains of 1 to 10; the last two pixels are empty."""
    spectra = np.array([[9, 1, 0, 0], [0, 8, 2, 0], [0, 0, 1, 9.0]])
    tissue = np.repeat([0, 1, 2], [50, 30, 10])
    intensity = rng.uniform(1, 10, size=(90, 1)) * spectra[tissue]
    intensity[-2:] = 0
    x = np.arange(90, dtype=np.int32)
    intensity = intensity.astype(np.float32)
    mz = np.arange(4.0) + 400
    return PeakMatrix(intensity, mz, x, 0 * x, intensity.sum(axis=1)), tissue


@pytest.mark.parametrize("transform", ["none", "sqrt"])
def test_semi_orthogonal_nmf_sees_through_the_gain(three_tissues, transform):
    peaks, tissue = three_tissues
    labels = label_pixels(peaks, method="semi-orthogonal-nmf", classes=3, transform=transform)
    np.testing.assert_array_equal(labels.label[:-2], tissue[:-2] + 1)  # numbered by falling size
    assert labels.label[-2:].tolist() == [0, 0]


def test_weights_and_components_give_the_spectra_back(three_tissues):
    peaks, _ = three_tissues
    labels = label_pixels(peaks, method="semi-orthogonal-nmf", classes=3)
    W = np.zeros((90, 4), dtype=np.float32)
    W[np.arange(90), labels.label] = labels.weight
    assert (np.count_nonzero(W, axis=1)[:-2] == 1).all()  # exactly one non-zero a row
    np.testing.assert_allclose(W[:, 1:] @ labels.components, peaks.intensity, rtol=1e-4)


def test_k_means_numbers_classes_by_size(three_tissues):
    peaks, _ = three_tissues
    labels = label_pixels(peaks, method="kmeans", classes=4)
    sizes = np.bincount(labels.label)[1:]
    assert (np.diff(sizes) <= 0).all()
    assert labels.weight is None


def test_more_clusters_than_pixels_are_refused(three_tissues):
    peaks, _ = three_tissues
    with pytest.raises(DataError, match=r"labels\.classes: 89 .* only 88 pixels"):
        label_pixels(peaks, method="kmeans", classes=89)


@pytest.mark.parametrize(
    ("column", "names", "label"),
    [
        ([2, 5, 5, 0], ["2", "5"], [1, 2, 2, 0]),
        ([2, 10, 10, -1], ["2", "10"], [1, 2, 2, 0]),
        ([2.0, 5.0, np.nan, 2.0], ["2", "5"], [1, 2, 0, 1]),
        ([0.5, 1.0, np.nan, 0.5], ["0.5", "1"], [1, 2, 0, 1]),
        (["b", "", "a", "b "], ["a", "b"], [2, 0, 1, 2]),
        (["b", "NA", "a", "b"], ["a", "b"], [2, 0, 1, 2]),
    ],
)
def test_a_column_gives_the_classes(column, names, label):
    found = column_labels({"tissue": np.array(column)}, "tissue")
    assert found.names.tolist() == names
    assert found.label.tolist() == label
    assert found.label.dtype == np.int16
    assert found.components is None


def test_names_choose_join_and_order_the_classes():
    column = np.array(["tumour", "stroma", "necrosis", "tumour", "border"])
    names = {"tumour": "sick", "border": "sick", "stroma": "well"}
    found = column_labels({"tissue": column}, "tissue", names=names)
    assert found.names.tolist() == ["sick", "well"]
    assert found.label.tolist() == [1, 2, 0, 1, 1]


def test_names_may_name_zero():
    found = column_labels({"a": np.array([0, 1, 1])}, "a", names={0: "healthy", 1: "tumour"})
    assert found.names.tolist() == ["healthy", "tumour"]


def test_background_replaces_what_usually_means_no_class():
    found = column_labels({"a": np.array([0, 1, 9])}, "a", background=[9])
    assert found.names.tolist() == ["0", "1"]


def test_a_name_for_nothing_is_refused():
    with pytest.raises(DataError, match=r"labels\.names: '3' is not in .*, which has 1, 2"):
        column_labels({"a": np.array([1, 2, 2])}, "a", names={1: "cortex", 3: "medulla"})


def test_one_given_class_is_not_enough():
    with pytest.raises(DataError, match=r"'tissue': 1 class\(es\) of measured pixels \(1\)"):
        column_labels({"tissue": np.array([1, 1, 0])}, "tissue")


def test_a_column_of_numbers_that_are_no_classes_is_refused():
    with pytest.raises(DataError, match="5000 class"):
        column_labels({"id": np.arange(1, 5001)}, "id")


def test_later_layers_cover_earlier_ones_and_hide_nothing_where_they_say_nothing(caplog):
    canvas = Canvas(4)
    rows, keys, extent = np.arange(4), [("1",)], np.array([2.0])
    with caplog.at_level("INFO"):
        canvas.paint(rows, Placed(np.array([0, 0, -1, -1]), keys, extent), "a.png", "cortex")
        canvas.paint(rows, Placed(np.array([-1, 0, 0, -1]), keys, extent), "b.png", "medulla")
    labels = canvas.labels("files")
    assert labels.names.tolist() == ["cortex", "medulla"]
    assert labels.label.tolist() == [1, 2, 2, 0]
    assert "b.png: 2 pixels get a class, 1 of them had another" in caplog.text


def test_classes_that_lie_beside_the_measurement_are_warned_of(caplog):
    canvas = Canvas(3)
    placed = Placed(np.array([0, 1, -1]), [("a",), ("b",)], np.array([500.0, 1.0]))
    canvas.paint(slice(None), placed, "a.png")
    assert "cover about 501 pixels, but only 2 were measured there" in caplog.text


def test_a_class_without_pixels_is_left_out(caplog):
    canvas = Canvas(3)
    placed = Placed(np.array([0, 2, 2]), [("a",), ("b",), ("c",)], np.ones(3))
    canvas.paint(slice(None), placed, "a.png")
    labels = canvas.labels("a.png")
    assert labels.names.tolist() == ["a", "c"]
    assert labels.label.tolist() == [1, 2, 2]
    assert "no measured pixel is of class b" in caplog.text


def test_class_table_counts_pixels(labels):
    table = class_table(labels)
    assert table["pixels"].tolist() == [150, 149]
    assert table["share"].sum() == pytest.approx(1)
