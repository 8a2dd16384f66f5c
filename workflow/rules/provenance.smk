rule provenance:
    input:
        rules.report.output,
    output:
        record="results/provenance.json",
        crate="results/ro-crate-metadata.json",
        workflow="results/workflow.smk",
    log:
        "logs/provenance.log",
    benchmark:
        "logs/provenance.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(60),
    params:
        config=config,
        seeds=study_seeds(),
        snakefile=str(Path(workflow.basedir) / "Snakefile"),
        code=code("provenance"),
    message:
        "Writing {output.record}"
    script:
        "../../scripts/provenance.py"


rule verify:
    """Check a finished run.

    No input, since Snakemake would bring it up to date first; no benchmark, since Snakemake would
    take that for a result and check once only.
    """
    log:
        "logs/verify.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(60),
    params:
        code=code("verify"),
    message:
        "Checking results against results/provenance.json"
    script:
        "../../scripts/verify.py"
