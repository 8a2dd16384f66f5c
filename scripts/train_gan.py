"""Train a conditional GAN on the training rows, or take it from those trained together."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features
from imsforge.artifacts.tables import write_csv
from imsforge.oversampling.gan import GAN_SAMPLERS
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    if snakemake.params.trained:
        shutil.copyfile(f"{snakemake.params.trained}.csv", snakemake.output.history)
        shutil.copyfile(f"{snakemake.params.trained}.safetensors", snakemake.output.model)
    else:
        events = Path(snakemake.log[0]).with_name("tensorboard")
        sampler = GAN_SAMPLERS[snakemake.params.method](
            settings=snakemake.params.settings,
            device=snakemake.params.device,
            checkpoint_dir=Path(snakemake.params.checkpoints) / ".checkpoint",
            tensorboard_dir=events if snakemake.params.tensorboard else None,
            random_state=snakemake.params.seed,
        ).fit(*Features.read(snakemake.input.scaled).training_set)
        write_csv(sampler.model_.history, snakemake.output.history)
        sampler.save(snakemake.output.model)
