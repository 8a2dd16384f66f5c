"""Anomaly detectors on a dataset."""

from imsforge.anomaly.registry import CRITIC, modules_behind
from imsforge.study.stages import without


class AnomalyMap:
    """Anomaly detectors on a dataset: an experiment whose training rows are healthy pixels.

    Attributes
    ----------
    dataset, name : str
    settings : dict
    folder : Folder
    """

    def __init__(self, dataset, name, settings, folder):
        self.dataset, self.name, self.settings, self.folder = dataset, name, settings, folder

    def setting(self, key):
        """Return a setting."""
        return self.settings[key]

    @property
    def title(self):
        """What figures are headed with."""
        return f"{self.dataset}: {self.name}"

    @property
    def detectors(self):
        """The names of the detectors, the leading one first."""
        return self.settings["detectors"]

    @property
    def has_critic(self):
        """Whether a GAN is trained, whose critic is one of the detectors."""
        return CRITIC in self.detectors

    @property
    def detection_settings(self):
        """How pixels are scored, but for which of them lie off the tissue."""
        keys = ("detectors", "view", "folds", "trim", "clusters", "updates")
        return {"rate": self.settings["false_alarm_rate"], **{k: self.settings[k] for k in keys}}

    @property
    def modules(self):
        """The names of the modules behind its detectors."""
        return modules_behind(self.detectors, self.settings["trim"])

    @property
    def known_classes(self):
        """The classes of the dataset that are known to be abnormal, as they are named, or None."""
        return self.settings.get("known", {}).get("classes")

    @property
    def mask(self):
        """The path of the mask of healthy pixels, or None."""
        return self.settings["healthy"].get("mask")

    @property
    def regions(self):
        """The path of the GeoJSON of healthy regions, or None."""
        return self.settings["healthy"].get("regions")

    @property
    def by_class(self):
        """Whether classes of the dataset say which pixels are healthy."""
        return "classes" in self.settings["healthy"]

    @property
    def background_by_class(self):
        """Whether classes of the dataset say which pixels lie off the tissue."""
        return "classes" in self.settings["off_tissue"]

    @property
    def healthy_settings(self):
        """Which pixels are healthy, but for the files."""
        return without(self.settings["healthy"], "mask", "regions")

    @property
    def given_files(self):
        """The paths of the files that say which pixels are healthy."""
        return [path for path in (self.mask, self.regions) if path]

    @property
    def stages(self):
        """The stages that make artifacts."""
        made = self.folder
        network = [
            made.stage("scale", "scaled.h5", rule="scale_healthy"),
            made.stage("train_gan", "model.safetensors", "history.csv", rule="train_healthy"),
        ]
        return [
            made.stage("select_healthy", "split.h5", "labels.h5"),
            made.stage("reduce", "features.h5", rule="reduce_healthy"),
            *(network if self.has_critic else []),
            made.stage("detect_anomalies", "scores.h5"),
            made.stage("anomaly_map", "map.png", "map.svg", "metrics.json"),
            made.stage("anomaly_regions", "regions.csv", "ions.csv", folders=["regions"]),
            made.stage("plot_anomaly_ions", "ions.png", "ions.svg"),
        ]

    @property
    def shown(self):
        """The paths of what the report shows."""
        names = ("metrics.json", "regions.csv", "ions.csv", "map.png", "ions.png")
        return [self.folder.file(name) for name in names]
