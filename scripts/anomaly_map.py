"""Draw the anomaly map, and say what it is worth."""

from typing import TYPE_CHECKING

from imsforge.anomaly.known import known_pixels
from imsforge.anomaly.scores import AnomalyScores
from imsforge.anomaly.summary import summarize
from imsforge.artifacts.contract import Features, Labels
from imsforge.artifacts.figures import save_figure
from imsforge.artifacts.text import write_json
from imsforge.phantom.truth import PhantomTruth
from imsforge.plots.maps import plot_anomaly
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    given, params = snakemake.input, snakemake.params
    scores = AnomalyScores.read(given.scores)
    pixel, components = Features.read(given.features, "pixel", "components")
    labels = Labels.read(given.labels)
    truth = PhantomTruth.read(given.truth).anomalies if given.truth else {}
    known = known_pixels(pixel, truth, labels, params.known)
    how = {"view": params.view, "rate": params.rate, "components": components}
    write_json(summarize(scores, known, **how), snakemake.output.metrics)
    classes = {"label": labels.label[pixel], "names": labels.names}
    figure = plot_anomaly(scores, params.title, **classes, **params.regions)
    save_figure(figure, snakemake.output.map, snakemake.output.vector)
