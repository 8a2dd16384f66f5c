"""Describe the chosen spectra by features."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Labels, PeakMatrix, Split
from imsforge.factorization.features import make_features
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    features = make_features(
        PeakMatrix.read(snakemake.input.peaks),
        Labels.read(snakemake.input.labels),
        Split.read(snakemake.input.split),
        n_features=snakemake.params.features,
        fit_on=snakemake.params.fit_on,
    )
    features.write(snakemake.output.features)
