rule oversample:
    input:
        scaled=rules.scale.output.scaled,
        model=lambda wildcards: experiment_of(wildcards).model_behind(
            wildcards.method, wildcards.repeat
        )
        or [],
    output:
        resampled="<results>/{dataset}/{experiment}/repeat-{repeat}/{method}/resampled.h5",
    log:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/{method}/oversample.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/{method}/oversample.benchmark.tsv"
    wildcard_constraints:
        method=any_of(STUDY.training_sets),
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(60),
    params:
        method=lambda wildcards: wildcards.method,
        tasks=experiment_setting("tasks"),
        fill=experiment_setting("fill"),
        seed=seed_for("oversample"),
        code=lambda wildcards: code("oversample", *modules_behind(wildcards.method)),
    message:
        "Making training sets with {wildcards.method} in {output.resampled}"
    script:
        "../../scripts/oversample.py"
