rule extract_peaks:
    input:
        spectra=rules.ingest.output.spectra,
        raw=raw_input,
        list=lambda wildcards: users(dataset_of(wildcards).peak_list),
    output:
        multiext("<results>/{dataset}/peaks", peaks=".h5", table=".csv"),
    log:
        "<logs>/{dataset}/extract_peaks.log",
    cache: True
    conda:
        "../../envs/imsforge.yaml"
    threads: 2
    resources:
        mem_mb=memory(2000),
        runtime=minutes(240),
    params:
        settings=of_dataset("peak_settings"),
        list=lambda wildcards: marks([dataset_of(wildcards).peak_list]),
        checksums=CHECKSUMS,
        seed=seed_for("extract_peaks"),
        code=code("extract_peaks"),
    message:
        "Integrating the peaks of {wildcards.dataset}"
    script:
        "../../scripts/extract_peaks.py"
