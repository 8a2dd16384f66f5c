"""Anomaly scores of pixels; larger is stranger."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.covariance import LedoitWolf
from sklearn.metrics import average_precision_score, roc_auc_score


def anomaly_scores(model, values, train, *, clusters, seed=0):
    """Score every pixel with the critic and with two baselines, and cluster it for comparison.

    Thesis row V23 (van der Linden 2024, appendix B).

    Parameters
    ----------
    model : ConditionalGAN trained on the healthy pixels alone
    values : (n_pixels, n_features) float32, scaled features
    train : (n_pixels,) bool, the healthy pixels
    clusters : int, clusters of the k-means map
    seed : int

    Returns
    -------
    dict of (n_pixels,) arrays
        ``critic``: how far below the healthy pixels' mean the critic rates a pixel.
        ``mahalanobis``: distance from the healthy pixels' mean, under their covariance (shrunk
        as Ledoit & Wolf 2004): what a Gaussian knows without a network.
        ``kmeans``: cluster of the pixel, from 1, as thesis figure B-2 shows it beside the score.
    """
    rating = model.score(values, np.zeros(len(values), dtype=np.int64))
    healthy = LedoitWolf().fit(values[train])
    groups = KMeans(clusters, n_init=3, random_state=seed).fit_predict(values)
    return {
        "critic": (rating[train].mean() - rating).astype(np.float32),
        "mahalanobis": np.sqrt(healthy.mahalanobis(values)).astype(np.float32),
        "kmeans": (groups + 1).astype(np.int16),
    }


def detection_metrics(scores, truth, train):
    """Compare scores with known anomalies, on pixels that no detector was fitted on.

    Parameters
    ----------
    scores : dict of (n_pixels,) arrays, larger is stranger
    truth : dict of (n_pixels,) bool arrays, the kinds of anomaly
    train : (n_pixels,) bool, the healthy pixels used for fitting

    Returns
    -------
    dict
        ``{score: {kind: {"auroc", "average_precision", "pixels"}}}``; for each kind the pixels of
        the other kinds are left out, and ``any`` takes all kinds together.
    """
    anomalous = np.logical_or.reduce(list(truth.values()))
    kinds = {**truth, "any": anomalous}
    metrics = {}
    for score_name, score in scores.items():
        metrics[score_name] = {}
        for kind, mask in kinds.items():
            rows = ~train & (mask | ~anomalous)
            if mask[rows].any() and not mask[rows].all():
                metrics[score_name][kind] = {
                    "auroc": float(roc_auc_score(mask[rows], score[rows])),
                    "average_precision": float(average_precision_score(mask[rows], score[rows])),
                    "pixels": int(mask[rows].sum()),
                }
    return metrics
