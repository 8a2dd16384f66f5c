rule label:
    input:
        peaks=rules.extract_peaks.output.peaks,
    output:
        labels="results/{dataset}/labels.h5",
        classes="results/{dataset}/classes.csv",
    log:
        "logs/{dataset}/label.log",
    benchmark:
        "logs/{dataset}/label.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000, 8),
        runtime=60,
    params:
        settings=dataset_setting("labels"),
        seed=seed_for("label"),
        code=code("label"),
    message:
        "Finding the classes of {wildcards.dataset}"
    script:
        "../../scripts/label.py"
