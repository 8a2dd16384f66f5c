"""Draw the course of the trainings."""

from pathlib import Path
from typing import TYPE_CHECKING

from imsforge.artifacts.figures import save_figure
from imsforge.artifacts.tables import read_csv
from imsforge.plots.histories import plot_training
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    histories = {}
    for path in snakemake.input.history:
        histories.setdefault(Path(path).parent.name, []).append(read_csv(path))
    save_figure(plot_training(histories, snakemake.params.title), *snakemake.output)
