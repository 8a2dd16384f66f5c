rule label:
    input:
        peaks=rules.extract_peaks.output.peaks,
        given=lambda wildcards: list(map(users, dataset_of(wildcards).label_files)),
    output:
        multiext(
            "<results>/{dataset}/",
            labels="labels.h5",
            classes="classes.csv",
            coherence="coherence.json",
        ),
    log:
        "<logs>/{dataset}/label.log",
    cache: True
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, 4),
        runtime=minutes(60),
    params:
        settings=of_dataset("label_settings"),
        file=of_dataset("label_file"),
        marks=lambda wildcards: marks(dataset_of(wildcards).label_files),
        seed=seed_for("label"),
        code=code("label"),
    message:
        "Finding the classes of {wildcards.dataset}"
    script:
        "../../scripts/label.py"
