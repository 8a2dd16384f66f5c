"""Anomaly maps: how abnormal each pixel is to each of several detectors."""

import logging

import numpy as np
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from imsforge.anomaly.cross_fitting import cross_fitted_scores, matched_folds
from imsforge.anomaly.registry import CRITIC, DETECTORS, TRIMMER, trained_critic
from imsforge.anomaly.scores import AnomalyScores
from imsforge.anomaly.thresholds import check_rate, false_alarm_rate, threshold
from imsforge.anomaly.views import PixelRows, rarer
from imsforge.seeding import derive_seed

logger = logging.getLogger(__name__)


def detect_anomalies(
    peaks,
    features,
    tissue,
    *,
    detectors,
    view,
    rate,
    folds,
    trim,
    clusters,
    updates=None,
    critic=None,
    scaled=None,
    seed=0,
):
    """Score every pixel with several detectors that learnt what healthy pixels look like.

    Thesis row V23 (van der Linden 2024, appendix B): the critic of a GAN that saw healthy pixels
    alone, beside a k-means map; here any of `DETECTORS`.

    Parameters
    ----------
    peaks : PeakMatrix
    features : Features, not scaled; training rows are the pixels said to be healthy
    tissue : (n_rows,) bool, False for rows off the tissue, which nothing learns from
    detectors : list of str, keys of `DETECTORS`; the first one leads
    view : a key of `imsforge.anomaly.views.VIEWS`
    rate : float, the share of healthy pixels that may be called abnormal
    folds : int, see `imsforge.anomaly.cross_fitting.matched_folds`
    trim : float
        Share of the healthy pixels, the most abnormal ones to `TRIMMER`, that detectors do not
        learn from. Thresholds are set on all healthy pixels nevertheless.
    clusters : int, clusters of the k-means map
    updates : int or None, the length of the training of networks, instead of their own
    critic : ConditionalGAN or None, trained on the healthy rows of ``scaled``; with the detector
        "critic" only
    scaled : Features or None, what it was trained on
    seed : int

    Returns
    -------
    AnomalyScores

    Raises
    ------
    DataError
        If there are too few healthy pixels for the folds, or for the rate.
    """
    pixel, healthy = features.pixel, features.train & tissue
    check_rate(np.count_nonzero(healthy), rate)
    rows = PixelRows(peaks.intensity[pixel], features.values, peaks.total_ion_current[pixel])
    place = peaks.x[pixel], peaks.y[pixel], peaks.sample[pixel]
    fold = np.full(len(pixel), -1)
    fold[tissue] = matched_folds(*(axis[tissue] for axis in place), healthy[tissue], folds)
    train = healthy
    if trim:
        train = healthy & ~most_abnormal(rows, view, fold, healthy, trim, seed, updates)
        fold = np.where(train, fold, -1)
    scores = {}
    for name in detectors:
        if name == CRITIC:
            rater = trained_critic(critic, scaled.training_set[0])
            scores[name] = rater.anomaly_score(scaled.values)
        else:
            scores[name] = detector_scores(name, rows, view, fold, healthy, seed, updates)
        logger.info("%s has scored %d pixels", name, len(rows))
    x, y, sample = place
    # As they are kept, so that no pixel passes a threshold by rounding alone.
    table = np.column_stack([scores[name] for name in detectors]).astype(np.float32)
    return AnomalyScores(
        x=x,
        y=y,
        sample=sample,
        samples=peaks.samples,
        healthy=features.train,
        train=train,
        tissue=tissue,
        total_ion_current=peaks.total_ion_current[pixel].astype(np.float32),
        kmeans=_clusters(rows.view("count"), clusters, seed),
        detectors=np.array(detectors),
        score=table,
        false_alarm_rate=np.column_stack(
            [false_alarm_rate(score, score[healthy]) for score in table.T]
        ).astype(np.float32),
        threshold=np.array([threshold(score[healthy], rate) for score in table.T]),
    )


def detector_scores(name, rows, view, fold, healthy, seed=0, updates=None):
    """Score all pixels by a detector, each by fits that did not see it.

    Parameters
    ----------
    name : a key of `DETECTORS`
    rows : PixelRows
    view : a key of `imsforge.anomaly.views.VIEWS`
        What the detector looks at, unless it always looks at the same.
    fold : (n_pixels,) int array, as of `cross_fitted_scores`
    healthy : (n_pixels,) bool, what the scores of two views are compared by
    seed : int
    updates : int or None, as of `detect_anomalies`

    Returns
    -------
    (n_pixels,) float64 array
    """
    entry = DETECTORS[name]
    views = [entry.view] if entry.view else ["count", "composition"] if view == "both" else [view]
    scores = [
        cross_fitted_scores(entry.make(derive_seed(seed, name), updates), rows.view(one), fold)
        for one in views
    ]
    score = scores[0] if len(scores) == 1 else rarer(scores, healthy)
    return rows.per_current(score) if entry.per_current else score


def most_abnormal(rows, view, fold, healthy, share, seed=0, updates=None):
    """Return which healthy pixels look the least healthy, (n_pixels,) bool, a share of them."""
    score = detector_scores(TRIMMER, rows, view, fold, healthy, seed, updates)
    found = healthy & (score > np.quantile(score[healthy], 1 - share))
    logger.info("%d of %d healthy pixels are left out", found.sum(), healthy.sum())
    return found


def _clusters(rows, n_clusters, seed):
    groups = KMeans(n_clusters, n_init=3, random_state=derive_seed(seed, "k-means"))
    return (groups.fit_predict(StandardScaler().fit_transform(rows)) + 1).astype(np.int16)
