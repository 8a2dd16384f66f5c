"""Give every pixel a class."""

from dataclasses import replace
from typing import TYPE_CHECKING

from imsforge.artifacts.contract import PeakMatrix
from imsforge.artifacts.tables import write_csv
from imsforge.artifacts.text import write_json
from imsforge.labels.coherence import report_coherence, spatial_coherence
from imsforge.labels.labelling import class_table, label_pixels
from imsforge.labels.layers import read_layers
from imsforge.phantom.truth import PhantomTruth
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    peaks = PeakMatrix.read(snakemake.input.peaks)
    if snakemake.input.truth:
        truth = PhantomTruth.read(snakemake.input.truth)
        peaks = replace(peaks, annotations=truth.annotations)
    layers = read_layers(snakemake.params.file, peaks.samples)
    labels = label_pixels(peaks, layers, **snakemake.params.settings, seed=snakemake.params.seed)
    labels.write(snakemake.output.labels)
    write_csv(class_table(labels), snakemake.output.classes)
    coherence = spatial_coherence(labels.label, peaks.x, peaks.y, peaks.sample)
    report_coherence(coherence)
    write_json(coherence, snakemake.output.coherence)
