"""Choosing the number of classes: the scan, its picture, and the merging of small classes."""

import numpy as np
import pytest

from imsforge.factorization.class_numbers import _agreement, scan_class_numbers
from imsforge.labels.clustering import cluster_pixels, merge_small
from imsforge.plots.class_numbers import plot_class_numbers


@pytest.fixture
def three_classes(rng):
    """240, 120 and 40 noisy multiples of three directions, in 10 peaks; two empty rows."""
    directions = rng.gamma(0.5, 1.0, size=(3, 10))
    label = np.repeat([0, 1, 2], [240, 120, 40])
    X = rng.lognormal(0, 0.5, size=(400, 1)) * directions[label]
    return np.vstack([X * rng.gamma(400, 1 / 400, size=X.shape), np.zeros((2, 10))])


def test_agreement_worked_by_hand():
    # The first two are the same partition; the third is unrelated: ARI -0.5.
    labels = [np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), np.array([0, 1, 0, 1])]
    np.testing.assert_allclose(_agreement(labels), [0.25, 0.25, -0.5])


def test_the_true_number_is_stable_and_leaves_little(three_classes):
    scan = scan_class_numbers(three_classes, [2, 3, 6], seeds=4, seed=1)
    assert list(scan.columns) == ["classes", "seed", "error", "stability", "smallest"]
    assert scan.groupby("classes").size().to_dict() == {2: 4, 3: 4, 6: 4}
    means = scan.groupby("classes").mean()
    assert means["stability"][3] == 1
    assert means["stability"][6] < 1
    assert means["error"][2] > 1.5 * means["error"][3]
    # Empty rows are not counted.
    assert means["smallest"][3] == pytest.approx(40 / 400)


def test_a_scan_of_a_part_of_the_pixels_is_repeatable(three_classes):
    first, second = (
        scan_class_numbers(three_classes, [3], seeds=2, max_rows=150, seed=5) for _ in range(2)
    )
    assert first.equals(second)
    assert (first["smallest"] * 150 % 1).abs().max() < 1e-9


def test_the_scan_of_square_roots(three_classes):
    rooted = scan_class_numbers(np.sqrt(three_classes), [3], seeds=2)
    scan = scan_class_numbers(three_classes, [3], seeds=2, transform="sqrt")
    assert scan.equals(rooted)


def test_the_picture_marks_the_choice(three_classes):
    scan = scan_class_numbers(three_classes, [2, 3], seeds=2)
    figure = plot_class_numbers(scan, 3, "kidney")
    assert figure.get_suptitle() == "kidney"
    for axis, column in zip(figure.axes, ("error", "stability", "smallest"), strict=True):
        marker, dots, means = axis.lines
        assert marker.get_xdata()[0] == 3
        np.testing.assert_array_equal(dots.get_ydata(), scan[column])
        np.testing.assert_allclose(means.get_ydata(), scan.groupby("classes")[column].mean())


def test_the_smallest_class_joins_its_nearest_first():
    components = np.array([[1.0, 0, 0], [0.9, 0.1, 0], [0, 1.0, 0], [0, 0.8, 0.6]])
    labels = np.repeat([0, 1, 2, 3], [50, 4, 6, 5])
    # 1 (4) joins 0; 3 (5) joins 2, which thereby has 11.
    merged = merge_small(labels, components, 10)
    np.testing.assert_array_equal(merged, np.repeat([0, 0, 1, 1], [50, 4, 6, 5]))
    np.testing.assert_array_equal(
        merge_small(labels, components, 5), np.repeat([0, 0, 1, 2], [50, 4, 6, 5])
    )


def test_what_was_joined_moves_along():
    components = np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 0.9]])
    labels = np.repeat([0, 1, 2], [9, 3, 2])
    np.testing.assert_array_equal(merge_small(labels, components, 6), np.zeros(14))


def test_nothing_to_merge_changes_nothing():
    labels = np.array([2, 0, 0, 2])  # class 1 is empty
    np.testing.assert_array_equal(merge_small(labels, np.eye(3), 0), labels)


@pytest.mark.parametrize("method", ["semi-orthogonal-nmf", "kmeans"])
def test_merged_classes_are_numbered_and_represented(three_classes, method):
    label, components, weight = cluster_pixels(
        three_classes, method=method, n_classes=6, merge_below=60, seed=0
    )
    sizes = np.bincount(label)
    assert sizes[0] == 2  # without signal
    assert sizes[1:].min() >= 60
    assert len(components) == len(sizes) - 1 < 6
    assert np.all(np.diff(sizes[1:]) <= 0)
    for k, component in enumerate(components, start=1):
        members = three_classes[label == k]
        if method == "kmeans":
            np.testing.assert_allclose(component, members.mean(axis=0), rtol=1e-4)
        else:
            leading = np.abs(np.linalg.svd(members, full_matrices=False)[2][0])
            np.testing.assert_allclose(component, leading, atol=1e-3)
            np.testing.assert_allclose(weight[label == k], members @ component, rtol=1e-5)
