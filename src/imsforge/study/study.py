"""What a study consists of: datasets, experiments, repeats, methods, and the files of each.

Rules, report, record and `verify` ask here, so that none of them can know another study. The
stages below make the files that the rules declare under the same names; a test holds both together.
"""

from dataclasses import dataclass
from functools import cached_property

from imsforge.anomaly.registry import CRITIC, modules_behind
from imsforge.labels.files import label_files
from imsforge.readers.files import raw_files
from imsforge.seeding import derive_seed

#: Methods that train networks: those of the stage `train_gan`, and the one of `train_vae`.
GAN_METHODS = ("cgan", "cwgan", "cwgan-gp")
TRAINED_METHODS = (*GAN_METHODS, "vae")

#: Figures of an experiment, in the order of the report.
FIGURES = ("recall_matrices", "fidelity", "spectra", "frechet", "training")

#: What the report explains in a caption: figures, and the tables of scores.
CAPTIONS = ("peaks", "classes", "table", *FIGURES, "map", "ions")

#: Stages that draw random numbers once a dataset or anomaly map.
SEEDED = ("phantom", "extract_peaks", "label", "class_ions", "detect_anomalies", "anomaly_regions")


def generator_of(method):
    """Return the method behind its refinements: "vae" of "vae+calibrate"."""
    return method.partition("+")[0]


@dataclass(frozen=True)
class Stage:
    """One job of a study.

    Attributes
    ----------
    rule, script : str, their names
    files : tuple of str, the paths of the artifacts that it makes
    log : str, its path
    outputs : tuple of str, what its rule declares: the files, or the folder that holds them
    folders : tuple of str, the paths of folders for files that only the data name
    """

    rule: str
    script: str
    files: tuple
    log: str
    outputs: tuple
    folders: tuple = ()


@dataclass(frozen=True)
class Folder:
    """Where something of a study keeps its files, and where its stages keep their logs."""

    results: str
    logs: str

    def __truediv__(self, name):
        return Folder(f"{self.results}/{name}", f"{self.logs}/{name}")

    def file(self, name):
        """Return the path of a file."""
        return f"{self.results}/{name}"

    def stage(self, script, *files, rule=None, whole=False, folders=()):
        """Return a stage that makes files and folders in this folder, or the ``whole`` folder."""
        paths, inner = (tuple(map(self.file, names)) for names in (files, folders))
        outputs = (self.results,) if whole else paths + inner
        return Stage(rule or script, script, paths, f"{self.logs}/{script}.log", outputs, inner)


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
    def anomaly_maps(self):
        """All anomaly maps, in the order of the configuration."""
        return [a for dataset in self.datasets for a in dataset.anomaly_maps]

    @property
    def methods(self):
        """The names of all methods, and of the generators behind their refinements; each once."""
        methods = [method for e in self.experiments for method in e.methods]
        return sorted({*methods, *map(generator_of, methods)})

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
        return _without(self.settings["peaks"], "list")

    @property
    def label_file(self):
        """Which files hold given labels, as the configuration has it; None where none do."""
        return self.settings["labels"].get("file")

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
        return _without(self.settings["labels"], "file", "scan")

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
            _figure(made, "peaks"),
            _figure(made, "classes"),
            *(stage for experiment in self.experiments for stage in experiment.stages),
            *(stage for anomaly_map in self.anomaly_maps for stage in anomaly_map.stages),
        ]

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


class Experiment:
    """Methods compared on the same splits of a dataset.

    Attributes
    ----------
    dataset, name : str
    settings : dict
    folder : Folder
    methods : list of str, with their refinements
    repeats : range, from 1
    """

    def __init__(self, dataset, name, settings, folder):
        self.dataset, self.name, self.settings, self.folder = dataset, name, settings, folder
        self.methods = settings["methods"]
        self.repeats = range(1, settings["repeats"] + 1)

    def setting(self, key):
        """Return a setting."""
        return self.settings[key]

    @property
    def title(self):
        """What figures are headed with."""
        return f"{self.dataset}: {self.name}"

    @property
    def generators(self):
        """The generators with networks behind the methods, each once."""
        generators = dict.fromkeys(map(generator_of, self.methods))
        return [generator for generator in generators if generator in TRAINED_METHODS]

    @property
    def replaces(self):
        """Whether training sets are replaced by generated spectra."""
        return "replace" in self.settings["tasks"]

    @property
    def together(self):
        """The generators that train all repeats at once."""
        return [g for g in self.generators if g in GAN_METHODS and self.settings["together"]]

    @property
    def random_purposes(self):
        """What a repeat needs seeds for: pairs of a purpose and a method, "" where it has none."""
        trained = [("train_gan", g) for g in self.generators if g in GAN_METHODS]
        trained += [("train_vae", "") for g in self.generators if g not in GAN_METHODS]
        judged = ["oversample", "evaluate", *(["assess_fidelity"] if self.replaces else [])]
        drawn = [(purpose, method) for method in self.methods for purpose in judged]
        return [("split", ""), *trained, *drawn]

    @property
    def figures(self):
        """The names of the figures that methods and tasks allow, in the order of the report."""
        possible = {
            "recall_matrices": True,
            "fidelity": self.replaces,
            "spectra": self.replaces and set(self.methods) != {"none"},
            "frechet": self.replaces,
            "training": bool(self.generators),
        }
        return [figure for figure in FIGURES if possible[figure]]

    @property
    def made(self):
        """The paths of its tables and figures."""
        return [path for stage in self._summary_stages for path in stage.files]

    def repeat_files(self, name):
        """Return the paths of a file of every repeat."""
        return [self._repeat(repeat).file(name) for repeat in self.repeats]

    def method_files(self, name):
        """Return the paths of a file of every method and repeat."""
        return self._files(self.methods, name)

    def generator_files(self, name):
        """Return the paths of a file of every generator with networks and repeat."""
        return self._files(self.generators, name)

    def first_files(self, name, but=()):
        """Return the paths of a file of every method in the first repeat."""
        return [
            (self._repeat(1) / method).file(name) for method in self.methods if method not in but
        ]

    def model_behind(self, method, repeat):
        """Return the path of the networks that a method draws from; None where it has none."""
        generator = generator_of(method)
        folder = self._repeat(repeat) / generator
        return folder.file("model.safetensors") if generator in TRAINED_METHODS else None

    def _files(self, methods, name):
        return [
            (self._repeat(repeat) / method).file(name)
            for method in methods
            for repeat in self.repeats
        ]

    def _repeat(self, repeat):
        return self.folder / f"repeat-{repeat}"

    @property
    def stages(self):
        """The stages that make artifacts."""
        return [
            *(stage for repeat in self.repeats for stage in self._repeat_stages(repeat)),
            *(self._together_stage(generator) for generator in self.together),
            *self._summary_stages,
        ]

    @property
    def _summary_stages(self):
        """The stages that bring repeats and methods together."""
        tables = ("scores.csv", "table.csv", "comparison.csv", "table.md")
        fidelity = ("fidelity.csv", "fidelity.md")
        return [
            self.folder.stage("collect_scores", *tables),
            *([self.folder.stage("collect_fidelity", *fidelity)] if self.replaces else []),
            *(_figure(self.folder, figure) for figure in self.figures),
        ]

    def _repeat_stages(self, repeat):
        made = self._repeat(repeat)
        yield made.stage("split", "split.h5")
        yield made.stage("reduce", "features.h5")
        yield made.stage("scale", "scaled.h5")
        for generator in self.generators:
            script = "train_gan" if generator in GAN_METHODS else "train_vae"
            yield (made / generator).stage(script, "model.safetensors", "history.csv")
        for method in self.methods:
            own = made / method
            yield own.stage("oversample", "resampled.h5")
            yield own.stage("evaluate", "scores.csv", "confusion.csv", "frechet.csv")
            if self.replaces:
                yield own.stage("assess_fidelity", "fidelity.csv")

    def _together_stage(self, generator):
        kinds = ("csv", "safetensors")
        files = [f"repeat-{repeat}.{kind}" for repeat in self.repeats for kind in kinds]
        folder = self.folder / "together" / generator
        return folder.stage("train_together", *files, whole=True)

    @property
    def shown(self):
        """The paths of what the report shows."""
        tables = ["scores.csv", "table.csv", "comparison.csv"]
        fidelity = ["fidelity.csv"] if self.replaces else []
        figures = [f"{figure}.png" for figure in self.figures]
        return [self.folder.file(name) for name in tables + fidelity + figures]


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
        return _without(self.settings["healthy"], "mask", "regions")

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


def _figure(folder, name):
    return folder.stage(f"plot_{name}", f"{name}.png", f"{name}.svg")


def _without(settings, *keys):
    return {key: value for key, value in settings.items() if key not in keys}
