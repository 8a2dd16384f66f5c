"""Collect the scores of all methods and repeats, and compare the methods."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features
from imsforge.artifacts.tables import read_csvs, write_csv
from imsforge.artifacts.text import write_text
from imsforge.evaluation.comparison import compare_methods, resampling_of
from imsforge.evaluation.score_tables import (
    class_counts,
    coverage_note,
    markdown_table,
    score_table,
    undetermined_note,
)
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    scores = read_csvs(snakemake.input.scores)
    repeats = [Features.read(path) for path in snakemake.input.scaled]
    counts = class_counts(repeats)
    table, comparison = score_table(scores, counts), compare_methods(scores, resampling_of(repeats))
    write_csv(scores, snakemake.output.scores)
    write_csv(table, snakemake.output.table)
    write_csv(comparison, snakemake.output.comparison)
    write_csv(read_csvs(snakemake.input.reliability), snakemake.output.reliability)
    notes = [
        coverage_note(scores, counts["class"]),
        undetermined_note(table, repeats[0].values.shape[1]),
    ]
    write_text(markdown_table(table, comparison, notes), snakemake.output.markdown)
