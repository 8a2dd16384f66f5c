rule phantom:
    output:
        imzml="<results>/{dataset}/phantom/phantom.imzML",
        ibd="<results>/{dataset}/phantom/phantom.ibd",
        truth="<results>/{dataset}/phantom/truth.h5",
    log:
        "<logs>/{dataset}/phantom.log",
    benchmark:
        "<logs>/{dataset}/phantom.benchmark.tsv"
    conda:
        "../../envs/imsforge.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000, 1),
        runtime=minutes(30),
    params:
        settings=dataset_setting("phantom"),
        seed=seed_for("phantom"),
        code=code("phantom"),
    message:
        "Making the synthetic kidney {wildcards.dataset}"
    script:
        "../../scripts/phantom.py"
