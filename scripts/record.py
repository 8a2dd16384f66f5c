"""Write down what a run was made of, for people, programs and archives."""

from pathlib import Path
from typing import TYPE_CHECKING

from imsforge.artifacts.text import write_json
from imsforge.stage import stage
from imsforge.study import Study
from imsforge.study.record.crate import write_crate
from imsforge.study.record.environment import copy_code
from imsforge.study.record.run import describe_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    folders = [Path(path).parent for path in (snakemake.output.record, snakemake.log[0])]
    study = Study(snakemake.params.config, *folders)
    record = describe_run(study, snakemake.params.sources)
    write_crate(record, study, copy_code(snakemake.output.code))
    write_json(record, snakemake.output.record)
