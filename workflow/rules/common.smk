"""What only Snakemake can say: flags, wildcards, resources. `imsforge.study` knows the study."""

import re
from functools import partial

from imsforge.artifacts.checksums import ChecksumBook
from imsforge.artifacts.sizes import megabytes
from imsforge.device import gpus_to_ask
from imsforge.oversampling.registry import modules_behind
from imsforge.study import Study
from imsforge.study.code import code_digest
from imsforge.study.experiment import GAN_METHODS
from imsforge.study.study import CAPTIONS

# Snakemake fills `<results>` and `<logs>` in, and adds the prefix of a module.
STUDY = Study(config, results="<results>", logs="<logs>")

# Checksums of a user's files, beside what Snakemake remembers of jobs.
CHECKSUMS = ".snakemake/imsforge/checksums"


def any_of(names):
    """Return a pattern that fits one of the names; of none, it fits nothing."""
    return "|".join(sorted(map(re.escape, set(names)))) or "(?!)"


# A target that the configuration does not know is refused by Snakemake, by name.
wildcard_constraints:
    dataset=any_of(dataset.name for dataset in STUDY.datasets),
    experiment=any_of(experiment.name for experiment in STUDY.experiments),
    anomaly=any_of(anomaly_map.name for anomaly_map in STUDY.anomaly_maps),
    repeat="[0-9]+",
    method=any_of(STUDY.methods),


# What the wildcards of a job stand for.


def dataset_of(wildcards):
    return STUDY.dataset(wildcards.dataset)


def experiment_of(wildcards):
    return STUDY.experiment(wildcards.dataset, wildcards.experiment)


def anomaly_map_of(wildcards):
    return STUDY.anomaly_map(wildcards.dataset, wildcards.anomaly)


def asked(owner, name, *arguments):
    """Return a function of wildcards: what dataset, experiment or anomaly map say of themselves."""

    def ask(wildcards):
        answer = getattr(owner(wildcards), name)
        return answer(*arguments) if arguments else answer

    return ask


of_dataset = partial(asked, dataset_of)
of_experiment = partial(asked, experiment_of)
of_anomaly_map = partial(asked, anomaly_map_of)
dataset_setting = partial(asked, dataset_of, "setting")
label_setting = partial(asked, dataset_of, "label_setting")
experiment_setting = partial(asked, experiment_of, "setting")
anomaly_setting = partial(asked, anomaly_map_of, "setting")


# A user's files lie where the user says, whatever the prefix of a module; they count by their
# content, not by their time stamps.


def users(path):
    return ancient(local(str(path))) if path else []


def marks(paths, soon=False):
    """Return what tells changed files from touched ones."""
    book = ChecksumBook(CHECKSUMS)
    return [book.mark(path, soon=soon) for path in paths if path]


def raw_input(wildcards):
    """Return the raw files of a dataset."""
    dataset = dataset_of(wildcards)
    made = [rules.phantom.output.imzml, rules.phantom.output.ibd]
    return made if dataset.is_phantom else list(map(users, dataset.raw_files))


def trained_together(wildcards):
    """Return the models of all repeats, where the configuration has them trained at once."""
    wanted = wildcards.method in experiment_of(wildcards).together
    return rules.train_together.output.models if wanted else []


def taken_from(wildcards, input):
    """Return where the model of a repeat lies among those of all, without suffix; or None."""
    return f"{input.together}/repeat-{wildcards.repeat}" if input.together else None


def known_anomalies(wildcards):
    """Return the ground truth, which only a phantom has."""
    return rules.phantom.output.truth if dataset_of(wildcards).is_phantom else []


def reported(file, content, name="{experiment}", below=""):
    """Mark a figure of an experiment or anomaly map for Snakemake's own report."""
    return report(
        f"<results>/{{dataset}}/{below}{name}/{file}.png",
        caption=f"../report/{file}.rst",
        category="{dataset}",
        subcategory=name,
        labels={"content": content},
    )


def captions():
    """Return the captions of the report: their text counts, wherever they lie."""
    files = {name: workflow.source_path(f"../report/{name}.rst") for name in CAPTIONS}
    return {name: Path(file).read_text("utf-8") for name, file in files.items()}


def seed_for(*purpose):
    """Return a function of wildcards: the seed of a purpose, another one for each repeat."""
    return lambda wildcards: STUDY.seed(
        *purpose,
        method=wildcards.get("method", ""),
        repeat=wildcards.get("repeat", ""),
    )


def code(script, *modules):
    """Return a digest of the library code behind a script: edited code reruns its stage."""
    return code_digest(workflow.source_path(f"../../scripts/{script}.py"), *modules)


def memory(base, per_input=0):
    """Return a function: memory in MB, growing with the input's arrays and with each attempt."""
    if not per_input:
        return lambda wildcards, attempt: attempt * base
    return lambda wildcards, input, attempt: attempt * int(
        base + per_input * (megabytes(input) or dataset_of(wildcards).megabytes)
    )


def minutes(base):
    """Return a function: time in minutes, growing with each attempt."""
    return lambda wildcards, attempt: attempt * base
