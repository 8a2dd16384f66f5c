rule scan_classes:
    input:
        peaks=rules.extract_peaks.output.peaks,
    output:
        table="<results>/{dataset}/class_numbers.csv",
    log:
        "<logs>/{dataset}/scan_classes.log",
    benchmark:
        "<logs>/{dataset}/scan_classes.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, 4),
        runtime=minutes(120),
    params:
        scan=label_setting("scan"),
        transform=label_setting("transform"),
        minimum_signal=label_setting("minimum_signal"),
        seed=seed_for("scan_classes"),
        code=code("scan_classes"),
    message:
        "Comparing numbers of classes of {wildcards.dataset}"
    script:
        "../../scripts/scan_classes.py"


rule plot_class_numbers:
    input:
        table=rules.scan_classes.output.table,
    output:
        png=report(
            "<results>/{dataset}/class_numbers.png",
            caption="../report/class_numbers.rst",
            category="{dataset}",
            subcategory="measurement",
            labels={"content": "number of classes"},
        ),
        svg="<results>/{dataset}/class_numbers.svg",
    log:
        "<logs>/{dataset}/plot_class_numbers.log",
    benchmark:
        "<logs>/{dataset}/plot_class_numbers.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        title="{dataset}",
        chosen=label_setting("classes"),
        code=code("plot_class_numbers"),
    message:
        "Drawing the numbers of classes of {wildcards.dataset}"
    script:
        "../../scripts/plot_class_numbers.py"
