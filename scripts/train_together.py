"""Train the conditional GANs of all repeats of an experiment at once."""

from pathlib import Path
from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features
from imsforge.artifacts.tables import write_csv
from imsforge.gan.checkpoint import remove_checkpoint
from imsforge.oversampling.gan import GAN_SAMPLERS, fit_together
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    folder = Path(snakemake.output.models)
    checkpoints = Path(snakemake.params.checkpoints) / "unfinished" / folder.name / ".checkpoint"
    events = Path(snakemake.log[0]).with_name("tensorboard")
    samplers = [
        GAN_SAMPLERS[snakemake.params.method](
            settings=snakemake.params.settings,
            device=snakemake.params.device,
            checkpoint_dir=checkpoints,
            tensorboard_dir=events if snakemake.params.tensorboard else None,
            random_state=seed,
        )
        for seed in snakemake.params.seeds
    ]
    fit_together(samplers, [Features.read(file).training_set for file in snakemake.input.scaled])
    for repeat, sampler in enumerate(samplers, 1):
        write_csv(sampler.model_.history, folder / f"repeat-{repeat}.csv")
        sampler.model_.save(folder / f"repeat-{repeat}.safetensors")
    remove_checkpoint(checkpoints)
