"""Helpers of the rules: which files a study asks for, and what a stage is told."""

from imsforge.config import TRAINED_METHODS, raw_files
from imsforge.device import gpu_present
from imsforge.io.fingerprint import fingerprint
from imsforge.provenance import code_digest
from imsforge.seeding import derive_seed

# Rules run in environments that hold the library's dependencies; the library itself is here.
os.environ["PYTHONPATH"] = str(Path(workflow.basedir) / "src")

ENVIRONMENT = Path(workflow.basedir) / "envs/imsforge.yaml"
NAME = "[A-Za-z0-9][A-Za-z0-9_-]*"


wildcard_constraints:
    dataset=NAME,
    experiment=f"(?!anomaly/|phantom/){NAME}",
    anomaly=NAME,
    repeat="[0-9]+",
    method="[a-z-]+",


# Which files a study asks for.


def each_dataset(pattern):
    return expand(pattern, dataset=config["datasets"])


def each_experiment(file, **wildcards):
    """Return a file of every experiment of every dataset."""
    return [
        f"results/{dataset}/{experiment}/{file}"
        for dataset, settings in config["datasets"].items()
        for experiment in settings["experiments"]
    ]


def each_repeat(file):
    """Return a file of every repeat of every experiment."""
    return [path for place in _experiments() for path in repeats_of(*place, file)]


def each_method(file, trained=False):
    """Return a file of every method of every repeat."""
    return [
        path for place in _experiments() for path in methods_of(*place, file, trained)
    ]


def each_anomaly(file):
    """Return a file of every anomaly map of every dataset."""
    return [
        f"results/{dataset}/anomaly/{anomaly}/{file}"
        for dataset, settings in config["datasets"].items()
        for anomaly in settings["anomaly"]
    ]


def each_experiment_figure():
    """Return the figures of every experiment; training.png only where something is trained."""
    return [
        f"results/{dataset}/{experiment}/{figure}.png"
        for dataset, experiment in _experiments()
        for figure in figures_of(dataset, experiment)
    ]


def repeats_of(dataset, experiment, file):
    repeats = config["datasets"][dataset]["experiments"][experiment]["repeats"]
    return [
        f"results/{dataset}/{experiment}/repeat-{repeat}/{file}"
        for repeat in range(1, repeats + 1)
    ]


def methods_of(dataset, experiment, file, trained=False):
    methods = config["datasets"][dataset]["experiments"][experiment]["methods"]
    return [
        path
        for method in methods
        if method in TRAINED_METHODS or not trained
        for path in repeats_of(dataset, experiment, f"{method}/{file}")
    ]


def figures_of(dataset, experiment):
    settings = config["datasets"][dataset]["experiments"][experiment]
    figures = ["recall_matrices"]
    if "replace" in settings["tasks"]:
        figures.append("frechet")
        if set(settings["methods"]) != {"none"}:
            figures.append("spectra")
    if set(settings["methods"]) & set(TRAINED_METHODS):
        figures.append("training")
    return figures


def _experiments():
    return [
        (dataset, experiment)
        for dataset, settings in config["datasets"].items()
        for experiment in settings["experiments"]
    ]


# What a stage is told.


def dataset_setting(*keys):
    """Return a function of wildcards that looks up a setting of a dataset."""
    return lookup("/".join(["datasets/{dataset}", *keys]), within=config)


def experiment_setting(*keys):
    """Return a function of wildcards that looks up a setting of an experiment."""
    return lookup(
        "/".join(["datasets/{dataset}/experiments/{experiment}", *keys]), within=config
    )


def anomaly_setting(*keys):
    """Return a function of wildcards that looks up a setting of an anomaly map."""
    return lookup(
        "/".join(["datasets/{dataset}/anomaly/{anomaly}", *keys]), within=config
    )


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


def code(script):
    """Return a digest of the library code behind a script: edited code reruns its stage."""
    return code_digest(Path(workflow.basedir) / "scripts" / f"{script}.py")


def memory(base, per_input):
    """Return a function: memory in MB, growing with the input's size and with each attempt."""
    return lambda wildcards, input, attempt: attempt * int(
        base + per_input * input.size_mb
    )


def gpus(wildcards):
    """Return how many GPUs a training asks for."""
    wanted = {"cpu": 0, "cuda": 1, "auto": int(gpu_present())}
    return wanted[config["device"]]
