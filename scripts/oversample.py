"""Make the training sets of a method."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features, Resampled
from imsforge.oversampling.registry import fitted_sampler
from imsforge.oversampling.tasks import training_sets
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    features = Features.read(snakemake.input.scaled)
    X, y = features.training_set
    sampler = fitted_sampler(
        snakemake.params.method,
        X,
        y,
        model=snakemake.input.get("model"),
        seed=snakemake.params.seed,
        reserve=features.reserve_set,
    )
    made = training_sets(sampler, X, y, snakemake.params.tasks, fill=snakemake.params.fill)
    Resampled(made).write(snakemake.output.resampled)
