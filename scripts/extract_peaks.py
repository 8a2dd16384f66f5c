"""Integrate the peaks of every spectrum."""

from typing import TYPE_CHECKING

from imsforge.io.measurement import Measurement
from imsforge.spectra import extract, find_peaks
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads):
    measurement = Measurement.read(snakemake.input.spectra)
    settings = dict(snakemake.params.settings)
    normalization = settings.pop("normalization")
    peaks = find_peaks(measurement, **settings)
    extract(measurement, peaks, *snakemake.output, normalization=normalization)
