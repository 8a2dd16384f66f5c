def reported(file, content):
    """Mark a figure of an experiment for Snakemake's own report."""
    return report(
        f"results/{{dataset}}/{{experiment}}/{file}.png",
        caption=f"../report/{file}.rst",
        category="{dataset}",
        subcategory="{experiment}",
        labels={"content": content},
    )


def experiment_title(wildcards):
    return f"{wildcards.dataset}: {wildcards.experiment}"


rule plot_classes:
    input:
        peaks=rules.extract_peaks.output.peaks,
        labels=rules.label.output.labels,
    output:
        png=report(
            "results/{dataset}/classes.png",
            caption="../report/classes.rst",
            category="{dataset}",
            subcategory="measurement",
            labels={"content": "classes"},
        ),
        svg="results/{dataset}/classes.svg",
    log:
        "logs/{dataset}/plot_classes.log",
    benchmark:
        "logs/{dataset}/plot_classes.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000, 4),
        runtime=10,
    params:
        code=code("plot_classes"),
    message:
        "Drawing the classes of {wildcards.dataset}"
    script:
        "../../scripts/plot_classes.py"


rule plot_recall_matrices:
    input:
        confusion=lambda wildcards: methods_of(
            wildcards.dataset, wildcards.experiment, "confusion.csv"
        ),
    output:
        png=reported("recall_matrices", "recall matrices"),
        svg="results/{dataset}/{experiment}/recall_matrices.svg",
    log:
        "logs/{dataset}/{experiment}/plot_recall_matrices.log",
    benchmark:
        "logs/{dataset}/{experiment}/plot_recall_matrices.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        title=experiment_title,
        code=code("plot_recall_matrices"),
    message:
        "Drawing {output.png}"
    script:
        "../../scripts/plot_recall_matrices.py"


rule plot_frechet:
    input:
        frechet=lambda wildcards: methods_of(
            wildcards.dataset, wildcards.experiment, "frechet.csv"
        ),
    output:
        png=reported("frechet", "Frechet distances"),
        svg="results/{dataset}/{experiment}/frechet.svg",
    log:
        "logs/{dataset}/{experiment}/plot_frechet.log",
    benchmark:
        "logs/{dataset}/{experiment}/plot_frechet.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        title=experiment_title,
        code=code("plot_frechet"),
    message:
        "Drawing {output.png}"
    script:
        "../../scripts/plot_frechet.py"


rule plot_spectra:
    input:
        peaks=rules.extract_peaks.output.peaks,
        scaled="results/{dataset}/{experiment}/repeat-1/scaled.h5",
        resampled=lambda wildcards: [
            path
            for path in methods_of(
                wildcards.dataset, wildcards.experiment, "resampled.h5"
            )
            if "/repeat-1/" in path and "/none/" not in path
        ],
    output:
        png=reported("spectra", "real and generated spectra"),
        svg="results/{dataset}/{experiment}/spectra.svg",
    log:
        "logs/{dataset}/{experiment}/plot_spectra.log",
    benchmark:
        "logs/{dataset}/{experiment}/plot_spectra.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000, 6),
        runtime=10,
    params:
        title=experiment_title,
        code=code("plot_spectra"),
    message:
        "Drawing {output.png}"
    script:
        "../../scripts/plot_spectra.py"


rule plot_training:
    input:
        history=lambda wildcards: methods_of(
            wildcards.dataset, wildcards.experiment, "history.csv", trained=True
        ),
    output:
        png=reported("training", "training curves"),
        svg="results/{dataset}/{experiment}/training.svg",
    log:
        "logs/{dataset}/{experiment}/plot_training.log",
    benchmark:
        "logs/{dataset}/{experiment}/plot_training.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        title=experiment_title,
        code=code("plot_training"),
    message:
        "Drawing {output.png}"
    script:
        "../../scripts/plot_training.py"
