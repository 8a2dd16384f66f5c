"""Samplers judged by audits of other people: resample-audit and oversampleqa.

    pip install resample-audit==0.2.0 oversampleqa==0.8.0
    python benchmarks/audits.py [--quick] [--features scaled.h5 ...] [--methods smote oracle]

Both know two classes: the rarest, which is filled up, and all others. Both ask how many of the
filled-up spectra lie nearer to a real spectrum of the others than to one of their class, among real
spectra that the sampler did not see. resample-audit asks too what filling up adds to the F1 of a
logistic regression over the better of class weights and a moved threshold; oversampleqa, how near
filled-up spectra lie to training spectra, in units of the distance between neighbours among these.
They get the training rows; the oracle draws from the reserve, whose units resample-audit does not
know where it scales, so that it has no gain. Distances are Euclidean. The last line is JSON.
"""

import argparse
import json
import warnings
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from imsforge.artifacts.contract import Features
from imsforge.oversampling import SMOTE, VAE, Gaussian, Oracle
from imsforge.oversampling.refinements import Calibrated
from imsforge.phantom import make_phantom
from imsforge.stage import limited_threads

PACKAGES = {"resample-audit": "resample_audit", "oversampleqa": "oversampleqa"}
SEED = 1
#: Halvings of the training rows by resample-audit, and updates of each training of the VAE: a
#: third of its default, since every halving trains one.
HALVINGS, UPDATES = 3, 1000
#: Pixels of a region of the phantom that is a class.
LEAST = 100

SAMPLERS = {
    "smote": lambda reserve: SMOTE(random_state=SEED),
    "gaussian+calibrate": lambda reserve: Calibrated(Gaussian(), random_state=SEED),
    "vae+calibrate": lambda reserve: Calibrated(
        VAE(settings={"updates": UPDATES}, random_state=SEED), random_state=SEED
    ),
    "oracle": lambda reserve: Oracle(random_state=SEED, reserve=reserve),
}


def phantom_features():
    """Return a phantom's spectra as training and reserved rows, by their regions."""
    phantom = make_phantom(n_pixels=2000, n_peaks=60)
    X, label = np.sqrt(phantom.intensity()), phantom.truth.region.astype(np.int16)
    large = np.isin(label, np.flatnonzero(np.bincount(label) >= LEAST))
    X, label = X[large], label[large] + 1
    train = np.arange(len(X)) % 2 == 0
    names = np.array([str(k) for k in range(1, label.max() + 1)])
    return Features(X, label, np.arange(len(X)), train, names, reserve=~train)


def in_two_classes(X, y, rarest):
    """Return rows in double precision, and 1 for the rarest class, 0 for all others."""
    return X.astype(np.float64), (y == rarest).astype(int)


def audited(features, method):
    """Let both packages judge a sampler; return what they say by name."""
    import oversampleqa
    import resample_audit

    labels, sizes = np.unique(features.training_set[1], return_counts=True)
    rarest = labels[sizes.argmin()]
    X, y = in_two_classes(*features.training_set, rarest)
    sampler = SAMPLERS[method](in_two_classes(*features.reserve_set, rarest))
    report = resample_audit.audit(
        *(X, y, sampler),
        minority_label=1,
        n_splits=HALVINGS,
        metric="euclidean",
        benchmark=method != "oracle",
        seed=SEED,
    )
    wrong = oversampleqa.validate_oversampling(
        *(X, y, 1, sampler), hidden_ratio=0.5, metric="euclidean", random_state=SEED
    )
    drawn = sampler.fit_resample(X, y)[0][len(X) :]
    memory = oversampleqa.memorisation_report(drawn, X[y == 1], metric="euclidean")
    return {
        "resample-audit: nearer to others": report.er_split,
        "resample-audit: gain in F1": report.info_gain,
        "resample-audit: passes": report.passes_standard,
        "oversampleqa: nearer to others": float(wrong),
        "oversampleqa: distance ratio": memory.distance_ratio,
        "oversampleqa: duplicates": memory.exact_duplicate_rate,
    }


def missing():
    """Return the names of the packages that are not installed."""
    absent = []
    for package in PACKAGES:
        try:
            print(f"{package} {version(package)}")
        except PackageNotFoundError:
            absent.append(package)
    return absent


def main():
    """Run the audits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="samplers without networks alone")
    parser.add_argument("--features", nargs="*", default=[], help="scaled.h5 of repeats")
    parser.add_argument("--methods", nargs="*", choices=SAMPLERS, help="default: all")
    arguments = parser.parse_args()
    if absent := missing():
        print(f"no audit without {' and '.join(absent)}: pip install {' '.join(absent)}")
        print(json.dumps({"missing": absent}))
        return
    quick = [method for method in SAMPLERS if not method.startswith("vae")]
    methods = arguments.methods or (quick if arguments.quick else list(SAMPLERS))
    sets = {path: Features.read(path) for path in arguments.features}
    found = {}
    warnings.simplefilter("ignore")
    with limited_threads(1):
        for name, features in (sets or {"phantom": phantom_features()}).items():
            for method in methods:
                told = audited(features, method)
                found[f"{name}, {method}"] = told
                cells = [f"{v:.3f}" if isinstance(v, float) else str(v) for v in told.values()]
                print(f"| {name} | {method} | {' | '.join(cells)} |", flush=True)
    print("| data | method | " + " | ".join(told) + " |")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
