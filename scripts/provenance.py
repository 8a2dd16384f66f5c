"""Write down what a run was made of, for people, programs and archives."""

from pathlib import Path
from typing import TYPE_CHECKING

from imsforge.artifacts.text import write_json, write_text
from imsforge.stage import stage
from imsforge.study.record import describe_run, write_crate

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads):
    record = describe_run(snakemake.params.config, "results", snakemake.params.seeds, "logs")
    write_text(
        Path(snakemake.params.snakefile).read_text(encoding="utf-8"), snakemake.output.workflow
    )
    write_crate(record, "results", snakemake.output.workflow)
    write_json(record, snakemake.output.record)
