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
        format=any_of(NEEDS),
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500, 2),
        runtime=minutes(60),
    params:
        settings=of_dataset("export_settings"),
        code=lambda wildcards: code("export", *export_modules(wildcards.format)),
    message:
        "Exporting {wildcards.dataset} as {wildcards.format}"
    script:
        "../../scripts/export.py"
