"""Check that results are what their run left."""

import logging
from typing import TYPE_CHECKING

from imsforge.stage import stage
from imsforge.study.record.verify import verify_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    counts = verify_run(snakemake.params.record)
    text = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    logging.getLogger("imsforge").info("as recorded: %s", text)
    print(f"imsforge: results are as recorded: {text}")
