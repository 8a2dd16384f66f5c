"""Give every pixel a class."""

from typing import TYPE_CHECKING

from imsforge.factorization.labels import class_table, label_pixels
from imsforge.io.artifacts import PeakMatrix
from imsforge.io.tables import write_csv
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads):
    peaks = PeakMatrix.read(snakemake.input.peaks)
    labels = label_pixels(peaks, **snakemake.params.settings, seed=snakemake.params.seed)
    labels.write(snakemake.output.labels)
    write_csv(class_table(labels), snakemake.output.classes)
