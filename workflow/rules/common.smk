"""Helpers of the rules: which files a study asks for, and what a stage is told."""

import re

from imsforge.study.config import GAN_METHODS, TRAINED_METHODS, generator_of
from imsforge.device import gpu_present
from imsforge.artifacts.checksums import fingerprint
from imsforge.labels.files import label_files
from imsforge.readers.files import raw_files
from imsforge.study.code import code_digest
from imsforge.seeding import derive_seed

ENVIRONMENT = Path(workflow.basedir) / "envs/imsforge.yaml"


def any_of(names):
    """Return a pattern that fits one of the names; of none, it fits nothing."""
    return "|".join(sorted(map(re.escape, set(names)))) or "(?!)"


DATASETS = config["datasets"]
EXPERIMENTS = [
    (dataset, experiment)
    for dataset, settings in DATASETS.items()
    for experiment in settings["experiments"]
]
ANOMALIES = [
    (dataset, anomaly)
    for dataset, settings in DATASETS.items()
    for anomaly in settings["anomaly"]
]


def experiment_of(dataset, experiment):
    """Return the settings of an experiment."""
    return DATASETS[dataset]["experiments"][experiment]


# A target that the configuration does not know is refused by Snakemake, by name.
wildcard_constraints:
    dataset=any_of(DATASETS),
    experiment=any_of(experiment for _, experiment in EXPERIMENTS),
    anomaly=any_of(anomaly for _, anomaly in ANOMALIES),
    repeat="[0-9]+",
    method=any_of(
        name
        for place in EXPERIMENTS
        for method in experiment_of(*place)["methods"]
        for name in (method, generator_of(method))
    ),


# Which files a study asks for.


def each_dataset(pattern):
    """Return a file of every dataset."""
    return expand(pattern, dataset=DATASETS)


def each_experiment(file):
    """Return a file of every experiment."""
    return [
        f"results/{dataset}/{experiment}/{file}" for dataset, experiment in EXPERIMENTS
    ]


def each_replacement(file):
    """Return a file of every experiment that replaces training sets by generated spectra."""
    return [
        f"results/{dataset}/{experiment}/{file}"
        for dataset, experiment in EXPERIMENTS
        if replaces(dataset, experiment)
    ]


def each_figure():
    """Return the figures of every experiment, those that its methods and tasks allow."""
    return [
        f"results/{dataset}/{experiment}/{figure}.png"
        for dataset, experiment in EXPERIMENTS
        for figure in figures_of(dataset, experiment)
    ]


def each_repeat(file):
    """Return a file of every repeat of every experiment."""
    return [path for place in EXPERIMENTS for path in repeats_of(*place, file)]


def each_model():
    """Return every trained model."""
    experiments = [
        path
        for place in EXPERIMENTS
        for path in methods_of(*place, "model.safetensors", trained=True)
    ]
    return experiments + each_anomaly("model.safetensors")


def each_anomaly(file):
    """Return a file of every anomaly map."""
    return [
        f"results/{dataset}/anomaly/{anomaly}/{file}" for dataset, anomaly in ANOMALIES
    ]


def repeats_of(dataset, experiment, file):
    """Return a file of every repeat of an experiment."""
    return [
        f"results/{dataset}/{experiment}/repeat-{repeat}/{file}"
        for repeat in range(1, experiment_of(dataset, experiment)["repeats"] + 1)
    ]


def methods_of(dataset, experiment, file, trained=False):
    """Return a file of every method and repeat; with ``trained``, of those with networks."""
    methods = experiment_of(dataset, experiment)["methods"]
    if trained:
        methods = trained_generators(methods)
    return [
        path
        for method in methods
        for path in repeats_of(dataset, experiment, f"{method}/{file}")
    ]


def trained_generators(methods):
    """Return the generators with networks behind some methods, each once."""
    generators = dict.fromkeys(map(generator_of, methods))
    return [generator for generator in generators if generator in TRAINED_METHODS]


def replaces(dataset, experiment):
    """Tell whether an experiment replaces training sets by generated spectra."""
    return "replace" in experiment_of(dataset, experiment)["tasks"]


def figures_of(dataset, experiment):
    """Return the names of the figures that an experiment's methods and tasks allow."""
    settings = experiment_of(dataset, experiment)
    replaced = replaces(dataset, experiment)
    wanted = {
        "recall_matrices": True,
        "frechet": replaced,
        "fidelity": replaced,
        "spectra": replaced and set(settings["methods"]) != {"none"},
        "training": bool(trained_generators(settings["methods"])),
    }
    return [figure for figure, possible in wanted.items() if possible]


# Inputs that depend on the configuration.


def raw_input(wildcards):
    """Return the raw files; a user's file counts by its content, not by its time stamp."""
    settings = DATASETS[wildcards.dataset]
    if "phantom" in settings:
        return [rules.phantom.output.imzml, rules.phantom.output.ibd]
    return [ancient(str(file)) for file in raw_files(settings["input"])]


def raw_measurement(wildcards):
    """Return what a measurement is read from, as the configuration has it: one or several paths."""
    settings = DATASETS[wildcards.dataset]
    if "phantom" in settings:
        return rules.phantom.output.imzml.format(dataset=wildcards.dataset)
    return settings["input"]


def raw_fingerprints(wildcards):
    """Return what tells a changed raw file from a touched one."""
    settings = DATASETS[wildcards.dataset]
    return (
        []
        if "phantom" in settings
        else [fingerprint(f) for f in raw_files(settings["input"])]
    )


def peak_list(wildcards):
    """Return the file that gives the peaks, where the configuration names one."""
    file = dataset_setting("peaks")(wildcards)["list"]
    return ancient(file) if file else []


def peak_list_fingerprint(wildcards):
    """Return what tells a changed peak list from a touched one."""
    file = dataset_setting("peaks")(wildcards)["list"]
    return fingerprint(file) if file else None


def trained_model(wildcards):
    """Return the model that GANs and VAE draw from; the other methods learn in a moment."""
    generator = generator_of(wildcards.method)
    folder = "results/{dataset}/{experiment}/repeat-{repeat}"
    return (
        f"{folder}/{generator}/model.safetensors"
        if generator in TRAINED_METHODS
        else []
    )


def scaled_repeats(wildcards):
    """Return the scaled features of all repeats of an experiment."""
    return repeats_of(wildcards.dataset, wildcards.experiment, "scaled.h5")


def trained_together(wildcards):
    """Return the models of all repeats, where the configuration has them trained at once."""
    together = experiment_setting("together")(wildcards)
    return rules.train_together.output.models if together else []


def taken_from(wildcards, input):
    """Return where the model of a repeat lies among those of all, without suffix; or None."""
    return f"{input.together}/repeat-{wildcards.repeat}" if input.together else None


def given_labels(wildcards):
    """Return the files of given labels, where the configuration names some."""
    file = label_file(wildcards)
    return [ancient(path) for path in label_files(file)] if file else []


def label_fingerprints(wildcards):
    """Return what tells changed labels from touched ones."""
    file = label_file(wildcards)
    return [fingerprint(path) for path in label_files(file)] if file else []


def healthy_mask(wildcards):
    """Return the mask file of healthy pixels, where the configuration names one."""
    healthy = anomaly_setting("healthy")(wildcards)
    return ancient(healthy["mask"]) if "mask" in healthy else []


def mask_fingerprint(wildcards):
    """Return what tells a changed mask from a touched one."""
    healthy = anomaly_setting("healthy")(wildcards)
    return fingerprint(healthy["mask"]) if "mask" in healthy else None


def known_anomalies(wildcards):
    """Return the ground truth, which only a phantom has."""
    return (
        rules.phantom.output.truth if "phantom" in DATASETS[wildcards.dataset] else []
    )


def methods_input(file, trained=False):
    """Return a function of wildcards: a file of every method and repeat of an experiment."""
    return lambda wildcards: methods_of(
        wildcards.dataset, wildcards.experiment, file, trained
    )


def synthetic_sets(wildcards):
    """Return the training sets of the first repeat that hold generated spectra."""
    settings = experiment_setting("methods")(wildcards)
    return [
        f"results/{wildcards.dataset}/{wildcards.experiment}/repeat-1/{method}/resampled.h5"
        for method in settings
        if method != "none"
    ]


def first_repeat_sets(wildcards):
    """Return the training sets of the first repeat, the real one included."""
    return [
        f"results/{wildcards.dataset}/{wildcards.experiment}/repeat-1/{method}/resampled.h5"
        for method in experiment_setting("methods")(wildcards)
    ]


# What a stage is told. Settings are looked up by hand: Snakemake's `lookup` walks the whole
# configuration at each call, which took minutes for a study of 200 datasets.


def reported(file, content):
    """Mark a figure of an experiment for Snakemake's own report."""
    return report(
        f"results/{{dataset}}/{{experiment}}/{file}.png",
        caption=f"../report/{file}.rst",
        category="{dataset}",
        subcategory="{experiment}",
        labels={"content": content},
    )


def experiment_title(wildcards):
    return f"{wildcards.dataset}: {wildcards.experiment}"


def dataset_setting(key):
    """Return a function of wildcards that looks up a setting of a dataset."""
    return lambda wildcards: DATASETS[wildcards.dataset][key]


def peak_settings(wildcards):
    """Return how peaks are found and integrated, but for the file that gives them."""
    settings = dataset_setting("peaks")(wildcards)
    return {key: value for key, value in settings.items() if key != "list"}


def label_file(wildcards):
    """Return which files hold given labels, as the configuration has it; None if none do."""
    return dataset_setting("labels")(wildcards).get("file")


def label_setting(key):
    """Return a function of wildcards that looks up a setting of the labels."""
    return lambda wildcards: dataset_setting("labels")(wildcards)[key]


def label_settings(wildcards):
    """Return how pixels are labelled, but for the files."""
    settings = dataset_setting("labels")(wildcards)
    return {
        key: value for key, value in settings.items() if key not in ("file", "scan")
    }


def experiment_setting(key):
    """Return a function of wildcards that looks up a setting of an experiment."""
    return lambda wildcards: experiment_of(wildcards.dataset, wildcards.experiment)[key]


def anomaly_setting(key):
    """Return a function of wildcards that looks up a setting of an anomaly map."""
    return lambda wildcards: DATASETS[wildcards.dataset]["anomaly"][wildcards.anomaly][
        key
    ]


def healthy_setting(key):
    """Return a function of wildcards that looks up which pixels are healthy; None if not said."""
    return lambda wildcards: anomaly_setting("healthy")(wildcards).get(key)


def seed_for(*purpose):
    """Return a function of wildcards: the seed of a purpose, another one for each repeat.

    All experiments of a study share their repeats' seeds, so that they can be compared in pairs.
    """
    return lambda wildcards: derive_seed(
        config["seed"],
        *purpose,
        wildcards.get("method", ""),
        wildcards.get("repeat", ""),
    )


def seeds_of_repeats(purpose):
    """Return a function of wildcards: what `seed_for` says of each repeat of an experiment."""
    return lambda wildcards: [
        derive_seed(config["seed"], purpose, wildcards.method, repeat)
        for repeat in range(1, experiment_setting("repeats")(wildcards) + 1)
    ]


def events_folder(place):
    """Return the folder for TensorBoard events, where the configuration asks for them."""
    return f"logs/{place}/tensorboard" if config["tensorboard"] else None


def study_seeds():
    """Return the derived seeds by purpose, method and repeat."""
    seeds = {
        purpose: seed_for(purpose)({})
        for purpose in (
            "phantom",
            "extract_peaks",
            "label",
            "scan_classes",
            "anomaly_map",
        )
    }
    seeds["train_gan/anomaly"] = seed_for("train_gan", "anomaly")({})
    for place in EXPERIMENTS:
        settings = experiment_of(*place)
        for repeat in range(1, settings["repeats"] + 1):
            for purpose in ("split", "train_vae"):
                seeds[f"{purpose}/{repeat}"] = seed_for(purpose)({"repeat": repeat})
            for method in settings["methods"]:
                told = {"method": method, "repeat": repeat}
                for purpose in (
                    "train_gan",
                    "oversample",
                    "evaluate",
                    "assess_fidelity",
                ):
                    seeds[f"{purpose}/{method}/{repeat}"] = seed_for(purpose)(told)
    return seeds


def code(script):
    """Return a digest of the library code behind a script: edited code reruns its stage."""
    return code_digest(Path(workflow.basedir) / "scripts" / f"{script}.py")


def memory(base, per_input=0):
    """Return a function: memory in MB, growing with the input's size and with each attempt."""
    if not per_input:
        return lambda wildcards, attempt: attempt * base
    return lambda wildcards, input, attempt: attempt * int(
        base + per_input * input.size_mb
    )


def minutes(base):
    """Return a function: time in minutes, growing with each attempt."""
    return lambda wildcards, attempt: attempt * base


def gpus(wildcards):
    """Return how many GPUs a training asks for."""
    wanted = {"cpu": 0, "cuda": 1, "auto": int(gpu_present())}
    return wanted[config["device"]]
