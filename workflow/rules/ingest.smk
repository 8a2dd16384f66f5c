def raw_input(wildcards):
    """Return the raw files; a user's file counts by its content, not by its time stamp."""
    settings = config["datasets"][wildcards.dataset]
    if "phantom" in settings:
        return [rules.phantom.output.imzml, rules.phantom.output.ibd]
    return [ancient(file) for file in raw_files(settings["input"])]


def raw_fingerprints(wildcards):
    settings = config["datasets"][wildcards.dataset]
    return (
        []
        if "phantom" in settings
        else [fingerprint(f) for f in raw_files(settings["input"])]
    )


rule ingest:
    input:
        raw=raw_input,
    output:
        spectra="results/{dataset}/spectra.h5",
        summary="results/{dataset}/ingest.json",
    log:
        "logs/{dataset}/ingest.log",
    benchmark:
        "logs/{dataset}/ingest.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        fingerprints=raw_fingerprints,
        code=code("ingest"),
    message:
        "Reading what {input.raw[0]} holds"
    script:
        "../../scripts/ingest.py"
