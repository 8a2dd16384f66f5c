"""Choose the healthy pixels that an anomaly detector learns from."""

from typing import TYPE_CHECKING

import numpy as np

from imsforge.artifacts.contract import Labels, PeakMatrix, Split
from imsforge.labels.masks import read_mask
from imsforge.splits.healthy import HEALTHY_NAMES, healthy_split
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    mask = snakemake.input.get("mask")
    train, test, label = healthy_split(
        PeakMatrix.read(snakemake.input.peaks),
        rectangle=snakemake.params.rectangle,
        mask=read_mask(mask) if mask else None,
        sample=snakemake.params.sample,
    )
    Split(train, test).write(snakemake.output.split)
    Labels(label, np.array(HEALTHY_NAMES)).write(snakemake.output.labels)
