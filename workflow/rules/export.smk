"""The results in the formats of other programs."""

from importlib.util import find_spec

from imsforge.export import registry as formats

# Said before any work begins, not after all of it.
if (
    any("spatialdata" in dataset.settings["export"] for dataset in STUDY.datasets)
    and "CONDA"
    not in {how.name for how in workflow.deployment_settings.deployment_method}
    and find_spec("spatialdata") is None
):
    sys.exit(f"imsforge: {formats.NO_SPATIALDATA}")


rule export:
    input:
        lambda wildcards: dataset_of(wildcards).export_inputs(wildcards.format),
    output:
        folder=directory("<results>/{dataset}/export/{format}"),
    log:
        "<logs>/{dataset}/export/{format}/export.log",
    benchmark:
        "<logs>/{dataset}/export/{format}/export.benchmark.tsv"
    wildcard_constraints:
        format=any_of(formats.WRITERS),
    conda:
        # It needs a newer Python than all else.
        lambda wildcards: (
            "../../envs/spatialdata.yaml"
            if wildcards.format == "spatialdata"
            else "../../envs/imsforge.yaml"
        )
    threads: 1
    resources:
        mem_mb=memory(1500, 2),
        runtime=minutes(60),
    params:
        settings=of_dataset("export_settings"),
        code=lambda wildcards: code("export", *formats.modules_behind(wildcards.format)),
    message:
        "Exporting {wildcards.dataset} as {wildcards.format}"
    script:
        "../../scripts/export.py"
