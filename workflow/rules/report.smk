rule report:
    input:
        STUDY.shown,
    output:
        "<results>/report.html",
    log:
        "<logs>/report.log",
    benchmark:
        "<logs>/report.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        config=config,
        captions=captions(),
        code=code("report"),
    message:
        "Writing {output}"
    script:
        "../../scripts/report.py"
