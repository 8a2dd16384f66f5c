rule label:
    input:
        peaks=rules.extract_peaks.output.peaks,
        given=given_labels,
    output:
        multiext("results/{dataset}/", labels="labels.h5", classes="classes.csv"),
    log:
        "logs/{dataset}/label.log",
    cache: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000, 8),
        runtime=minutes(60),
    params:
        settings=label_settings,
        file=label_file,
        fingerprints=label_fingerprints,
        seed=seed_for("label"),
        code=code("label"),
    message:
        "Finding the classes of {wildcards.dataset}"
    script:
        "../../scripts/label.py"
