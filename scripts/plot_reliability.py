"""Draw how far probabilities can be trusted."""

from typing import TYPE_CHECKING

from imsforge.artifacts.figures import save_figure
from imsforge.artifacts.tables import read_csv
from imsforge.plots.reliability import plot_reliability
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    reliability = read_csv(snakemake.input.reliability)
    save_figure(plot_reliability(reliability, snakemake.params.title), *snakemake.output)
