"""Anomaly scores of pixels; larger is stranger."""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.covariance import LedoitWolf
from sklearn.metrics import average_precision_score, roc_auc_score

from imsforge.artifacts.hdf5 import Artifact


@dataclass(frozen=True)
class AnomalyScores(Artifact):
    """``scores.h5`` of an anomaly map: how strange each pixel with signal is.

    Attributes
    ----------
    x, y : (n,) int32, coordinates within a sample
    sample : (n,) int16, index into ``samples``
    samples : (n_samples,) str
    train : (n,) bool, the healthy pixels that the detectors learnt from
    critic : (n,) float32, how far below the healthy pixels' mean the critic rates a pixel
    mahalanobis : (n,) float32, distance from the healthy pixels' mean under their covariance
        (shrunk as Ledoit & Wolf 2004): what a Gaussian knows without a network
    total_ion_current : (n,) float32, sum of the spectrum before any normalisation
    kmeans : (n,) int16, cluster of the pixel, from 1
    """

    x: np.ndarray
    y: np.ndarray
    sample: np.ndarray
    samples: np.ndarray
    train: np.ndarray
    critic: np.ndarray
    mahalanobis: np.ndarray
    total_ion_current: np.ndarray
    kmeans: np.ndarray


#: The fields of `AnomalyScores` that claim to find anomalies.
DETECTORS = ("critic", "mahalanobis", "total_ion_current")


def detect_anomalies(peaks, features, model, *, clusters, truth=None, seed=0):
    """Score every pixel with the critic and its baselines, and compare with what is known.

    Thesis row V23 (van der Linden 2024, appendix B): the critic of a GAN that saw healthy pixels
    alone, beside a k-means map.

    Parameters
    ----------
    peaks : PeakMatrix
    features : Features, scaled; training rows are the healthy pixels
    model : ConditionalGAN
    clusters : int, clusters of the k-means map
    truth : dict of (n_pixels,) bool arrays by kind of anomaly, in the order of ``peaks``, or None
    seed : int

    Returns
    -------
    scores : AnomalyScores
    metrics : dict, pixel counts and, with ``truth``, `detection_metrics`
    """
    values, train = features.values, features.train
    rating = model.score(values, np.zeros(len(values), dtype=np.int64))
    healthy = LedoitWolf().fit(values[train])
    groups = KMeans(clusters, n_init=3, random_state=seed).fit_predict(values)
    scores = AnomalyScores(
        x=peaks.x[features.pixel],
        y=peaks.y[features.pixel],
        sample=peaks.sample[features.pixel],
        samples=peaks.samples,
        train=train,
        critic=(rating[train].mean() - rating).astype(np.float32),
        mahalanobis=np.sqrt(healthy.mahalanobis(values)).astype(np.float32),
        total_ion_current=peaks.total_ion_current[features.pixel],
        kmeans=(groups + 1).astype(np.int16),
    )
    metrics = {"pixels": len(train), "healthy_pixels": int(train.sum())}
    if truth is not None:
        rows = {kind: mask[features.pixel] for kind, mask in truth.items()}
        metrics["detection"] = detection_metrics(scores, rows)
    return scores, metrics


def detection_metrics(scores, truth):
    """Compare scores with known anomalies, on pixels that no detector was fitted on.

    Parameters
    ----------
    scores : AnomalyScores
    truth : dict of (n,) bool arrays, the kinds of anomaly

    Returns
    -------
    dict
        ``{detector: {kind: {"auroc", "average_precision", "pixels"}}}``; for each kind the pixels
        of the other kinds are left out, and ``any`` takes all kinds together.
    """
    anomalous = np.logical_or.reduce(list(truth.values()))
    kinds = {**truth, "any": anomalous}
    return {
        detector: {
            kind: _detection(mask, ~scores.train & (mask | ~anomalous), getattr(scores, detector))
            for kind, mask in kinds.items()
        }
        for detector in DETECTORS
    }


def _detection(mask, rows, score):
    known, found = mask[rows], score[rows]
    if known.all() or not known.any():
        return {"auroc": None, "average_precision": None, "pixels": int(known.sum())}
    return {
        "auroc": float(roc_auc_score(known, found)),
        "average_precision": float(average_precision_score(known, found)),
        "pixels": int(known.sum()),
    }
