"""Which pixels lie on the tissue, by brightness or by classes."""

from dataclasses import replace

import numpy as np
import pytest

from imsforge.anomaly.tissue import find_tissue
from imsforge.artifacts.contract import Features
from imsforge.errors import DataError


@pytest.fixture
def rows(peaks):
    """All pixels but the empty one; the left half is healthy."""
    pixel = np.arange(299)
    healthy = peaks.x[pixel] < 10
    label = np.where(healthy, 1, 2).astype(np.int16)
    return Features(np.zeros((299, 2)), label, pixel, healthy, np.array(["healthy", "unknown"]))


def test_dim_pixels_lie_off_the_tissue(peaks, rows):
    total = np.where(np.arange(300) % 7 == 0, 9.0, 100.0)
    tissue = find_tissue(replace(peaks, total_ion_current=total), rows, below=0.1)
    np.testing.assert_array_equal(tissue, np.arange(299) % 7 > 0)
    assert find_tissue(replace(peaks, total_ion_current=total), rows, below=0).all()


def test_a_class_may_mean_background(peaks, rows, labels):
    np.testing.assert_array_equal(find_tissue(peaks, rows, labels, classes="right"), rows.train)
    assert not find_tissue(peaks, rows, labels, classes=["left", "right"]).any()
    with pytest.raises(DataError, match=r"off_tissue\.classes: no class 'top'; known: left, right"):
        find_tissue(peaks, rows, labels, classes="top")
