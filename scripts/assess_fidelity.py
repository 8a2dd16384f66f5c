"""Tell how much the generated spectra of a method look like real ones."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features, Resampled
from imsforge.artifacts.tables import write_csv
from imsforge.fidelity.assessment import assess_fidelity
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    scores = assess_fidelity(
        Features.read(snakemake.input.scaled),
        Resampled.read(snakemake.input.resampled),
        identity=snakemake.params.identity,
        test_is_alike=snakemake.params.test_is_alike,
        seed=snakemake.params.seed,
    )
    write_csv(scores, snakemake.output.fidelity)
