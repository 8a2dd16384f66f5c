"""imsforge: from a raw imaging mass spectrometry file to recall tables and anomaly maps."""

import sys

from snakemake.utils import min_version

min_version("9.0")

sys.path.insert(0, str(Path(workflow.basedir) / "src"))

from imsforge.study.config import validate_config
from imsforge.errors import ConfigError

# A study given with --configfile stands alone; anything else is laid over the default study.
if "datasets" not in config:

    configfile: "config/config.yaml"


try:
    config = validate_config(
        config, Path(workflow.basedir) / "workflow/schemas/config.schema.yaml"
    )
except ConfigError as error:
    sys.exit(f"imsforge: config: {error}")


include: "workflow/rules/common.smk"
include: "workflow/rules/phantom.smk"
include: "workflow/rules/ingest.smk"
include: "workflow/rules/extract_peaks.smk"
include: "workflow/rules/label.smk"
include: "workflow/rules/choose_classes.smk"
include: "workflow/rules/split.smk"
include: "workflow/rules/reduce.smk"
include: "workflow/rules/scale.smk"
include: "workflow/rules/train_gan.smk"
include: "workflow/rules/train_vae.smk"
include: "workflow/rules/oversample.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/collect_scores.smk"
include: "workflow/rules/fidelity.smk"
include: "workflow/rules/plots.smk"
include: "workflow/rules/anomaly_map.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/provenance.smk"


rule all:
    default_target: True
    input:
        "results/report.html",
        "results/provenance.json",
    localrule: True


rule peaks:
    """Stop at the peak-integrated spectra."""
    input:
        each_dataset("results/{dataset}/peaks.h5"),
        each_dataset("results/{dataset}/peaks.png"),
    localrule: True


rule labels:
    """Stop at the classes."""
    input:
        each_dataset("results/{dataset}/classes.csv"),
        each_dataset("results/{dataset}/classes.png"),
    localrule: True


rule choose_classes:
    """Draw what speaks for which number of clusters; nothing else depends on it."""
    input:
        each_dataset("results/{dataset}/class_numbers.png"),
    localrule: True


rule features:
    """Stop at the scaled features."""
    input:
        each_repeat("scaled.h5"),
    localrule: True


rule models:
    """Stop at the trained generators."""
    input:
        each_model(),
    localrule: True


rule evaluation:
    """Stop at scores, tables and their figures."""
    input:
        each_experiment("table.md"),
        each_replacement("fidelity.md"),
        each_figure(),
    localrule: True


rule anomaly:
    """Stop at the anomaly maps."""
    input:
        each_anomaly("metrics.json"),
        each_anomaly("map.png"),
    localrule: True
