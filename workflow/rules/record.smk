"""The record of a run, and whether it still holds."""


def fetched():
    """Return the addresses of the workflow's files, the main one first; none of a local one."""
    if LIBRARY.is_dir():
        return []
    scripts = sorted({f"../scripts/{stage.script}.py" for stage in STUDY.stages})
    files = [*workflow.included, *map(HERE.join, scripts)]
    addresses = [file.get_path_or_uri(secret_free=True) for file in files]
    return [address for address in addresses if "://" in address]


rule record:
    input:
        STUDY.artifacts,
    output:
        record="<results>/provenance.json",
        crate="<results>/ro-crate-metadata.json",
        code=directory("<results>/code"),
    log:
        "<logs>/record.log",
    benchmark:
        "<logs>/record.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(60),
    params:
        config=config,
        sources=fetched(),
        code=code("record"),
    message:
        "Writing {output.record}"
    script:
        "../../scripts/record.py"


rule verify:
    """Check a finished run.

    No input, since Snakemake would bring it up to date first; no benchmark, since Snakemake would
    take that for a result and check once only.
    """
    log:
        "<logs>/verify.log",
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(60),
    params:
        record=lambda wildcards: str(rules.record.output.record),
        code=code("verify"),
    message:
        "Checking results against {params.record}"
    script:
        "../../scripts/verify.py"
