"""Draw the mean spectrum with the peaks that were found."""

from typing import TYPE_CHECKING

from imsforge.artifacts.figures import save_figure
from imsforge.artifacts.tables import read_csv
from imsforge.plots.mean_spectrum import plot_peaks
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    peaks = read_csv(snakemake.input.table)
    figure = plot_peaks(peaks["mz"], peaks["mean_intensity"], snakemake.params.title)
    save_figure(figure, *snakemake.output)
