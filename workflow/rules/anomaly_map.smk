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


rule detect_anomalies:
    input:
        peaks=rules.extract_peaks.output.peaks,
        features=rules.reduce_healthy.output.features,
        labels=lambda wildcards: (
            rules.label.output.labels
            if anomaly_map_of(wildcards).background_by_class
            else []
        ),
        scaled=lambda wildcards: (
            rules.scale_healthy.output.scaled
            if anomaly_map_of(wildcards).has_critic
            else []
        ),
        model=lambda wildcards: (
            rules.train_healthy.output.model
            if anomaly_map_of(wildcards).has_critic
            else []
        ),
    output:
        scores="<results>/{dataset}/anomaly/{anomaly}/scores.h5",
    log:
        "<logs>/{dataset}/anomaly/{anomaly}/detect_anomalies.log",
    benchmark:
        "<logs>/{dataset}/anomaly/{anomaly}/detect_anomalies.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, 8),
        runtime=minutes(120),
    params:
        settings=of_anomaly_map("detection_settings"),
        off_tissue=anomaly_setting("off_tissue"),
        seed=seed_for("detect_anomalies"),
        code=lambda wildcards: code(
            "detect_anomalies", *anomaly_map_of(wildcards).modules
        ),
    message:
        "Scoring the pixels of {wildcards.dataset} for {wildcards.anomaly}"
    script:
        "../../scripts/detect_anomalies.py"


rule anomaly_map:
    input:
        scores=rules.detect_anomalies.output.scores,
        features=rules.reduce_healthy.output.features,
        labels=rules.label.output.labels,
        truth=known_anomalies,
    output:
        map=reported("map", "anomaly map", name="{anomaly}", below="anomaly/"),
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
        view=anomaly_setting("view"),
        rate=anomaly_setting("false_alarm_rate"),
        known=of_anomaly_map("known_classes"),
        regions=anomaly_setting("regions"),
        title=of_anomaly_map("title"),
        code=code("anomaly_map"),
    message:
        "Drawing the anomaly map {wildcards.anomaly} of {wildcards.dataset}"
    script:
        "../../scripts/anomaly_map.py"


rule anomaly_regions:
    input:
        peaks=rules.extract_peaks.output.peaks,
        features=rules.reduce_healthy.output.features,
        scores=rules.detect_anomalies.output.scores,
    output:
        table="<results>/{dataset}/anomaly/{anomaly}/regions.csv",
        ions="<results>/{dataset}/anomaly/{anomaly}/ions.csv",
        folder=directory("<results>/{dataset}/anomaly/{anomaly}/regions"),
    log:
        "<logs>/{dataset}/anomaly/{anomaly}/anomaly_regions.log",
    benchmark:
        "<logs>/{dataset}/anomaly/{anomaly}/anomaly_regions.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500, 6),
        runtime=minutes(60),
    params:
        settings=anomaly_setting("regions"),
        seed=seed_for("anomaly_regions"),
        code=code("anomaly_regions"),
    message:
        "Finding the abnormal regions of {wildcards.anomaly} on {wildcards.dataset}"
    script:
        "../../scripts/anomaly_regions.py"


rule plot_anomaly_ions:
    input:
        peaks=rules.extract_peaks.output.peaks,
        features=rules.reduce_healthy.output.features,
        scores=rules.detect_anomalies.output.scores,
        ions=rules.anomaly_regions.output.ions,
    output:
        png=reported(
            "ions", "ions of abnormal pixels", name="{anomaly}", below="anomaly/"
        ),
        svg="<results>/{dataset}/anomaly/{anomaly}/ions.svg",
    log:
        "<logs>/{dataset}/anomaly/{anomaly}/plot_anomaly_ions.log",
    benchmark:
        "<logs>/{dataset}/anomaly/{anomaly}/plot_anomaly_ions.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, 4),
        runtime=minutes(10),
    params:
        title=of_anomaly_map("title"),
        regions=anomaly_setting("regions"),
        code=code("plot_anomaly_ions"),
    message:
        "Drawing {output.png}"
    script:
        "../../scripts/plot_anomaly_ions.py"
