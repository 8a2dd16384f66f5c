"""Write the report: one page that opens anywhere."""

from pathlib import Path
from typing import TYPE_CHECKING

from imsforge.artifacts.text import write_text
from imsforge.stage import stage
from imsforge.study import Study
from imsforge.study.report.build import build_report

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    study = Study(snakemake.params.config, Path(snakemake.output[0]).parent)
    write_text(build_report(study, snakemake.params.captions), snakemake.output[0])
