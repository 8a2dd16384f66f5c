"""The anomaly detectors by name, and what each takes for granted."""

from dataclasses import dataclass, field
from importlib import import_module
from inspect import signature


@dataclass(frozen=True)
class Entry:
    """How a detector is made, what it looks at, and what it assumes.

    Attributes
    ----------
    module, maker : str
        What makes it: a class, or a function, of a module. Imported when asked for: torch takes
        seconds, and a map does not depend on the code of detectors that it does not use.
    assumes : str, how it tells abnormal pixels, in words for reports
    settings : dict of what it is made with
    view : str or None
        What it looks at whatever view a map has: "weights", "spectra" or "total-ion-current".
    per_current : bool
        Whether its score is divided by the total ion current, see `PixelRows.per_current`.
    needs : tuple of str, further modules that its scores come from
    """

    module: str
    maker: str
    assumes: str
    settings: dict = field(default_factory=dict)
    view: str | None = None
    per_current: bool = False
    needs: tuple = ()

    def make(self, seed, updates=None):
        """Return a detector, not fitted.

        Parameters
        ----------
        seed : int, for those that draw random numbers
        updates : int or None, the length of the training of networks, instead of their own

        Returns
        -------
        Detector
        """
        maker = getattr(import_module(self.module), self.maker)
        given = {"random_state": seed, "updates": updates}
        known = signature(maker).parameters
        told = {key: value for key, value in given.items() if key in known and value is not None}
        return maker(**self.settings, **told)


#: The thesis' critic, which a map has from a GAN that is trained in a stage of its own.
CRITIC = "critic"

#: The detector that looks for abnormal pixels in a mask that may hold some.
TRIMMER = "discriminator"

_HERE = "imsforge.anomaly."

DETECTORS = {
    "discriminator": Entry(
        _HERE + "discriminators",
        "Discriminator",
        "far from healthy pixels in any direction, by critics that saw made-up pixels all around",
    ),
    "discriminator-local": Entry(
        _HERE + "discriminators",
        "LocalDiscriminator",
        "where healthy pixels are rarer than five kinds of made-up ones; says little where there "
        "are neither",
    ),
    "mahalanobis": Entry(
        _HERE + "gaussian", "Mahalanobis", "far from the mean of one Gaussian of healthy pixels"
    ),
    "mahalanobis-trimmed": Entry(
        _HERE + "gaussian",
        "Mahalanobis",
        "as mahalanobis, fitted again without the tenth of the mask that is farthest",
        {"trimmed": 0.1},
    ),
    "mahalanobis-mcd": Entry(
        _HERE + "gaussian",
        "minimum_covariance_determinant",
        "as mahalanobis, of the three quarters of the mask that lie closest together",
    ),
    "pca-residual": Entry(
        _HERE + "residuals",
        "PCAResidual",
        "healthy pixels lie near a plane; what sticks out of it is abnormal, whatever its place "
        "within",
    ),
    "pca-residual-per-current": Entry(
        _HERE + "residuals",
        "PCAResidual",
        "as pca-residual of the features as they are, over the total ion current",
        view="weights",
        per_current=True,
    ),
    "nmf-residual": Entry(
        _HERE + "residuals",
        "NMFResidual",
        "healthy spectra are sums of parts; what no sum of these makes up is abnormal",
        view="spectra",
    ),
    "gaussian-mixture": Entry(
        _HERE + "library", "Mixture", "healthy pixels come from a few Gaussians"
    ),
    "knn": Entry(_HERE + "library", "KNeighbors", "far from its nearest healthy pixels"),
    "lof": Entry(
        _HERE + "library", "LocalOutliers", "farther from healthy pixels than these are apart"
    ),
    "isolation-forest": Entry(
        _HERE + "library", "isolation_forest", "random cuts soon part it from healthy pixels"
    ),
    "one-class-svm": Entry(
        _HERE + "library", "one_class_svm", "outside a smooth border around healthy pixels"
    ),
    "kmeans-distance": Entry(
        _HERE + "library", "KMeansDistance", "far from every centre of healthy pixels"
    ),
    "total-ion-current": Entry(
        _HERE + "library",
        "DistanceFromMedian",
        "brighter or dimmer than healthy pixels, whatever it is made of; a control",
        view="total-ion-current",
    ),
    "vae-reconstruction": Entry(
        _HERE + "vae",
        "VAEReconstruction",
        "what a variational autoencoder of healthy pixels rebuilds badly, by the noise that it "
        "expects",
    ),
    "vae-likelihood": Entry(
        _HERE + "vae", "VAELikelihood", "unlikely under a variational autoencoder of healthy pixels"
    ),
    "anogan": Entry(
        _HERE + "anogan",
        "AnoGAN",
        "unlike what a GAN of healthy pixels generates, as far as a search finds",
    ),
    "f-anogan": Entry(
        _HERE + "anogan",
        "FAnoGAN",
        "unlike what a GAN of healthy pixels generates where an encoder leads",
    ),
    "f-anogan-distance": Entry(
        _HERE + "anogan",
        "f_anogan_distance",
        "as f-anogan, by the residuals that healthy pixels have",
    ),
    "egbad": Entry(
        _HERE + "bigan", "EGBAD", "what a bidirectional GAN of healthy pixels inverts badly"
    ),
    "ganomaly": Entry(
        _HERE + "ganomaly",
        "GANomaly",
        "encoded otherwise once it is rebuilt by an autoencoder of healthy pixels",
    ),
    "ganomaly-distance": Entry(
        _HERE + "ganomaly",
        "ganomaly_distance",
        "what ganomaly's autoencoder rebuilds badly, by the residuals that healthy pixels have",
    ),
    CRITIC: Entry(
        _HERE + "critic",
        "Critic",
        "rated lower than healthy pixels by the critic of a cwgan-gp, which never saw anything "
        "between healthy and generated pixels: its sign is not defined elsewhere",
        needs=("imsforge.oversampling.gan",),
    ),
}


def modules_behind(detectors, trim=0):
    """Return the names of the modules that the scores of detectors come from.

    Parameters
    ----------
    detectors : list of str, keys of `DETECTORS`
    trim : float, the share of the mask that `TRIMMER` leaves out
    """
    used = [DETECTORS[name] for name in (*detectors, *([TRIMMER] if trim else []))]
    return sorted({module for entry in used for module in (entry.module, *entry.needs)})


def trained_critic(model, healthy):
    """Return the detector "critic" of a GAN that is trained already, fitted.

    Parameters
    ----------
    model : ConditionalGAN of one class
    healthy : (n_rows, n_features) array, scaled as the rows that it was trained on

    Returns
    -------
    Detector
    """
    return import_module(DETECTORS[CRITIC].module).TrainedCritic(model).fit(healthy)
