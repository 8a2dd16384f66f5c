"""Judge the training sets of a method on real test rows."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features, Resampled
from imsforge.artifacts.tables import write_csv
from imsforge.evaluation.scores import evaluate
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    scores, confusion, reliability = evaluate(
        Features.read(snakemake.input.scaled),
        Resampled.read(snakemake.input.resampled),
        classifiers=snakemake.params.classifiers,
        priors=snakemake.params.priors,
        identity=snakemake.params.identity,
        seed=snakemake.params.seed,
    )
    write_csv(scores, snakemake.output.scores)
    write_csv(confusion, snakemake.output.confusion)
    write_csv(reliability, snakemake.output.reliability)
