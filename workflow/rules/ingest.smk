rule ingest:
    input:
        raw=raw_input,
    output:
        multiext("<results>/{dataset}/", spectra="spectra.h5", summary="ingest.json"),
    log:
        "<logs>/{dataset}/ingest.log",
    cache: True
    conda:
        "../../envs/imsforge.yaml"
    threads: 2
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        measurement=of_dataset("given_input"),
        settings=dataset_setting("ingest"),
        hdf5=dataset_setting("hdf5"),
        pixel_size=dataset_setting("pixel_size"),
        marks=lambda wildcards: marks(dataset_of(wildcards).raw_files, soon=True),
        checksums=CHECKSUMS,
        code=code("ingest"),
    message:
        "Reading what {input.raw[0]} holds"
    script:
        "../../scripts/ingest.py"
