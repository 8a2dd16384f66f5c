"""Whether classes are places in the tissue."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import DataError
from imsforge.labels.coherence import is_near_chance, report_coherence, spatial_coherence
from imsforge.labels.labelling import label_pixels


def of_image(image):
    """Return what is told of an image of classes, (height, width)."""
    y, x = np.indices(image.shape).reshape(2, -1)
    return spatial_coherence(image.ravel(), x + 5, y - 2, np.zeros(image.size, dtype=np.int16))


def test_pairs_by_hand():
    told = of_image(np.array([[1, 1, 2], [1, 0, 2]]))
    # Across 1-1, 1-2; down 1-1, 2-2; whatever touches the 0 does not count.
    assert told["pairs"] == 4
    assert told["coherence"] == 0.75
    assert told["chance"] == pytest.approx(0.6**2 + 0.4**2)
    assert told["above_chance"] == pytest.approx((0.75 - 0.52) / 0.48)


@given(
    arrays(np.int64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3))
)
def test_any_image_against_its_shifted_self(image):
    pairs = [(image[:, 1:], image[:, :-1]), (image[1:], image[:-1])]
    a, b = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in (0, 1))
    counts = (a > 0) & (b > 0)
    told = of_image(image)
    assert told["pairs"] == counts.sum()
    if counts.any():
        assert told["coherence"] == pytest.approx((a == b)[counts].mean())
        assert told["above_chance"] is None or told["above_chance"] <= 1
    else:
        assert told == {"pairs": 0, "coherence": None, "chance": None, "above_chance": None}


def test_order_and_gaps_of_pixels_do_not_matter(rng):
    y, x = np.indices((8, 9)).reshape(2, -1)
    label, sample = rng.integers(0, 4, 72), np.zeros(72, dtype=np.int16)
    order = rng.permutation(72)[:60]
    there = np.zeros(72, dtype=int)
    there[order] = label[order]
    expected = of_image(there.reshape(8, 9))
    assert spatial_coherence(label[order], x[order], y[order], sample[order]) == expected


def test_samples_have_neighbours_and_chances_of_their_own():
    x, y = np.array([0, 1, 1, 2, 0, 1]), np.zeros(6, dtype=int)
    label, sample = np.array([1, 1, 2, 2, 3, 3]), np.array([0, 0, 1, 1, 2, 2])
    told = spatial_coherence(label, x, y, sample)
    # Each sample is one class: nothing within it is better than chance.
    assert told == {"pairs": 3, "coherence": 1.0, "chance": 1.0, "above_chance": None}
    assert not is_near_chance(told)


def test_noise_is_warned_of_and_zones_are_not(rng, caplog):
    caplog.set_level(logging.INFO)
    noise = of_image(rng.integers(1, 8, (60, 60)))
    assert abs(noise["above_chance"]) < 0.05
    report_coherence(noise)
    assert "by chance 14.3% would. Classes may be noise; try labels.transform" in caplog.text
    caplog.clear()
    report_coherence(of_image(np.repeat(np.arange(1, 8), 100).reshape(70, 10)))
    assert "pairs of neighbouring pixels" in caplog.text
    assert "noise" not in caplog.text
    caplog.clear()
    report_coherence(of_image(np.zeros((3, 3), dtype=int)))
    assert caplog.text == ""


@pytest.mark.parametrize("method", ["semi-orthogonal-nmf", "kmeans"])
def test_pixels_of_little_signal_get_no_class(method, rng):
    intensity = rng.poisson(20, (50, 6)).astype(np.float32)
    signal = np.linspace(0, 100, 50).astype(np.float32)
    x = np.arange(50, dtype=np.int32)
    peaks = PeakMatrix(intensity, np.arange(6.0) + 400, x, 0 * x, signal)
    labels = label_pixels(peaks, method=method, classes=3, minimum_signal=40)
    np.testing.assert_array_equal(labels.label == 0, signal < 40)
    alone = PeakMatrix(intensity[20:], peaks.mz, x[20:], 0 * x[20:], signal[20:])
    np.testing.assert_array_equal(
        labels.label[20:], label_pixels(alone, method=method, classes=3).label
    )
    with pytest.raises(DataError, match=r"only 2 pixels have enough signal \(labels.minimum_sig"):
        label_pixels(peaks, method=method, classes=3, minimum_signal=97)
