"""Compare numbers of classes."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import PeakMatrix
from imsforge.artifacts.tables import write_csv
from imsforge.factorization.class_numbers import scan_class_numbers
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    intensity, signal = PeakMatrix.read(snakemake.input.peaks, "intensity", "total_ion_current")
    table = scan_class_numbers(
        intensity,
        snakemake.params.scan["classes"],
        seeds=snakemake.params.scan["seeds"],
        max_rows=snakemake.params.scan["pixels"],
        transform=snakemake.params.transform,
        usable=~(signal < snakemake.params.minimum_signal),
        seed=snakemake.params.seed,
    )
    write_csv(table, snakemake.output.table)
