"""Choose the healthy pixels that an anomaly detector learns from."""

from typing import TYPE_CHECKING

import numpy as np

from imsforge.artifacts.contract import Labels, PeakMatrix, Split
from imsforge.labels.masks import read_mask
from imsforge.labels.regions import read_regions
from imsforge.splits.healthy import HEALTHY_NAMES, healthy_split
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    given = snakemake.input
    train, test, label = healthy_split(
        PeakMatrix.read(given.peaks),
        mask=read_mask(given.mask) if given.mask else None,
        regions=read_regions(given.regions) if given.regions else None,
        labels=Labels.read(given.labels) if given.labels else None,
        **snakemake.params.settings,
    )
    Split(train, test).write(snakemake.output.split)
    Labels(label, np.array(HEALTHY_NAMES)).write(snakemake.output.labels)
