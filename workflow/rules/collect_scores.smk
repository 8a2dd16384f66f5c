rule collect_scores:
    input:
        scores=of_experiment("method_files", "scores.csv"),
        reliability=of_experiment("method_files", "reliability.csv"),
        scaled=of_experiment("repeat_files", "scaled.h5"),
    output:
        scores="<results>/{dataset}/{experiment}/scores.csv",
        table="<results>/{dataset}/{experiment}/table.csv",
        comparison="<results>/{dataset}/{experiment}/comparison.csv",
        reliability="<results>/{dataset}/{experiment}/reliability.csv",
        markdown=report(
            "<results>/{dataset}/{experiment}/table.md",
            caption="../report/table.rst",
            category="{dataset}",
            subcategory="{experiment}",
            labels={"content": "scores"},
        ),
    log:
        "<logs>/{dataset}/{experiment}/collect_scores.log",
    benchmark:
        "<logs>/{dataset}/{experiment}/collect_scores.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        code=code("collect_scores"),
    message:
        "Collecting the scores of {wildcards.experiment} on {wildcards.dataset}"
    script:
        "../../scripts/collect_scores.py"
