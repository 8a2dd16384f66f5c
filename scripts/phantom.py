"""Make the synthetic kidney: a measurement as a user would bring it, and the truth beside it."""

from typing import TYPE_CHECKING

from imsforge.phantom import make_phantom, write_phantom
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    settings = snakemake.params.settings
    phantom = make_phantom(settings["pixels"], settings["peaks"], seed=snakemake.params.seed)
    write_phantom(
        phantom,
        snakemake.output.imzml,
        snakemake.output.truth,
        spectra=settings["spectra"],
        baseline=settings["baseline"],
    )
