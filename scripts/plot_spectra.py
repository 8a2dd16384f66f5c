"""Draw real and generated spectra of the rarest class."""

from pathlib import Path
from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Features, PeakMatrix, Resampled
from imsforge.artifacts.figures import save_figure
from imsforge.fidelity.rarest_class import spectra_of_rarest_class
from imsforge.plots.spectra import plot_spectra
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    (mz,) = PeakMatrix.read(snakemake.input.peaks, "mz")
    resampled = {Path(p).parent.name: Resampled.read(p) for p in snakemake.input.resampled}
    name, real, generated = spectra_of_rarest_class(
        Features.read(snakemake.input.scaled), resampled
    )
    title = f"{snakemake.params.title}, class {name}"
    save_figure(plot_spectra(mz, real, generated, title), *snakemake.output)
