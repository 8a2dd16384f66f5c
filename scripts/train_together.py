"""Train the conditional GANs of all repeats of an experiment at once."""

from pathlib import Path
from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features
from imsforge.artifacts.text import write_csv
from imsforge.gan.checkpoint import remove_checkpoint
from imsforge.oversampling import fit_together, sampler_class
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads):
    folder = Path(snakemake.output.models)
    checkpoints = Path(snakemake.params.checkpoints) / ".checkpoint"
    samplers = [
        sampler_class(snakemake.params.method)(
            settings=snakemake.params.settings,
            device=snakemake.params.device,
            checkpoint_dir=checkpoints,
            tensorboard_dir=snakemake.params.tensorboard,
            random_state=seed,
        )
        for seed in snakemake.params.seeds
    ]
    fit_together(samplers, [Features.read(file).training_set for file in snakemake.input.scaled])
    for repeat, sampler in enumerate(samplers, 1):
        write_csv(sampler.model_.history, folder / f"repeat-{repeat}.csv")
        sampler.model_.save(folder / f"repeat-{repeat}.safetensors")
    remove_checkpoint(checkpoints)
