rule train_together:
    input:
        scaled=of_experiment("repeat_files", "scaled.h5"),
    output:
        models=directory("<results>/{dataset}/{experiment}/together/{method}"),
    log:
        "<logs>/{dataset}/{experiment}/together/{method}/train_together.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/together/{method}/train_together.benchmark.tsv"
    wildcard_constraints:
        method=any_of(GAN_METHODS),
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, 4),
        runtime=minutes(1440),
        gpu=gpus_to_ask(config["device"]),
    params:
        method=lambda wildcards: wildcards.method,
        settings=experiment_setting("gan"),
        device=config["device"],
        # Not an output: Snakemake deletes the outputs of a job that was killed.
        checkpoints=subpath(output.models, ancestor=2),
        tensorboard=config["tensorboard"],
        seeds=lambda wildcards: STUDY.seeds_of_repeats(
            experiment_of(wildcards), "train_gan", wildcards.method
        ),
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
        model="<results>/{dataset}/{experiment}/repeat-{repeat}/{method}/model.safetensors",
        history="<results>/{dataset}/{experiment}/repeat-{repeat}/{method}/history.csv",
    log:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/{method}/train_gan.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/{method}/train_gan.benchmark.tsv"
    wildcard_constraints:
        method=any_of(GAN_METHODS),
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, 4),
        runtime=minutes(720),
        gpu=gpus_to_ask(config["device"]),
    params:
        method=lambda wildcards: wildcards.method,
        settings=experiment_setting("gan"),
        device=config["device"],
        # Not an output: Snakemake deletes the outputs of a job that was killed.
        checkpoints=subpath(output.model, parent=True),
        tensorboard=config["tensorboard"],
        trained=taken_from,
        seed=seed_for("train_gan"),
        code=code("train_gan"),
    message:
        "Training {output.model}"
    script:
        "../../scripts/train_gan.py"
