import numpy as np
import pytest

from imsforge.errors import DataError
from imsforge.factorization.labels import class_table, given_labels, label_pixels
from imsforge.io.artifacts import PeakMatrix


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
        ([2.0, 5.0, np.nan, 2.0], ["2", "5"], [1, 2, 0, 1]),
        (["b", "", "a", "b"], ["a", "b"], [2, 0, 1, 2]),
    ],
)
def test_given_labels(column, names, label):
    found, found_names = given_labels({"tissue": np.array(column)}, "tissue")
    assert found_names.tolist() == names
    assert found.tolist() == label


def test_one_given_class_is_not_enough():
    with pytest.raises(DataError, match="'tissue' holds 1 class"):
        given_labels({"tissue": np.array([1, 1, 0])}, "tissue")


def test_class_table_counts_pixels(labels):
    table = class_table(labels)
    assert table["pixels"].tolist() == [150, 149]
    assert table["share"].sum() == pytest.approx(1)
