"""Write the results of a dataset in the format of another program."""

from pathlib import Path
from typing import TYPE_CHECKING

from imsforge.export.registry import export
from imsforge.export.results import Results
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    folder = Path(snakemake.output.folder)
    files = list(map(Path, snakemake.input))
    results = Results(folder.parents[1], files, snakemake.params.settings)
    export(snakemake.params.format, results, folder)
