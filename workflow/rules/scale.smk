rule scale:
    input:
        features=rules.reduce.output.features,
    output:
        scaled="<results>/{dataset}/{experiment}/repeat-{repeat}/scaled.h5",
    log:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/scale.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/scale.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, 2),
        runtime=minutes(10),
    params:
        scaler=experiment_setting("scaler"),
        fit_on=experiment_setting("fit_on"),
        code=code("scale"),
    message:
        "Scaling the features in {output.scaled}"
    script:
        "../../scripts/scale.py"
