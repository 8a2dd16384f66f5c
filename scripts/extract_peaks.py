"""Find the peaks of a measurement and integrate them in every spectrum."""

from typing import TYPE_CHECKING

from imsforge.artifacts.checksums import ChecksumBook
from imsforge.ingest.measurement import Measurement
from imsforge.peaks.extract import extract_peaks
from imsforge.peaks.peak_list import read_peak_list
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    measurement = Measurement.read(snakemake.input.spectra)
    measurement.check_unchanged(ChecksumBook(snakemake.params.checksums).sha256)
    extract_peaks(
        measurement,
        *snakemake.output,
        given=read_peak_list(snakemake.input.list) if snakemake.input.list else None,
        **snakemake.params.settings,
        seed=snakemake.params.seed,
        threads=snakemake.threads,
    )
