rule label:
    input:
        peaks=rules.extract_peaks.output.peaks,
        truth=lambda wildcards: (
            rules.phantom.output.truth
            if dataset_of(wildcards).is_labelled_by_truth
            else []
        ),
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


rule class_ions:
    input:
        peaks=rules.extract_peaks.output.peaks,
        labels=rules.label.output.labels,
    output:
        table="<results>/{dataset}/class_ions.csv",
    log:
        "<logs>/{dataset}/class_ions.log",
    benchmark:
        "<logs>/{dataset}/class_ions.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, 4),
        runtime=minutes(30),
    params:
        seed=seed_for("class_ions"),
        code=code("class_ions"),
    message:
        "Ranking the ions of the classes of {wildcards.dataset}"
    script:
        "../../scripts/class_ions.py"
