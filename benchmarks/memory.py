"""What each stage asks for, and what it uses: a table of megabytes in Markdown.

Arrays are made on the spot, and the scripts of the workflow run on them, each in a process of its
own, at two numbers of pixels. What a stage uses for larger measurements is extrapolated by the
slope between them; the networks train for a moment, which takes as much memory as long trainings.

    python benchmarks/memory.py [--peaks 573] [--pixels 8000 24000] [--to 161547] [STAGE ...]
"""

import argparse
import json
import re
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from imsforge.anomaly.scores import AnomalyScores
from imsforge.artifacts.contract import Features, Labels, PeakMatrix, Resampled, Split
from imsforge.artifacts.sizes import megabytes
from imsforge.artifacts.tables import write_csv
from imsforge.ions import ION_COLUMNS
from imsforge.phantom.synthesis import MAX_PEAKS

ROOT = Path(__file__).parents[1]
CLASSES, REPEATS = 20, 5


class Names(SimpleNamespace):
    """Named files, as Snakemake hands them to scripts."""

    def get(self, name, default=None):
        """Return a file by its name."""
        return getattr(self, name, default)

    def __iter__(self):
        return iter(vars(self).values())


GAN = {
    "method": "cwgan-gp",
    "settings": {"updates": 4},
    "device": "cpu",
    "checkpoints": ".",
    "tensorboard": False,
}

#: Those of a map that says nothing else, and how large its regions are.
DETECTORS = [
    *("discriminator", "discriminator-local", "mahalanobis"),
    *("pca-residual", "pca-residual-per-current", "total-ion-current"),
]
REGIONS = {"min_pixels": 20}

#: Stage -> inputs, outputs, params; the phantom's settings follow from the size.
STAGES = {
    "phantom": ({}, {"imzml": "p.imzML", "truth": "truth.h5"}, {"seed": 0}),
    "label": (
        {"peaks": "peaks.h5"},
        {"labels": "l.h5", "classes": "c.csv", "coherence": "c.json"},
        {
            "settings": {"method": "semi-orthogonal-nmf", "classes": CLASSES, "transform": "sqrt"},
            "file": None,
            "seed": 0,
        },
    ),
    "scan_classes": (
        {"peaks": "peaks.h5"},
        {"table": "n.csv"},
        {
            "scan": {"classes": [5, CLASSES], "seeds": 2, "pixels": 20_000},
            "transform": "sqrt",
            "minimum_signal": 0,
            "seed": 0,
        },
    ),
    "plot_classes": (
        {"peaks": "peaks.h5", "labels": "labels.h5"},
        {"png": "p.png", "svg": "p.svg"},
        {},
    ),
    "reduce": (
        {"peaks": "peaks.h5", "labels": "labels.h5", "split": "split.h5"},
        {"features": "f.h5"},
        {"features": 50, "fit_on": "train"},
    ),
    "select_healthy": (
        {"peaks": "peaks.h5", "mask": None, "regions": None, "labels": None},
        {"split": "hs.h5", "labels": "hl.h5"},
        {"settings": {"rectangle": [0, 0, 1_000_000, 20]}},
    ),
    "scale": ({"features": "full.h5"}, {"scaled": "x.h5"}, {"scaler": "sqrt", "fit_on": "train"}),
    "train_gan": (
        {"scaled": "full.h5"},
        {"model": "g.safetensors", "history": "g.csv"},
        {**GAN, "trained": None, "seed": 0},
    ),
    "train_together": (
        {"scaled": ["full.h5"] * REPEATS},
        {"models": "models"},
        {**GAN, "seeds": list(range(REPEATS))},
    ),
    "train_vae": (
        {"scaled": "full.h5"},
        {"model": "v.safetensors", "history": "v.csv"},
        {"settings": {"updates": 4}, "device": "cpu", "seed": 0},
    ),
    "oversample": (
        {"scaled": "full.h5"},
        {"resampled": "r.h5"},
        {"method": "smote", "tasks": ["oversample", "replace"], "fill": 1.0, "seed": 0},
    ),
    "evaluate": (
        {"scaled": "full.h5", "resampled": "noise/resampled.h5"},
        {"scores": "s.csv", "confusion": "co.csv", "reliability": "re.csv"},
        {
            "identity": {"dataset": "d", "experiment": "e", "method": "noise", "repeat": 1},
            "classifiers": ["lda"],
            "priors": ["observed"],
            "seed": 0,
        },
    ),
    "assess_fidelity": (
        {"scaled": "full.h5", "resampled": "noise/resampled.h5"},
        {"fidelity": "fi.csv", "frechet": "fr.csv"},
        {"identity": {"method": "noise", "repeat": 1}, "test_is_alike": True, "seed": 0},
    ),
    "plot_fidelity": (
        {"scaled": "full.h5", "resampled": ["noise/resampled.h5"], "fidelity": "fidelity.csv"},
        {"png": "pf.png", "svg": "pf.svg"},
        {},
    ),
    "plot_spectra": (
        {"peaks": "peaks.h5", "scaled": "full.h5", "resampled": ["noise/resampled.h5"]},
        {"png": "ps.png", "svg": "ps.svg"},
        {},
    ),
    "class_ions": ({"peaks": "peaks.h5", "labels": "labels.h5"}, {"table": "ci.csv"}, {"seed": 0}),
    "detect_anomalies": (
        {"peaks": "peaks.h5", "features": "full.h5", "labels": None, "scaled": None, "model": None},
        {"scores": "d.h5"},
        {
            "settings": {
                **{"detectors": DETECTORS, "view": "both", "rate": 0.05, "folds": 5, "trim": 0},
                **{"clusters": 8, "updates": 4},
            },
            "off_tissue": {"below": 0.1},
            "seed": 0,
        },
    ),
    "anomaly_map": (
        {"scores": "scores.h5", "features": "full.h5", "labels": "labels.h5", "truth": None},
        {"map": "m.png", "vector": "m.svg", "metrics": "m.json"},
        {"view": "both", "rate": 0.05, "known": None, "regions": REGIONS},
    ),
    "anomaly_regions": (
        {"peaks": "peaks.h5", "features": "full.h5", "scores": "scores.h5"},
        {"table": "r.csv", "ions": "i.csv", "folder": "regions"},
        {"settings": REGIONS, "seed": 0},
    ),
    "plot_anomaly_ions": (
        {"peaks": "peaks.h5", "features": "full.h5", "scores": "scores.h5", "ions": "ions.csv"},
        {"png": "pi.png", "svg": "pi.svg"},
        {"regions": REGIONS},
    ),
}


def make_inputs(n_pixels, n_peaks):
    """Write what the stages read: classes of gamma-distributed spectra on a square."""
    rng = np.random.default_rng(0)
    side = int(np.ceil(np.sqrt(n_pixels)))
    y, x = np.divmod(np.arange(n_pixels, dtype=np.int32), side)
    label = (1 + (CLASSES * (y // 16 * 16)) // (side + 16)).astype(np.int16)
    base = rng.gamma(0.5, 100, (CLASSES, n_peaks)).astype(np.float32)
    intensity = rng.standard_gamma(2, (n_pixels, n_peaks), dtype=np.float32) * base[label - 1]
    names = np.array([str(k) for k in range(1, CLASSES + 1)])
    train = rng.random(n_pixels) < 0.8
    mz, pixel = 400 + np.arange(float(n_peaks)), np.arange(n_pixels)
    PeakMatrix(intensity, mz, x, y, intensity.sum(axis=1)).write("peaks.h5")
    Labels(label, names).write("labels.h5")
    Split(pixel[train], pixel[~train]).write("split.h5")
    facts = {"sample": np.zeros(n_pixels, np.int16), "samples": np.array(["1"])}
    unit = {"offset": np.zeros(n_peaks), "scale": np.ones(n_peaks)}
    scores = {"method": ["noise"], "repeat": [1], "class": ["all"]}
    write_csv(
        pd.DataFrame({**scores, "metric": ["two_sample_auc"], "value": [0.5]}), "fidelity.csv"
    )
    Features(intensity, label, pixel, train, names, **unit, **facts).write("full.h5")
    drawn = {"values": intensity[train], "label": label[train], "synthetic": train[train]}
    Path("noise").mkdir()
    Resampled({"oversample": drawn, "replace": drawn}).write("noise/resampled.h5")
    make_scores(x, y, label, train, intensity.sum(axis=1))
    ions = dict.fromkeys(ION_COLUMNS, np.linspace(1, 0.1, n_peaks)) | {"mz": mz}
    write_csv(pd.DataFrame({"region": 0, **ions}), "ions.csv")


def make_scores(x, y, label, healthy, total):
    """Write scores by which two classes of the square are abnormal."""
    n_pixels, n_detectors = len(x), len(DETECTORS)
    abnormal = np.repeat((label < 3)[:, None], n_detectors, axis=1)
    AnomalyScores(
        **{"x": x, "y": y, "healthy": healthy, "train": healthy, "kmeans": label},
        **{"sample": np.zeros(n_pixels, np.int16), "samples": np.array(["1"])},
        tissue=np.ones(n_pixels, dtype=bool),
        total_ion_current=total,
        detectors=np.array(DETECTORS),
        score=abnormal.astype(np.float32),
        false_alarm_rate=np.where(abnormal, 0.01, 0.5).astype(np.float32),
        threshold=np.full(n_detectors, 0.5),
    ).write("scores.h5")


def run_stage(stage, n_pixels, n_peaks):
    """Run the script of a stage in this folder, as Snakemake would."""
    inputs, outputs, params = STAGES[stage]
    if stage == "phantom":
        made = {"pixels": n_pixels, "peaks": n_peaks, "spectra": "centroid", "baseline": 0}
        params = {"settings": made, **params}
    job = SimpleNamespace(
        rule=stage,
        log=["log"],
        threads=1,
        input=Names(**inputs),
        output=Names(**outputs),
        params=Names(code="", title="", **params),
    )
    runpy.run_path(str(ROOT / "scripts" / f"{stage}.py"), init_globals={"snakemake": job})


def used(stage, folder, n_pixels, n_peaks):
    """Return what a stage held at most and the arrays of its inputs, in MB."""
    size = ["--pixels", str(n_pixels), str(n_pixels), "--peaks", str(n_peaks)]
    command = [sys.executable, __file__, "--run", stage, *size]
    subprocess.run(command, cwd=folder, check=True)
    told = re.search(r"at most (\d+) MB", (folder / "log").read_text())
    files = np.hstack([file or [] for file in STAGES[stage][0].values()] or [[]])
    made = n_pixels * n_peaks * 4 / 1e6  # what nothing goes into asks by what it makes
    return int(told.group(1)), megabytes(folder / file for file in files) or made


def asked(stage, size):
    """Return what the rule of a stage asks for, for so many MB of input."""
    rules = "\n" + "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    body = rules[rules.index(f"\nrule {stage}:") :]
    base, slope = re.search(r"mem_mb=memory\((\d+)(?:, ([\d.]+))?\)", body).groups()
    return int(int(base) + float(slope or 0) * size)


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stages", nargs="*")
    parser.add_argument("--pixels", type=int, nargs=2, default=[8_000, 24_000])
    parser.add_argument("--quick", action="store_true", help="a few pixels")
    parser.add_argument("--peaks", type=int, default=573)
    parser.add_argument("--to", type=int, default=161_547, help="pixels to extrapolate to")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run_stage(arguments.run, arguments.pixels[0], arguments.peaks)
        return
    few, many = sizes = [1_000, 2_000] if arguments.quick else arguments.pixels
    able = [stage for stage in STAGES if stage != "phantom" or arguments.peaks <= MAX_PEAKS]
    columns = f"{few:,} x {arguments.peaks:,} | {many:,} | asked | {arguments.to:,}, extrapolated"
    print(f"| stage | {columns} | asked |")
    print("|---|---|---|---|---|---|")
    shares = {}  # of what is asked for, used
    with tempfile.TemporaryDirectory() as folder:
        folders = []
        for n_pixels in sizes:
            folders.append(Path(folder, str(n_pixels)))
            folders[-1].mkdir()
            code = f"import memory; memory.make_inputs({n_pixels}, {arguments.peaks})"
            environment = {"cwd": folders[-1], "check": True}
            path = f"import sys; sys.path.insert(0, {str(ROOT / 'benchmarks')!r}); "
            subprocess.run([sys.executable, "-c", path + code], **environment)
        for stage in arguments.stages or able:
            (least, size), (most, larger) = (
                used(stage, place, n_pixels, arguments.peaks)
                for place, n_pixels in zip(folders, sizes, strict=True)
            )
            share = (arguments.to - many) / (many - few)
            far, far_size = most + share * (most - least), larger + share * (larger - size)
            print(
                f"| {stage} | {least:,} | {most:,} | {asked(stage, larger):,} "
                f"| {far:,.0f} | {asked(stage, far_size):,} |",
                flush=True,
            )
            shares[stage] = round(far / asked(stage, far_size), 3)
    print(json.dumps(shares))


if __name__ == "__main__":
    main()
