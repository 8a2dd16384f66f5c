"""Draw how much generated spectra look like real ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features, Resampled
from imsforge.artifacts.figures import save_figure
from imsforge.artifacts.tables import read_csv
from imsforge.fidelity.rarest_class import view_rarest_class
from imsforge.plots.fidelity import plot_fidelity
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    resampled = {Path(p).parent.name: Resampled.read(p) for p in snakemake.input.resampled}
    view = view_rarest_class(Features.read(snakemake.input.scaled), resampled)
    title = f"{snakemake.params.title}, class {view.name}"
    scores = read_csv(snakemake.input.fidelity)
    save_figure(plot_fidelity(view, scores, title), *snakemake.output)
