"""Train a conditional VAE on the training rows."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features
from imsforge.artifacts.tables import write_csv
from imsforge.oversampling.vae import VAE
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    sampler = VAE(
        settings=snakemake.params.settings,
        device=snakemake.params.device,
        random_state=snakemake.params.seed,
    ).fit(*Features.read(snakemake.input.scaled).training_set)
    write_csv(sampler.model_.history, snakemake.output.history)
    sampler.save(snakemake.output.model)
