"""Write the report: one page that opens anywhere."""

from typing import TYPE_CHECKING

from imsforge.artifacts.text import write_text
from imsforge.stage import stage
from imsforge.study.report import build_report

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads):
    page = build_report(snakemake.params.config, "results", snakemake.params.captions)
    write_text(page, snakemake.output[0])
