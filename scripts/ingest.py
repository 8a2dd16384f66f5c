"""Read what a measurement holds, and check it."""

from typing import TYPE_CHECKING

from imsforge.artifacts.checksums import ChecksumBook
from imsforge.artifacts.text import write_json
from imsforge.ingest.ingest import read_measurement
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    measurement = read_measurement(
        snakemake.params.measurement or snakemake.input.raw[0],
        hdf5=snakemake.params.hdf5,
        pixel_size=snakemake.params.pixel_size,
        checksums=ChecksumBook(snakemake.params.checksums),
        **snakemake.params.settings,
    )
    measurement.write(snakemake.output.spectra)
    write_json(measurement.summary(), snakemake.output.summary)
