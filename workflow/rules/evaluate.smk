rule evaluate:
    input:
        scaled=rules.scale.output.scaled,
        resampled=lambda wildcards: experiment_of(wildcards).training_set_behind(
            wildcards.method, wildcards.repeat
        ),
    output:
        scores="<results>/{dataset}/{experiment}/repeat-{repeat}/{method}/scores.csv",
        confusion="<results>/{dataset}/{experiment}/repeat-{repeat}/{method}/confusion.csv",
        reliability="<results>/{dataset}/{experiment}/repeat-{repeat}/{method}/reliability.csv",
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
        "Judging {wildcards.method} by {input.resampled}"
    script:
        "../../scripts/evaluate.py"
