"""Draw what speaks for which number of classes."""

from typing import TYPE_CHECKING

from imsforge.artifacts.figures import save_figure
from imsforge.artifacts.tables import read_csv
from imsforge.plots.class_numbers import plot_class_numbers
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    table = read_csv(snakemake.input.table)
    figure = plot_class_numbers(table, snakemake.params.chosen, snakemake.params.title)
    save_figure(figure, *snakemake.output)
