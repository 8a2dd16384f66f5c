rule train_together:
    input:
        scaled=scaled_repeats,
    output:
        models=directory("results/{dataset}/{experiment}/together/{method}"),
    log:
        "logs/{dataset}/{experiment}/together/{method}/train_together.log",
    benchmark:
        "logs/{dataset}/{experiment}/together/{method}/train_together.benchmark.tsv"
    wildcard_constraints:
        method=any_of(GAN_METHODS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000, 10),
        runtime=minutes(1440),
        gpu=gpus,
    params:
        method=lambda wildcards: wildcards.method,
        settings=experiment_setting("gan"),
        device=config["device"],
        # Not an output: Snakemake deletes the outputs of a job that was killed.
        checkpoints="results/{dataset}/{experiment}/unfinished/{method}",
        tensorboard=events_folder("{dataset}/{experiment}/together/{method}"),
        seeds=seeds_of_repeats("train_gan"),
        code=code("train_together"),
    message:
        "Training all repeats of {wildcards.method} at once"
    script:
        "../../scripts/train_together.py"


rule train_gan:
    input:
        scaled=rules.scale.output.scaled,
        together=trained_together,
    output:
        model="results/{dataset}/{experiment}/repeat-{repeat}/{method}/model.safetensors",
        history="results/{dataset}/{experiment}/repeat-{repeat}/{method}/history.csv",
    log:
        "logs/{dataset}/{experiment}/repeat-{repeat}/{method}/train_gan.log",
    benchmark:
        "logs/{dataset}/{experiment}/repeat-{repeat}/{method}/train_gan.benchmark.tsv"
    wildcard_constraints:
        method=any_of(GAN_METHODS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000, 10),
        runtime=minutes(720),
        gpu=gpus,
    params:
        method=lambda wildcards: wildcards.method,
        settings=experiment_setting("gan"),
        device=config["device"],
        # Not an output: Snakemake deletes the outputs of a job that was killed.
        checkpoints=subpath(output.model, parent=True),
        tensorboard=events_folder("{dataset}/{experiment}/repeat-{repeat}/{method}"),
        trained=taken_from,
        seed=seed_for("train_gan"),
        code=code("train_gan"),
    message:
        "Training {output.model}"
    script:
        "../../scripts/train_gan.py"
