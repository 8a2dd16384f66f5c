"""The results in the formats of other programs."""

from imsforge.export import registry as formats

DEPLOYED = {method.name for method in workflow.deployment_settings.deployment_method}
try:
    formats.check_packages(STUDY.exports, "CONDA" in DEPLOYED)
except ConfigError as error:
    sys.exit(f"imsforge: {error}")


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
        format=lambda wildcards: wildcards.format,
        settings=of_dataset("export_settings"),
        code=lambda wildcards: code("export", *formats.modules_behind(wildcards.format)),
    message:
        "Exporting {wildcards.dataset} as {wildcards.format}"
    script:
        "../../scripts/export.py"
