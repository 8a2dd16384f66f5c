"""The anomaly detectors by name."""

from collections.abc import Callable
from dataclasses import dataclass

from sklearn.covariance import MinCovDet
from sklearn.ensemble import IsolationForest
from sklearn.svm import OneClassSVM

from imsforge.anomaly.base import Detector
from imsforge.anomaly.discriminators import Discriminator, LocalDiscriminator
from imsforge.anomaly.gaussian import Mahalanobis
from imsforge.anomaly.library import (
    DistanceFromMedian,
    KMeansDistance,
    KNeighbors,
    LocalOutliers,
    Mixture,
    Outliers,
)
from imsforge.anomaly.residuals import NMFResidual, PCAResidual


@dataclass(frozen=True)
class Entry:
    """How a detector is made, and what it looks at.

    Attributes
    ----------
    make : function of a seed that returns a detector, not fitted
    view : str or None
        What it looks at whatever view a map has: "weights", "spectra" or "total-ion-current".
    per_current : bool
        Whether its score is divided by the total ion current.
    """

    make: Callable[[int], Detector]
    view: str | None = None
    per_current: bool = False


#: The thesis' critic is trained in a stage of its own, and not by folds.
CRITIC = "critic"

DETECTORS = {
    "discriminator": Entry(lambda seed: Discriminator(random_state=seed)),
    "discriminator-local": Entry(lambda seed: LocalDiscriminator(random_state=seed)),
    "mahalanobis": Entry(lambda seed: Mahalanobis()),
    "mahalanobis-trimmed": Entry(lambda seed: Mahalanobis(trimmed=0.1)),
    "mahalanobis-mcd": Entry(
        lambda seed: Mahalanobis(MinCovDet(support_fraction=0.75, random_state=seed))
    ),
    "pca-residual": Entry(lambda seed: PCAResidual()),
    "pca-residual-per-current": Entry(lambda seed: PCAResidual(), view="weights", per_current=True),
    "nmf-residual": Entry(lambda seed: NMFResidual(), view="spectra"),
    "gaussian-mixture": Entry(lambda seed: Mixture(random_state=seed)),
    "knn": Entry(lambda seed: KNeighbors()),
    "lof": Entry(lambda seed: LocalOutliers()),
    "isolation-forest": Entry(lambda seed: Outliers(IsolationForest(random_state=seed))),
    "one-class-svm": Entry(lambda seed: Outliers(OneClassSVM(nu=0.05))),
    "kmeans-distance": Entry(lambda seed: KMeansDistance(random_state=seed)),
    "total-ion-current": Entry(lambda seed: DistanceFromMedian(), view="total-ion-current"),
}
