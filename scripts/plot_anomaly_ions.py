"""Draw the ions that tell abnormal pixels from healthy ones."""

from typing import TYPE_CHECKING

from imsforge.anomaly.regions import find_regions
from imsforge.anomaly.scores import AnomalyScores
from imsforge.artifacts.contract import Features, PeakMatrix
from imsforge.artifacts.figures import save_figure
from imsforge.artifacts.tables import read_csv
from imsforge.ions import ion_shares, leading_ions
from imsforge.plots.ions import plot_ions
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    scores = AnomalyScores.read(snakemake.input.scores)
    peaks = PeakMatrix.read(snakemake.input.peaks)
    (pixel,) = Features.read(snakemake.input.features, "pixel")
    ions = read_csv(snakemake.input.ions).query("region == 0")
    shares = ion_shares(peaks.intensity[pixel], leading_ions(ions, peaks.mz))
    place = scores.x, scores.y, scores.sample
    region = find_regions(*place, scores.abnormal(), **snakemake.params.regions)
    figure = plot_ions(ions, shares, scores, region > 0, snakemake.params.title)
    save_figure(figure, *snakemake.output)
