"""A map from spectra to scores, thresholds and what was learnt from."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from imsforge.anomaly import detection
from imsforge.anomaly.cross_fitting import matched_folds
from imsforge.anomaly.detection import detect_anomalies
from imsforge.artifacts.contract import Features, PeakMatrix
from imsforge.errors import DataError

SETTINGS = {"view": "count", "rate": 0.1, "folds": 3, "trim": 0, "clusters": 3}


@pytest.fixture
def tissue(rng):
    """A grid of 30 x 20 pixels, a bright square of other make in it, and a dim corner.

    Returns peaks, features whose left half is healthy, the square and the corner.
    """
    x, y = (axis.ravel().astype(np.int32) for axis in np.meshgrid(np.arange(30), np.arange(20)))
    expected = np.tile([80.0, 60, 40, 20, 10, 5], (600, 1))
    square = (x >= 20) & (x < 25) & (y >= 5) & (y < 10)
    corner = (x < 3) & (y < 3)
    expected[square] = expected[square][:, ::-1]
    expected[corner] /= 40
    intensity = rng.poisson(expected).astype(np.float32) + 0.1
    healthy = x < 15
    peaks = PeakMatrix(intensity, np.linspace(400, 900, 6), x, y, intensity.sum(axis=1))
    label = np.where(healthy, 1, 2).astype(np.int16)
    names = np.array(["healthy", "unknown"])
    return peaks, Features(intensity, label, np.arange(600), healthy, names), square, corner


def test_what_is_abnormal_is_found_and_what_is_off_the_tissue_left_alone(tissue):
    peaks, features, square, corner = tissue
    detectors = ["mahalanobis", "total-ion-current"]
    scores = detect_anomalies(peaks, features, ~corner, detectors=detectors, **SETTINGS)
    assert scores.detectors.tolist() == detectors
    assert scores.score.shape == scores.false_alarm_rate.shape == (600, 2)
    assert scores.abnormal()[square].all()
    assert not scores.abnormal()[corner].any()
    np.testing.assert_array_equal(scores.healthy, features.train)
    np.testing.assert_array_equal(scores.train, features.train & ~corner)
    unseen = scores.abnormal()[scores.train].mean()
    assert 0.05 < unseen <= 0.1
    assert set(scores.kmeans) == {1, 2, 3}


def test_the_threshold_is_where_the_false_alarm_rate_is_the_stated_one(tissue):
    peaks, features, _, _ = tissue
    everywhere = np.ones(600, dtype=bool)
    scores = detect_anomalies(peaks, features, everywhere, detectors=["knn"], **SETTINGS)
    np.testing.assert_array_equal(scores.abnormal(), scores.false_alarm_rate[:, 0] <= 0.1)


@pytest.mark.parametrize("view", ["composition", "weights", "both"])
def test_every_view_finds_another_make(tissue, view):
    peaks, features, square, corner = tissue
    scores = detect_anomalies(
        peaks, features, ~corner, detectors=["mahalanobis"], **{**SETTINGS, "view": view}
    )
    assert scores.abnormal()[square].mean() > 0.9


def test_a_trimmed_share_is_not_learnt_from_and_counts_for_the_threshold(tissue, monkeypatch):
    peaks, features, _, _ = tissue
    monkeypatch.setattr(detection, "TRIMMER", "knn")
    scores = detect_anomalies(
        peaks,
        features,
        np.ones(600, dtype=bool),
        detectors=["mahalanobis"],
        **{**SETTINGS, "trim": 0.05},
    )
    assert scores.healthy.sum() == 300
    assert scores.train.sum() == 285
    assert scores.abnormal()[scores.healthy].mean() <= 0.1


def test_too_few_healthy_pixels_for_the_rate_are_told(tissue):
    peaks, features, _, _ = tissue
    few = replace(features, train=np.arange(600) < 50)
    with pytest.raises(DataError, match=r"^false_alarm_rate: 0.01 can be told from 99 .* only 50"):
        detect_anomalies(
            peaks,
            few,
            np.ones(600, dtype=bool),
            detectors=["knn"],
            **{**SETTINGS, "rate": 0.01},
        )


def test_the_same_seed_gives_the_same_scores(tissue):
    peaks, features, _, corner = tissue
    wanted = {"detectors": ["isolation-forest"], **SETTINGS}
    one, again, other = (
        detect_anomalies(peaks, features, ~corner, **wanted, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.score, again.score)
    assert (one.score != other.score).any()


def test_the_residual_over_the_current_is_no_map_of_the_brightness_of_normalised_peaks(rng):
    x, y = (axis.ravel().astype(np.int32) for axis in np.meshgrid(np.arange(40), np.arange(30)))
    gain = rng.lognormal(0, 0.8, (1200, 1))
    spectra = rng.poisson(gain * rng.gamma(2, 30, 12)).astype(np.float32) + 1
    total = spectra.sum(axis=1)
    peaks = PeakMatrix(spectra / total[:, None], np.linspace(400, 900, 12), x, y, total)
    healthy = x < 20
    label = np.where(healthy, 1, 2).astype(np.int16)
    names = np.array(["healthy", "unknown"])
    features = Features(peaks.intensity[:, :6], label, np.arange(1200), healthy, names)
    scores = detect_anomalies(
        peaks,
        features,
        np.ones(1200, dtype=bool),
        detectors=["pca-residual-per-current"],
        **SETTINGS,
    )
    assert abs(spearmanr(scores.score[:, 0], total).statistic) < 0.3


def test_pixels_off_the_tissue_have_no_say_in_how_folds_are_cut(tissue):
    peaks, features, _, _ = tissue
    strewn = (peaks.x % 4 == 1) & (peaks.y % 4 == 1) & features.train
    everything = replace(features, train=np.ones(600, dtype=bool))
    told = []

    def watched(x, y, sample, healthy, n_folds):
        told.append(np.count_nonzero(~healthy))
        return matched_folds(x, y, sample, healthy, n_folds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detection, "matched_folds", watched)
        detect_anomalies(peaks, everything, ~strewn, detectors=["knn"], **SETTINGS)
    assert told == [0]
