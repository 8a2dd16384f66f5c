"""Tell how much the generated spectra of a method look like real ones."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features, Resampled
from imsforge.artifacts.tables import write_csv
from imsforge.fidelity.assessment import assess_fidelity
from imsforge.fidelity.frechet_table import frechet_table
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    features = Features.read(snakemake.input.scaled)
    resampled = Resampled.read(snakemake.input.resampled)
    identity = snakemake.params.identity
    scores = assess_fidelity(
        features,
        resampled,
        identity=identity,
        test_is_alike=snakemake.params.test_is_alike,
        seed=snakemake.params.seed,
    )
    write_csv(scores, snakemake.output.fidelity)
    write_csv(frechet_table(features, resampled, identity=identity), snakemake.output.frechet)
