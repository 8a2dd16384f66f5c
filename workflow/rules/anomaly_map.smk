rule select_healthy:
    input:
        peaks=rules.extract_peaks.output.peaks,
        mask=lambda wildcards: users(anomaly_map_of(wildcards).mask),
        regions=lambda wildcards: users(anomaly_map_of(wildcards).regions),
        labels=lambda wildcards: (
            rules.label.output.labels if anomaly_map_of(wildcards).by_class else []
        ),
    output:
        split="<results>/{dataset}/anomaly/{anomaly}/split.h5",
        labels="<results>/{dataset}/anomaly/{anomaly}/labels.h5",
    log:
        "<logs>/{dataset}/anomaly/{anomaly}/select_healthy.log",
    benchmark:
        "<logs>/{dataset}/anomaly/{anomaly}/select_healthy.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, 2),
        runtime=minutes(10),
    params:
        settings=of_anomaly_map("healthy_settings"),
        marks=lambda wildcards: marks(anomaly_map_of(wildcards).given_files),
        code=code("select_healthy"),
    message:
        "Selecting the healthy pixels of {wildcards.anomaly} on {wildcards.dataset}"
    script:
        "../../scripts/select_healthy.py"


use rule reduce as reduce_healthy with:
    input:
        peaks=rules.extract_peaks.output.peaks,
        labels=rules.select_healthy.output.labels,
        split=rules.select_healthy.output.split,
    output:
        features="<results>/{dataset}/anomaly/{anomaly}/features.h5",
    log:
        "<logs>/{dataset}/anomaly/{anomaly}/reduce.log",
    benchmark:
        "<logs>/{dataset}/anomaly/{anomaly}/reduce.benchmark.tsv"
    params:
        features=anomaly_setting("features"),
        fit_on="train",
        code=code("reduce"),


use rule scale as scale_healthy with:
    input:
        features=rules.reduce_healthy.output.features,
    output:
        scaled="<results>/{dataset}/anomaly/{anomaly}/scaled.h5",
    log:
        "<logs>/{dataset}/anomaly/{anomaly}/scale.log",
    benchmark:
        "<logs>/{dataset}/anomaly/{anomaly}/scale.benchmark.tsv"
    params:
        scaler=anomaly_setting("scaler"),
        fit_on="train",
        code=code("scale"),


use rule train_gan as train_healthy with:
    input:
        scaled=rules.scale_healthy.output.scaled,
        together=[],
    output:
        model="<results>/{dataset}/anomaly/{anomaly}/model.safetensors",
        history="<results>/{dataset}/anomaly/{anomaly}/history.csv",
    log:
        "<logs>/{dataset}/anomaly/{anomaly}/train_gan.log",
    benchmark:
        "<logs>/{dataset}/anomaly/{anomaly}/train_gan.benchmark.tsv"
    params:
        method="cwgan-gp",
        settings=anomaly_setting("gan"),
        device=config["device"],
        checkpoints=subpath(output.model, parent=True),
        tensorboard=config["tensorboard"],
        trained=None,
        seed=seed_for("train_gan", "anomaly"),
        code=code("train_gan"),


rule anomaly_map:
    input:
        peaks=rules.extract_peaks.output.peaks,
        scaled=rules.scale_healthy.output.scaled,
        model=rules.train_healthy.output.model,
        truth=known_anomalies,
    output:
        scores="<results>/{dataset}/anomaly/{anomaly}/scores.h5",
        map=report(
            "<results>/{dataset}/anomaly/{anomaly}/map.png",
            caption="../report/map.rst",
            category="{dataset}",
            subcategory="{anomaly}",
            labels={"content": "anomaly map"},
        ),
        vector="<results>/{dataset}/anomaly/{anomaly}/map.svg",
        metrics="<results>/{dataset}/anomaly/{anomaly}/metrics.json",
    log:
        "<logs>/{dataset}/anomaly/{anomaly}/anomaly_map.log",
    benchmark:
        "<logs>/{dataset}/anomaly/{anomaly}/anomaly_map.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500, 6),
        runtime=minutes(30),
    params:
        clusters=anomaly_setting("clusters"),
        title=of_anomaly_map("title"),
        seed=seed_for("anomaly_map"),
        code=code("anomaly_map"),
    message:
        "Drawing the anomaly map {wildcards.anomaly} of {wildcards.dataset}"
    script:
        "../../scripts/anomaly_map.py"
