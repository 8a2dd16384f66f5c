"""Draw how far generated classes are from real ones."""

from typing import TYPE_CHECKING

from imsforge.artifacts.figures import save_figure
from imsforge.artifacts.tables import read_csvs
from imsforge.plots.matrices import plot_frechet
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    frechet = read_csvs(snakemake.input.frechet)
    save_figure(plot_frechet(frechet, snakemake.params.title), *snakemake.output)
