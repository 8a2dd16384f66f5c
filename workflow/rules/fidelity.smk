rule assess_fidelity:
    input:
        scaled=rules.scale.output.scaled,
        resampled=rules.oversample.output.resampled,
    output:
        fidelity="<results>/{dataset}/{experiment}/repeat-{repeat}/{method}/fidelity.csv",
        frechet="<results>/{dataset}/{experiment}/repeat-{repeat}/{method}/frechet.csv",
    log:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/{method}/assess_fidelity.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/{method}/assess_fidelity.benchmark.tsv"
    wildcard_constraints:
        method=any_of(STUDY.training_sets),
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, 6),
        runtime=minutes(30),
    params:
        identity=lambda wildcards: {
            "method": wildcards.method,
            "repeat": int(wildcards.repeat),
        },
        test_is_alike=of_experiment("test_is_alike"),
        seed=seed_for("assess_fidelity"),
        code=code("assess_fidelity"),
    message:
        "Comparing {input.resampled} with real spectra"
    script:
        "../../scripts/assess_fidelity.py"


rule collect_fidelity:
    input:
        fidelity=of_experiment("training_set_files", "fidelity.csv"),
    output:
        fidelity="<results>/{dataset}/{experiment}/fidelity.csv",
        markdown=report(
            "<results>/{dataset}/{experiment}/fidelity.md",
            caption="../report/fidelity_table.rst",
            category="{dataset}",
            subcategory="{experiment}",
            labels={"content": "fidelity of generated spectra"},
        ),
    log:
        "<logs>/{dataset}/{experiment}/collect_fidelity.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/collect_fidelity.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        code=code("collect_fidelity"),
    message:
        "Collecting the fidelity of {wildcards.experiment} on {wildcards.dataset}"
    script:
        "../../scripts/collect_fidelity.py"


rule plot_fidelity:
    input:
        scaled="<results>/{dataset}/{experiment}/repeat-1/scaled.h5",
        resampled=lambda wildcards: experiment_of(wildcards).first_files("resampled.h5"),
        fidelity=rules.collect_fidelity.output.fidelity,
    output:
        png=reported("fidelity", "generated against real spectra"),
        svg="<results>/{dataset}/{experiment}/fidelity.svg",
    log:
        "<logs>/{dataset}/{experiment}/plot_fidelity.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/plot_fidelity.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, 4),
        runtime=minutes(10),
    params:
        title=of_experiment("title"),
        code=code("plot_fidelity"),
    message:
        "Drawing {output.png}"
    script:
        "../../scripts/plot_fidelity.py"
