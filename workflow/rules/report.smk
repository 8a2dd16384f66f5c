rule report:
    input:
        summaries=each_dataset("results/{dataset}/ingest.json"),
        peaks=each_dataset("results/{dataset}/peaks.csv"),
        spectra=each_dataset("results/{dataset}/peaks.png"),
        classes=each_dataset("results/{dataset}/classes.csv"),
        class_maps=each_dataset("results/{dataset}/classes.png"),
        scores=each_experiment("scores.csv"),
        tables=each_experiment("table.csv"),
        comparisons=each_experiment("comparison.csv"),
        markdown=each_experiment("table.md"),
        fidelity=each_replacement("fidelity.csv"),
        figures=each_figure(),
        maps=each_anomaly("map.png"),
        metrics=each_anomaly("metrics.json"),
    output:
        "results/report.html",
    log:
        "logs/report.log",
    benchmark:
        "logs/report.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        config=config,
        captions=str(Path(workflow.basedir) / "workflow/report"),
        code=code("report"),
    message:
        "Writing {output}"
    script:
        "../../scripts/report.py"
