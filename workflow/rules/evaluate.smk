rule evaluate:
    input:
        scaled=rules.scale.output.scaled,
        resampled=rules.oversample.output.resampled,
    output:
        scores="<results>/{dataset}/{experiment}/repeat-{repeat}/{method}/scores.csv",
        confusion="<results>/{dataset}/{experiment}/repeat-{repeat}/{method}/confusion.csv",
        frechet="<results>/{dataset}/{experiment}/repeat-{repeat}/{method}/frechet.csv",
    log:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/{method}/evaluate.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/{method}/evaluate.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, 8),
        runtime=minutes(120),
    params:
        identity=lambda wildcards: {
            "dataset": wildcards.dataset,
            "experiment": wildcards.experiment,
            "method": wildcards.method,
            "repeat": int(wildcards.repeat),
        },
        classifiers=experiment_setting("classifiers"),
        priors=experiment_setting("priors"),
        seed=seed_for("evaluate"),
        code=code("evaluate"),
    message:
        "Judging {input.resampled}"
    script:
        "../../scripts/evaluate.py"
