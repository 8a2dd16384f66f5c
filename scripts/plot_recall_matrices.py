"""Draw who is taken for whom."""

from typing import TYPE_CHECKING

from imsforge.artifacts.figures import save_figure
from imsforge.artifacts.tables import read_csvs
from imsforge.plots.matrices import plot_recall_matrices
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    confusion = read_csvs(snakemake.input.confusion)
    save_figure(plot_recall_matrices(confusion, snakemake.params.title), *snakemake.output)
