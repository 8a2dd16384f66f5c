"""What a study consists of: datasets, experiments, repeats, methods, and the files of each.

Rules, report, record and `verify` ask here, so that none of them can know another study. The
stages below make the files that the rules declare under the same names; a test holds both together.
"""

from functools import cached_property

from imsforge.export.registry import NEEDS
from imsforge.labels.files import label_files
from imsforge.readers.files import raw_files
from imsforge.seeding import derive_seed
from imsforge.study.anomaly_map import AnomalyMap
from imsforge.study.experiment import FIGURES, Experiment
from imsforge.study.exports import exported_files
from imsforge.study.stages import Folder, without

#: What the report explains in a caption: figures, and the tables of scores.
CAPTIONS = ("peaks", "classes", "table", *FIGURES, "map", "ions")

#: Stages that draw random numbers once a dataset or anomaly map.
SEEDED = ("phantom", "extract_peaks", "label", "class_ions", "detect_anomalies", "anomaly_regions")


class Study:
    """What a configuration asks for.

    Parameters
    ----------
    config : dict, complete with defaults, see `imsforge.study.config.validate_config`
    results, logs : path
        The folders of artifacts and of logs, as they begin each path that a study names.

    Attributes
    ----------
    config : dict
    folder : Folder
    datasets : tuple of Dataset
    """

    def __init__(self, config, results="results", logs="logs"):
        self.config = config
        self.folder = Folder(str(results), str(logs))
        self.datasets = tuple(
            Dataset(name, settings, self.folder / name)
            for name, settings in config["datasets"].items()
        )

    @cached_property
    def _by_name(self):
        return {dataset.name: dataset for dataset in self.datasets}

    def dataset(self, name):
        """Return a dataset by its name."""
        return self._by_name[name]

    def experiment(self, dataset, name):
        """Return an experiment by the name of its dataset and its own."""
        return self.dataset(dataset).experiment(name)

    def anomaly_map(self, dataset, name):
        """Return an anomaly map by the name of its dataset and its own."""
        return self.dataset(dataset).anomaly_map(name)

    @property
    def experiments(self):
        """All experiments, in the order of the configuration."""
        return [e for dataset in self.datasets for e in dataset.experiments]

    @property
    def exports(self):
        """The formats that results are exported to."""
        return sorted({name for dataset in self.datasets for name in dataset.settings["export"]})

    @property
    def anomaly_maps(self):
        """All anomaly maps, in the order of the configuration."""
        return [a for dataset in self.datasets for a in dataset.anomaly_maps]

    @property
    def methods(self):
        """The names of all methods, of their training sets and generators; each once."""
        groups = [(e.methods, e.training_sets, e.generators) for e in self.experiments]
        return sorted({method for group in groups for methods in group for method in methods})

    @property
    def training_sets(self):
        """The names of all methods that make training sets, each once."""
        return sorted({method for e in self.experiments for method in e.training_sets})

    def dataset_files(self, *names):
        """Return the paths of files of every dataset."""
        return [dataset.folder.file(name) for dataset in self.datasets for name in names]

    @property
    def record(self):
        """The path of the record of the run."""
        return self.folder.file("provenance.json")

    @property
    def stages(self):
        """All stages of a run that make artifacts, but for the record, which is about them."""
        stages = [stage for dataset in self.datasets for stage in dataset.stages]
        return [*stages, self.folder.stage("report", "report.html")]

    @property
    def scripts(self):
        """The paths of the scripts behind the stages, as the folder of the workflow has them."""
        return sorted({f"../scripts/{stage.script}.py" for stage in self.stages})

    @property
    def artifacts(self):
        """The paths of all artifacts that a finished run has made, but for its record.

        Those that only the data name are in `folders`.
        """
        return [path for stage in self.stages for path in stage.files]

    @property
    def folders(self):
        """The paths of folders all files of which are artifacts, whatever their names."""
        return [path for stage in self.stages for path in stage.folders]

    @property
    def outputs(self):
        """The paths of all artifacts as rules declare them."""
        return [path for stage in self.stages for path in stage.outputs]

    @property
    def shown(self):
        """The paths of what the report shows."""
        return [path for dataset in self.datasets for path in dataset.shown]

    @property
    def given_files(self):
        """The paths of files that the study names beside raw measurements, each once."""
        files = {path for dataset in self.datasets for path in dataset.given_files}
        return sorted(files.union(*(a.given_files for a in self.anomaly_maps)))

    def seed(self, *purpose, method="", repeat=""):
        """Return the seed of a purpose, another one for each method and repeat.

        All experiments of a study share their repeats' seeds, so that they compare in pairs.
        """
        return derive_seed(self.config["seed"], *purpose, method, repeat)

    def seeds_of_repeats(self, experiment, purpose, method):
        """Return the seeds of a purpose for all repeats of an experiment."""
        return [self.seed(purpose, method=method, repeat=repeat) for repeat in experiment.repeats]

    @property
    def seeds(self):
        """The seeds by purpose, method and repeat, as a record lists them."""
        once = {stage.script for stage in self.stages}.intersection(SEEDED)
        seeds = {purpose: self.seed(purpose) for purpose in sorted(once)}
        if any(a.has_critic for a in self.anomaly_maps):
            seeds["train_gan/anomaly"] = self.seed("train_gan", "anomaly")
        for experiment in self.experiments:
            for repeat in experiment.repeats:
                for purpose, method in experiment.random_purposes:
                    name = "/".join(filter(None, (purpose, method, str(repeat))))
                    seeds[name] = self.seed(purpose, method=method, repeat=repeat)
        return seeds


class Dataset:
    """A measurement with its experiments and anomaly maps.

    Attributes
    ----------
    name : str
    settings : dict
    folder : Folder
    experiments : tuple of Experiment
    anomaly_maps : tuple of AnomalyMap
    """

    def __init__(self, name, settings, folder):
        self.name, self.settings, self.folder = name, settings, folder
        self.experiments = tuple(
            Experiment(name, key, value, folder / key)
            for key, value in settings["experiments"].items()
        )
        self.anomaly_maps = tuple(
            AnomalyMap(name, key, value, folder / "anomaly" / key)
            for key, value in settings["anomaly"].items()
        )

    def experiment(self, name):
        """Return an experiment by its name."""
        return self._by_name[name]

    def anomaly_map(self, name):
        """Return an anomaly map by its name."""
        return self._maps_by_name[name]

    @cached_property
    def _by_name(self):
        return {experiment.name: experiment for experiment in self.experiments}

    @cached_property
    def _maps_by_name(self):
        return {anomaly_map.name: anomaly_map for anomaly_map in self.anomaly_maps}

    def setting(self, key):
        """Return a setting."""
        return self.settings[key]

    @property
    def is_phantom(self):
        """Whether the measurement is made on the spot."""
        return "phantom" in self.settings

    @property
    def megabytes(self):
        """What the spectra of a phantom take in memory, in MB; 0 where they are not known yet."""
        phantom = self.settings.get("phantom", {"pixels": 0, "peaks": 0})
        return phantom["pixels"] * phantom["peaks"] * 4 / 1e6

    @property
    def given_input(self):
        """What a measurement is read from, as the configuration has it; None for a phantom."""
        return self.settings.get("input")

    @property
    def raw_files(self):
        """The paths of the raw files that a user gave, those beside an imzML too."""
        return [] if self.is_phantom else [str(path) for path in raw_files(self.settings["input"])]

    @property
    def peak_list(self):
        """The path of the file that gives the peaks, or None."""
        return self.settings["peaks"]["list"]

    @property
    def peak_settings(self):
        """How peaks are found and integrated, but for the file that gives them."""
        return without(self.settings["peaks"], "list")

    @property
    def label_file(self):
        """Which files hold given labels, as the configuration has it; None where none do."""
        return self.settings["labels"].get("file")

    @property
    def is_labelled_by_truth(self):
        """Whether the labels are a column of what a phantom was made from."""
        return self.is_phantom and self.settings["labels"]["method"] == "column"

    @property
    def label_files(self):
        """The paths of the files of given labels."""
        return label_files(self.label_file) if self.label_file else []

    def label_setting(self, key):
        """Return a setting of the labels."""
        return self.settings["labels"][key]

    @property
    def label_settings(self):
        """How pixels are labelled, but for the files."""
        return without(self.settings["labels"], "file", "scan")

    @property
    def given_files(self):
        """The paths of peak list and labels, where some are given."""
        return [*([self.peak_list] if self.peak_list else []), *map(str, self.label_files)]

    @property
    def stages(self):
        """The stages that make artifacts."""
        made = self.folder
        phantom = ("phantom/phantom.imzML", "phantom/phantom.ibd", "phantom/truth.h5")
        return [
            *([made.stage("phantom", *phantom)] if self.is_phantom else []),
            made.stage("ingest", "spectra.h5", "ingest.json"),
            made.stage("extract_peaks", "peaks.h5", "peaks.csv"),
            made.stage("label", "labels.h5", "classes.csv", "coherence.json"),
            made.stage("class_ions", "class_ions.csv"),
            made.figure("peaks"),
            made.figure("classes"),
            *(stage for experiment in self.experiments for stage in experiment.stages),
            *(stage for anomaly_map in self.anomaly_maps for stage in anomaly_map.stages),
            *map(self._export_stage, self.settings["export"]),
        ]

    def _export_stage(self, name):
        own = Folder(f"{self.folder.results}/export", f"{self.folder.logs}/export/{name}")
        return own.stage("export", folders=[name])

    @property
    def exports(self):
        """The paths of the folders of the formats that it is exported to."""
        return [self._export_stage(name).folders[0] for name in self.settings["export"]]

    @property
    def export_settings(self):
        """What an export tells of how its pixels came about."""
        labels = without(self.settings["labels"], "scan")
        return {**without(self.settings, "experiments", "anomaly", "export"), "labels": labels}

    def export_inputs(self, name):
        """Return the paths of what a format is made from."""
        return exported_files(self, NEEDS[name])

    @property
    def shown(self):
        """The paths of what the report shows."""
        measured = ("ingest.json", "peaks.csv", "peaks.png")
        labelled = ("classes.csv", "coherence.json", "class_ions.csv", "classes.png")
        return [
            *map(self.folder.file, measured + labelled),
            *(path for experiment in self.experiments for path in experiment.shown),
            *(path for anomaly_map in self.anomaly_maps for path in anomaly_map.shown),
        ]
