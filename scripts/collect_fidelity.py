"""Collect the fidelity of all methods and repeats into one table."""

from typing import TYPE_CHECKING

from imsforge.artifacts.tables import read_csvs, write_csv
from imsforge.artifacts.text import write_text
from imsforge.fidelity.fidelity_tables import fidelity_markdown
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    scores = read_csvs(snakemake.input.fidelity)
    write_csv(scores, snakemake.output.fidelity)
    write_text(fidelity_markdown(scores), snakemake.output.markdown)
