"""Which pixels do not look like healthy tissue: scores from critics, and their baselines."""

from imsforge.anomaly.healthy import healthy_pixels
from imsforge.anomaly.scores import anomaly_scores, detection_metrics

__all__ = ["anomaly_scores", "detection_metrics", "healthy_pixels"]
