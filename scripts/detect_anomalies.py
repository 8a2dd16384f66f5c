"""Score every pixel by detectors that learnt what healthy pixels look like."""

from typing import TYPE_CHECKING

from imsforge.anomaly.detection import detect_anomalies
from imsforge.anomaly.tissue import find_tissue
from imsforge.artifacts.contract import Features, Labels, PeakMatrix
from imsforge.oversampling.registry import sampler_class
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    given = snakemake.input
    peaks, features = PeakMatrix.read(given.peaks), Features.read(given.features)
    labels = Labels.read(given.labels) if given.labels else None
    gan = sampler_class("cwgan-gp").load(given.model, device="cpu") if given.model else None
    scores = detect_anomalies(
        peaks,
        features,
        find_tissue(peaks, features, labels, **snakemake.params.off_tissue),
        critic=gan.model_ if gan else None,
        scaled=Features.read(given.scaled) if given.scaled else None,
        seed=snakemake.params.seed,
        **snakemake.params.settings,
    )
    scores.write(snakemake.output.scores)
