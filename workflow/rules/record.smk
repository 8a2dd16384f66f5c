rule record:
    input:
        STUDY.outputs,
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
        # Where the workflow was fetched from; nowhere, where it lies on this machine.
        sources=[
            address
            for file in [*workflow.included, *map(HERE.join, STUDY.scripts)]
            if "://" in (address := file.get_path_or_uri(secret_free=True))
        ],
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
