"""Make the training sets of a method."""

from typing import TYPE_CHECKING

from imsforge.io.artifacts import Features, Resampled
from imsforge.oversampling import TASKS, fitted_sampler
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads):
    X, y = Features.read(snakemake.input.scaled).training_set
    sampler = fitted_sampler(
        snakemake.params.method,
        X,
        y,
        model=snakemake.input.get("model"),
        seed=snakemake.params.seed,
    )
    tasks = {task: TASKS[task](sampler, X, y) for task in snakemake.params.tasks}
    Resampled(tasks).write(snakemake.output.resampled)
