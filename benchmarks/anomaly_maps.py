"""How well each anomaly detector finds what it was not shown: the measurements of docs/anomaly.md.

    python benchmarks/anomaly_maps.py [--quick] [--out FILE.csv] [PART ...]

Parts: `phantoms` (baselines and discriminators on ten synthetic kidneys, three masks, three views),
`networks` (five network seeds on the same data), `impure` (masks that hold abnormal pixels),
`generative` (the GAN family), `segments` (a class left out of the bladder's and the barley's; needs
`--results`, the folder that config/studies/anomaly.yaml filled), `large` (the thesis' scale). One
row a map and kind of anomaly is appended to FILE, and what it holds already is not measured again.
Nothing was chosen on these phantoms. Times are CPU seconds of one thread, of five fits and all
scores. The last line is JSON.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from imsforge.anomaly.cross_fitting import matched_folds
from imsforge.anomaly.detection import detector_scores, most_abnormal
from imsforge.anomaly.registry import DETECTORS
from imsforge.anomaly.thresholds import threshold
from imsforge.anomaly.views import PixelRows, rarer
from imsforge.artifacts.contract import Labels, PeakMatrix
from imsforge.factorization.features import reduce_spectra
from imsforge.phantom import make_phantom
from imsforge.stage import limited_threads

FEATURES, FOLDS, RATE, TRIM = 50, 5, 0.05, 0.1
VIEWS = ("count", "composition", "both")
#: Seeds of phantoms: those from 20 on were looked at by nobody who chose a setting.
SEEDS = range(20, 30)
GENERATIVE = (
    "critic",
    "vae-reconstruction",
    "vae-likelihood",
    "anogan",
    "f-anogan",
    "f-anogan-distance",
    "egbad",
    "ganomaly",
    "ganomaly-distance",
)
BASELINES = tuple(name for name in DETECTORS if name not in GENERATIVE)
LEADING = ("discriminator", "discriminator-local", "mahalanobis", "pca-residual", "knn")
NEAREST = (*LEADING, "pca-residual-per-current", "gaussian-mixture", "lof")
RECTANGLE = (50, 20, 80, 140)


class Tissue:
    """Pixels with what is known of them.

    Parameters
    ----------
    name : str
    intensity : (n_pixels, n_peaks) array
    x, y : (n_pixels,) int arrays
    kinds : dict of (n_pixels,) bool arrays, the anomalies by kind
    """

    def __init__(self, name, intensity, x, y, kinds):
        self.name, self.intensity, self.x, self.y, self.kinds = name, intensity, x, y, kinds
        self.abnormal = np.logical_or.reduce(list(kinds.values()))
        self.total = intensity.sum(axis=1, dtype=np.float64)

    def learn_from(self, healthy):
        """Return the rows of all pixels and the folds of the healthy ones."""
        weights, _ = reduce_spectra(self.intensity, healthy, FEATURES)
        fold = matched_folds(self.x, self.y, np.zeros_like(self.x), healthy, FOLDS)
        return PixelRows(self.intensity, weights, self.total), fold


def phantom(seed, n_pixels=12_000, n_peaks=240):
    """Return a synthetic kidney, without the detour over a file."""
    made = make_phantom(n_pixels, n_peaks, seed)
    intensity = np.concatenate([block for _, block, _ in made.blocks()])
    truth = made.truth
    kinds = {"colonies": truth.colony, "folds": truth.fold}
    return Tissue(f"phantom-{seed}", intensity, truth.x, truth.y, kinds)


def masks(tissue):
    """Yield masks of healthy pixels by name, all of them free of anomalies."""
    x, y = tissue.x, tissue.y
    sound = ~tissue.abnormal
    left, top, right, bottom = RECTANGLE
    yield "rectangle", sound & (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    yield "band", sound & (np.abs(y - np.median(y)) <= 12)
    yield "patches", sound & (checkerboard(x, y, 12, seed=1) < 0.3)


def checkerboard(x, y, size, seed):
    """Draw one number between 0 and 1 for each square of pixels, (n_pixels,)."""
    column, row = (x - x.min()) // size, (y - y.min()) // size
    drawn = np.random.default_rng(seed).random((row.max() + 1, column.max() + 1))
    return drawn[row, column]


def segments(results):
    """Yield (tissue, mask) for each class left out of the bladder and of the barley."""
    for name in ("bladder", "barley"):
        peaks = PeakMatrix.read(results / name / "peaks.h5")
        labels = Labels.read(results / name / "labels.h5")
        measured = peaks.intensity.any(axis=1)
        x, y, label = peaks.x[measured], peaks.y[measured], labels.label[measured]
        # Spatially separate: what tests lies in other squares than what is learnt from.
        drawn = checkerboard(x, y, 12, seed=2) < (0.15 if name == "bladder" else 0.5)
        for k, title in enumerate(labels.names, start=1):
            kinds = {"segment": label == k}
            tissue = Tissue(f"{name} {title}", peaks.intensity[measured], x, y, kinds)
            yield tissue, ~tissue.abnormal & drawn


def compared(tissue, mask, healthy, scores, **said):
    """Compare scores with the truth: one row a kind of anomaly, on pixels outside the mask."""
    limit = threshold(scores[healthy], RATE)
    sound = ~healthy & ~tissue.abnormal
    for kind, here in tissue.kinds.items():
        tested = ~healthy & (here | ~tissue.abnormal)
        yield {
            "tissue": tissue.name,
            "mask": mask,
            **said,
            "kind": kind,
            "healthy": int(healthy.sum()),
            "pixels": int(here[tested].sum()),
            "auroc": roc_auc_score(here[tested], scores[tested]),
            "average_precision": average_precision_score(here[tested], scores[tested]),
            "false_alarms": np.mean(scores[sound] > limit),
            "found": np.mean(scores[here & ~healthy] > limit),
        }


def measured(done, tissue, mask, healthy, names, views, *, seed=0, trim=0.0):
    """Measure detectors on one mask, each view by itself and, where there are two, together."""
    wanted = [
        name
        for name in names
        for view in views_of(name, views)[-1:]
        if (tissue.name, mask, view, name, seed, trim) not in done
    ]
    if not wanted:
        return
    rows, fold = tissue.learn_from(healthy)
    for name in wanted:
        scores, seconds = {}, {}
        for view in views_of(name, views):
            started = time.process_time()
            if view == "both":
                scores[view] = rarer([scores["count"], scores["composition"]], healthy)
            else:
                left = fold
                if trim:
                    left_out = most_abnormal(rows, view, fold, healthy, trim, seed)
                    left = np.where(left_out, -1, fold)
                scores[view] = detector_scores(name, rows, view, left, healthy, seed)
            seconds[view] = time.process_time() - started
            said = {"view": view, "detector": name, "seed": seed, "trim": trim}
            spent = sum(seconds.values()) if view == "both" else seconds[view]
            for row in compared(tissue, mask, healthy, scores[view], **said):
                yield {**row, "seconds": spent}


def views_of(name, views):
    """Return the views in which a detector is measured."""
    if DETECTORS[name].view is not None:
        return ("own",)
    # A robust covariance of 240 peaks takes 16 s, five times a map.
    return tuple(view for view in views if name != "mahalanobis-mcd" or view == "count")


def maps_of_phantoms(done, seeds=SEEDS, detectors=(BASELINES, NEAREST, NEAREST), views=VIEWS):
    """Measure baselines and discriminators on phantoms, masks and views."""
    for k, names in enumerate(detectors):
        for seed in seeds:
            tissue = phantom(seed)
            mask, healthy = list(masks(tissue))[k]
            yield from measured(done, tissue, mask, healthy, names, views)


def network_seeds(done, seeds=SEEDS[:3], n_networks=5):
    """Measure networks that differ in their seed alone."""
    for seed in seeds:
        tissue = phantom(seed)
        mask, healthy = next(masks(tissue))
        for network in range(1, n_networks):
            names = "discriminator", "discriminator-local"
            yield from measured(done, tissue, mask, healthy, names, VIEWS, seed=network)
        if seed == seeds[0]:
            for network in range(1, n_networks):
                critic = done, tissue, mask, healthy, ["critic"], ["weights"]
                yield from measured(*critic, seed=network)


def impure_masks(done, seeds=SEEDS[:5], shares=(0.0, 0.01, 0.03, 0.05, 0.1)):
    """Measure what abnormal pixels in the mask cost, with and without leaving some out."""
    names = (*LEADING, "mahalanobis-trimmed", "mahalanobis-mcd", "pca-residual-per-current")
    for seed in seeds:
        tissue = phantom(seed)
        _, pure = next(masks(tissue))
        for share in shares:
            healthy = soiled(pure, tissue, share, seed)
            mask = f"rectangle, {share:.0%} abnormal"
            yield from measured(done, tissue, mask, healthy, names, ("count",))
            yield from measured(done, tissue, mask, healthy, names[:4], ("count",), trim=TRIM)


def soiled(pure, tissue, share, seed):
    """Add abnormal pixels to a mask, so that they make up a share of it."""
    wanted = int(share / (1 - share) * pure.sum())
    abnormal = np.flatnonzero(tissue.abnormal)
    healthy = pure.copy()
    chosen = np.random.default_rng(seed).choice(abnormal, min(wanted, len(abnormal) // 2), False)
    healthy[chosen] = True
    return healthy


def generative_models(done, seeds=SEEDS[:3]):
    """Measure the GAN family and the VAE on what the thesis used, beside others."""
    for seed in seeds:
        tissue = phantom(seed)
        mask, healthy = next(masks(tissue))
        beside = "mahalanobis", "pca-residual", "discriminator", "discriminator-local"
        yield from measured(done, tissue, mask, healthy, (*beside, *GENERATIVE), ("weights",))


def left_out_segments(done, results):
    """Measure detectors on classes that they were not shown."""
    for tissue, healthy in segments(results):
        yield from measured(done, tissue, "squares", healthy, BASELINES, VIEWS)


def large_map(done):
    """Measure the leading detectors at the thesis' scale."""
    tissue = phantom(SEEDS[0], 161_547, 573)
    tissue.name += ", 161,547 x 573"
    side = np.sqrt(161_547 / 12_000)
    left, top, right, bottom = (side * edge for edge in RECTANGLE)
    x, y = tissue.x, tissue.y
    inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    healthy = inside & ~tissue.abnormal
    yield from measured(done, tissue, "rectangle", healthy, LEADING[:4], VIEWS)


PARTS = {
    "phantoms": maps_of_phantoms,
    "networks": network_seeds,
    "impure": impure_masks,
    "generative": generative_models,
    "segments": left_out_segments,
    "large": large_map,
}
KEYS = ["tissue", "mask", "view", "detector", "seed", "trim"]


def main():
    """Measure what is asked for, and append it row by row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="two detectors on one phantom")
    parser.add_argument("--out", type=Path, help="a CSV file that grows")
    parser.add_argument("--results", type=Path, help="of config/studies/anomaly.yaml")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message=".*(onverge|constant).*")
    there = pd.read_csv(arguments.out) if arguments.out and arguments.out.exists() else None
    done = set() if there is None else set(there[KEYS].itertuples(index=False, name=None))
    with limited_threads(1):
        if arguments.quick:
            found = list(maps_of_phantoms(done, [20], 3 * [LEADING[:3]], ("count",)))
        else:
            found = []
            for part in arguments.parts or PARTS:
                given = [arguments.results] if part == "segments" else []
                for row in PARTS[part](done, *given):
                    found.append(row)
                    if arguments.out:
                        line = pd.DataFrame([row])
                        new = not arguments.out.exists()
                        line.to_csv(arguments.out, mode="a", header=new, index=False)
    table = pd.DataFrame(found)
    print(table.to_string())
    print(json.dumps(table.pivot_table("auroc", "detector", "kind").to_dict("index")))


if __name__ == "__main__":
    main()
