import numpy as np
import pytest

from imsforge.anomaly.healthy import healthy_pixels, healthy_split
from imsforge.anomaly.scores import detect_anomalies
from imsforge.errors import DataError
from imsforge.io.artifacts import Features
from imsforge.io.masks import read_mask


def test_a_rectangle_includes_its_bounds(peaks):
    signal = np.ones(300, dtype=bool)
    rows = healthy_pixels(peaks.x, peaks.y, signal, rectangle=(2, 3, 11, 8))
    assert len(rows) == 10 * 6
    assert peaks.x[rows].min() == 2
    assert peaks.x[rows].max() == 11


def test_mask_and_rectangle_agree(peaks):
    mask = np.zeros((15, 20), dtype=bool)
    mask[3:9, 2:12] = True
    signal = np.ones(300, dtype=bool)
    np.testing.assert_array_equal(
        healthy_pixels(peaks.x + 7, peaks.y + 1, signal, mask=mask),  # the grid may start anywhere
        healthy_pixels(peaks.x, peaks.y, signal, rectangle=(2, 3, 11, 8)),
    )


def test_a_mask_of_another_size_is_refused(peaks):
    with pytest.raises(DataError, match=r"10 x 10 pixels, but .* 20 x 15"):
        healthy_pixels(peaks.x, peaks.y, np.ones(300, bool), mask=np.ones((10, 10), bool))


def test_too_few_healthy_pixels_are_refused(peaks):
    with pytest.raises(DataError, match=r"only 4 measured pixels .* x 0 to 19 and y 0 to 14"):
        healthy_pixels(peaks.x, peaks.y, np.ones(300, bool), rectangle=(0, 0, 1, 1))


def test_empty_pixels_are_neither_healthy_nor_unknown(peaks):
    train, test, label = healthy_split(peaks, rectangle=(10, 0, 19, 14))
    assert 299 not in np.concatenate([train, test])
    assert label[299] == 0
    assert len(train) + len(test) == 299


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_masks_of_all_formats(suffix, tmp_path):
    import tifffile
    from matplotlib.image import imsave

    mask = np.zeros((4, 6), dtype=np.uint8)
    mask[1:3, 2:5] = 255
    path = tmp_path / f"mask{suffix}"
    if suffix == ".png":
        imsave(path, np.dstack([mask, mask, mask, np.full_like(mask, 255)]))
    elif suffix == ".tif":
        tifffile.imwrite(path, mask)
    else:
        np.save(path, mask)
    np.testing.assert_array_equal(read_mask(path), mask > 0)


def test_a_broken_mask_is_named(tmp_path):
    path = tmp_path / "mask.png"
    path.write_text("no image")
    with pytest.raises(DataError, match=r"mask\.png: not a PNG"):
        read_mask(path)


class Critic:
    """Rates a row by how near it is to the origin."""

    def score(self, X, labels):
        assert (labels == labels[0]).all()
        return -np.linalg.norm(X, axis=1)


def test_detectors_find_what_is_far_from_healthy(peaks, rng):
    n = 299
    values = rng.normal(size=(n, 3)).astype(np.float32)
    strange = np.zeros(300, dtype=bool)
    strange[200:240] = True
    values[200:240] += 8
    features = Features(
        values=values,
        label=np.ones(n, dtype=np.int16),
        pixel=np.arange(n),
        train=np.arange(n) < 150,
        names=np.array(["healthy", "unknown"]),
    )
    truth = {"colony": strange, "fold": np.zeros(300, dtype=bool)}
    scores, metrics = detect_anomalies(peaks, features, Critic(), clusters=2, truth=truth)
    detection = metrics["detection"]
    assert detection["critic"]["colony"]["auroc"] > 0.99
    assert detection["mahalanobis"]["colony"]["auroc"] > 0.99
    assert detection["total_ion_current"]["colony"]["auroc"] < 0.8
    assert detection["critic"]["fold"] == {"auroc": None, "average_precision": None, "pixels": 0}
    assert metrics["healthy_pixels"] == 150
    assert scores.critic[scores.train].mean() == pytest.approx(0, abs=1e-4)
    # k-means puts the strange pixels into a cluster of their own
    assert len(np.unique(scores.kmeans[200:240])) == 1
