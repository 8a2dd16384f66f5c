"""Draw the total ion current and the classes."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Labels, PeakMatrix
from imsforge.artifacts.figures import save_figure
from imsforge.plots.maps import plot_classes
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    peaks = PeakMatrix.read(snakemake.input.peaks)
    labels = Labels.read(snakemake.input.labels)
    save_figure(plot_classes(peaks, labels), *snakemake.output)
