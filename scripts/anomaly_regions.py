"""Find the regions of abnormal pixels, and the ions that tell them from healthy ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from imsforge.anomaly.region_ions import rank_ions_of_regions
from imsforge.anomaly.regions import find_regions, region_files, region_table
from imsforge.anomaly.scores import AnomalyScores
from imsforge.artifacts.contract import Features, PeakMatrix
from imsforge.artifacts.figures import save_mask
from imsforge.artifacts.tables import write_csv
from imsforge.artifacts.text import file_names, write_json
from imsforge.stage import stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with stage(snakemake.rule, snakemake.log[0], snakemake.threads, snakemake.params.code):
    given, folder = snakemake.input, Path(snakemake.output.folder)
    scores = AnomalyScores.read(given.scores)
    peaks, features = PeakMatrix.read(given.peaks), Features.read(given.features)
    abnormal = scores.abnormal()
    place = scores.x, scores.y, scores.sample
    region = find_regions(*place, abnormal, **snakemake.params.settings)
    table = region_table(scores, region, peaks.pixel_size)
    regions = region_files(scores, region, table, peaks)
    for stem, (_, outlines, mask) in zip(file_names(scores.samples), regions, strict=True):
        write_json(outlines, folder / f"{stem}.geojson")
        save_mask(mask, folder / f"{stem}.png")
    ions = rank_ions_of_regions(
        peaks.intensity[features.pixel],
        peaks.mz,
        region,
        abnormal,
        scores.healthy & scores.tissue,
        features.values,
        seed=snakemake.params.seed,
    )
    write_csv(ions, snakemake.output.ions)
    write_csv(table, snakemake.output.table)
