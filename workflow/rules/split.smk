rule split:
    input:
        peaks=rules.extract_peaks.output.peaks,
        labels=rules.label.output.labels,
    output:
        split="<results>/{dataset}/{experiment}/repeat-{repeat}/split.h5",
    log:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/split.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/split.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        classes=experiment_setting("classes"),
        settings=experiment_setting("split"),
        repeat=lambda wildcards: int(wildcards.repeat),
        seed=seed_for("split"),
        code=code("split"),
    message:
        "Splitting {wildcards.dataset} for {wildcards.experiment}, repeat {wildcards.repeat}"
    script:
        "../../scripts/split.py"
