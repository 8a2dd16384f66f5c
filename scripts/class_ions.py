"""Rank the ions that tell each class from all others."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Labels, PeakMatrix
from imsforge.artifacts.tables import write_csv
from imsforge.ions import rank_ions_of_classes
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    peaks = PeakMatrix.read(snakemake.input.peaks)
    labels = Labels.read(snakemake.input.labels)
    seed = snakemake.params.seed
    table = rank_ions_of_classes(peaks.intensity, peaks.mz, labels, seed=seed)
    write_csv(table, snakemake.output.table)
