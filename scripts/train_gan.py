"""Train a conditional GAN on the training rows."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from imsforge.gan.settings import GANSettings
from imsforge.gan.training import train
from imsforge.io.artifacts import Features
from imsforge.io.tables import write_csv
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads):
    X, y = Features.read(snakemake.input.scaled).training_set
    model = train(
        X,
        y,
        GANSettings(kind=snakemake.params.method, **snakemake.params.settings),
        seed=snakemake.params.seed,
        device=snakemake.params.device,
        checkpoint_dir=Path(snakemake.params.checkpoints) / ".checkpoint",
    )
    model.save(snakemake.output.model)
    write_csv(pd.DataFrame(model.history), snakemake.output.history)
