rule plot_peaks:
    input:
        table=rules.extract_peaks.output.table,
    output:
        png=report(
            "<results>/{dataset}/peaks.png",
            caption="../report/peaks.rst",
            category="{dataset}",
            subcategory="measurement",
            labels={"content": "peaks"},
        ),
        svg="<results>/{dataset}/peaks.svg",
    log:
        "<logs>/{dataset}/plot_peaks.log",
    benchmark:
        "<logs>/{dataset}/plot_peaks.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        title="{dataset}",
        code=code("plot_peaks"),
    message:
        "Drawing the peaks of {wildcards.dataset}"
    script:
        "../../scripts/plot_peaks.py"


rule plot_classes:
    input:
        peaks=rules.extract_peaks.output.peaks,
        labels=rules.label.output.labels,
    output:
        png=report(
            "<results>/{dataset}/classes.png",
            caption="../report/classes.rst",
            category="{dataset}",
            subcategory="measurement",
            labels={"content": "classes"},
        ),
        svg="<results>/{dataset}/classes.svg",
    log:
        "<logs>/{dataset}/plot_classes.log",
    benchmark:
        "<logs>/{dataset}/plot_classes.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, 2),
        runtime=minutes(10),
    params:
        code=code("plot_classes"),
    message:
        "Drawing the classes of {wildcards.dataset}"
    script:
        "../../scripts/plot_classes.py"


rule plot_recall_matrices:
    input:
        confusion=of_experiment("method_files", "confusion.csv"),
    output:
        png=reported("recall_matrices", "recall matrices"),
        svg="<results>/{dataset}/{experiment}/recall_matrices.svg",
    log:
        "<logs>/{dataset}/{experiment}/plot_recall_matrices.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/plot_recall_matrices.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        title=of_experiment("title"),
        code=code("plot_recall_matrices"),
    message:
        "Drawing {output.png}"
    script:
        "../../scripts/plot_recall_matrices.py"


rule plot_reliability:
    input:
        reliability=rules.collect_scores.output.reliability,
    output:
        png=reported("reliability", "reliability of probabilities"),
        svg="<results>/{dataset}/{experiment}/reliability.svg",
    log:
        "<logs>/{dataset}/{experiment}/plot_reliability.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/plot_reliability.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        title=of_experiment("title"),
        code=code("plot_reliability"),
    message:
        "Drawing {output.png}"
    script:
        "../../scripts/plot_reliability.py"


rule plot_frechet:
    input:
        frechet=of_experiment("training_set_files", "frechet.csv"),
    output:
        png=reported("frechet", "Fréchet distances"),
        svg="<results>/{dataset}/{experiment}/frechet.svg",
    log:
        "<logs>/{dataset}/{experiment}/plot_frechet.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/plot_frechet.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        title=of_experiment("title"),
        code=code("plot_frechet"),
    message:
        "Drawing {output.png}"
    script:
        "../../scripts/plot_frechet.py"


rule plot_spectra:
    input:
        peaks=rules.extract_peaks.output.peaks,
        scaled="<results>/{dataset}/{experiment}/repeat-1/scaled.h5",
        resampled=lambda wildcards: experiment_of(wildcards).first_files(
            "resampled.h5", but=["none"]
        ),
    output:
        png=reported("spectra", "real and generated spectra"),
        svg="<results>/{dataset}/{experiment}/spectra.svg",
    log:
        "<logs>/{dataset}/{experiment}/plot_spectra.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/plot_spectra.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, 4),
        runtime=minutes(10),
    params:
        title=of_experiment("title"),
        code=code("plot_spectra"),
    message:
        "Drawing {output.png}"
    script:
        "../../scripts/plot_spectra.py"


rule plot_training:
    input:
        history=of_experiment("generator_files", "history.csv"),
    output:
        png=reported("training", "training curves"),
        svg="<results>/{dataset}/{experiment}/training.svg",
    log:
        "<logs>/{dataset}/{experiment}/plot_training.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/plot_training.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        title=of_experiment("title"),
        code=code("plot_training"),
    message:
        "Drawing {output.png}"
    script:
        "../../scripts/plot_training.py"
