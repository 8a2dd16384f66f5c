"""Choose training, test and reserved pixels."""

from typing import TYPE_CHECKING

from imsforge.artifacts.contract import Labels, PeakMatrix, Split
from imsforge.splits.pixels import select_classes, split_pixels
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    x, y, sample, samples = PeakMatrix.read(snakemake.input.peaks, "x", "y", "sample", "samples")
    labels = Labels.read(snakemake.input.labels)
    parts = split_pixels(
        labels.label,
        x,
        y,
        sample,
        samples=samples,
        names=labels.names,
        classes=select_classes(labels.label, labels.names, snakemake.params.classes),
        repeat=snakemake.params.repeat,
        seed=snakemake.params.seed,
        **snakemake.params.settings,
    )
    Split(*parts).write(snakemake.output.split)
