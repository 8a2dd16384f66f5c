"""Score every pixel, draw the map, and compare with what is known."""

from typing import TYPE_CHECKING

from imsforge.anomaly.detection import detect_anomalies
from imsforge.artifacts.contract import Features, PeakMatrix
from imsforge.artifacts.figures import save_figure
from imsforge.artifacts.text import write_json
from imsforge.gan.model import ConditionalGAN
from imsforge.phantom.truth import PhantomTruth
from imsforge.plots.maps import plot_anomaly
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    truth = snakemake.input.get("truth")
    scores, metrics = detect_anomalies(
        PeakMatrix.read(snakemake.input.peaks),
        Features.read(snakemake.input.scaled),
        ConditionalGAN.load(snakemake.input.model, device="cpu"),
        clusters=snakemake.params.clusters,
        truth=PhantomTruth.read(truth).anomalies if truth else None,
        seed=snakemake.params.seed,
    )
    scores.write(snakemake.output.scores)
    write_json(metrics, snakemake.output.metrics)
    figure = plot_anomaly(scores, snakemake.params.title)
    save_figure(figure, snakemake.output.map, snakemake.output.vector)
