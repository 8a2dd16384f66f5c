"""Scale features to what networks like."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features
from imsforge.scaling import scale_features
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    features = Features.read(snakemake.input.features)
    scaled = scale_features(
        features, snakemake.params.scaler, fit_on=snakemake.params.fit_on, copy=False
    )
    scaled.write(snakemake.output.scaled)
