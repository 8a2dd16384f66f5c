rule train_gan:
    input:
        scaled=rules.scale.output.scaled,
    output:
        model="results/{dataset}/{experiment}/repeat-{repeat}/{method}/model.safetensors",
        history="results/{dataset}/{experiment}/repeat-{repeat}/{method}/history.csv",
    log:
        "logs/{dataset}/{experiment}/repeat-{repeat}/{method}/train_gan.log",
    benchmark:
        "logs/{dataset}/{experiment}/repeat-{repeat}/{method}/train_gan.benchmark.tsv"
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
        seed=seed_for("train_gan"),
        code=code("train_gan"),
    message:
        "Training {output.model}"
    script:
        "../../scripts/train_gan.py"
