rule reduce:
    input:
        peaks=rules.extract_peaks.output.peaks,
        labels=rules.label.output.labels,
        split=rules.split.output.split,
    output:
        features="<results>/{dataset}/{experiment}/repeat-{repeat}/features.h5",
    log:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/reduce.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/repeat-{repeat}/reduce.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, 5),
        runtime=minutes(120),
    params:
        features=experiment_setting("features"),
        fit_on=experiment_setting("fit_on"),
        code=code("reduce"),
    message:
        "Reducing the spectra in {output.features}"
    script:
        "../../scripts/reduce.py"
