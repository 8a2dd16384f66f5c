rule train_vae:
    input:
        scaled=rules.scale.output.scaled,
    output:
        model="<results>/{dataset}/{experiment}/repeat-{repeat}/vae/model.safetensors",
        history="<results>/{dataset}/{experiment}/repeat-{repeat}/vae/history.csv",
    log:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/vae/train_vae.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/vae/train_vae.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, 4),
        runtime=minutes(120),
        gpu=gpus_to_ask(config["device"]),
    params:
        settings=experiment_setting("vae"),
        device=config["device"],
        seed=seed_for("train_vae"),
        code=code("train_vae"),
    message:
        "Training {output.model}"
    script:
        "../../scripts/train_vae.py"
