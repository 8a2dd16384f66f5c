"""Time, objective and memory of both factorisations against scikit-learn's, on one thread.

    python benchmarks/factorization.py [--quick]

Whole, it takes the phantom at 161,547 x 573 and a file of 4 GiB (about a quarter of an hour, and
4 GiB in the temporary folder, removed at the end); with --quick the demo's phantom and a file of
256 MiB. Times are CPU seconds, objectives are of the whole data, summed in float64. The last line
is JSON.
"""

import argparse
import json
import multiprocessing
import tempfile
import time
import warnings
from pathlib import Path

import h5py
import numpy as np
import torch
from clusterings import METHODS, hardened_error
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning

from imsforge.factorization import NMFFeatures, SemiOrthogonalNMF
from imsforge.factorization.row_blocks import BLOCK_ROWS
from imsforge.phantom import PRESETS, make_phantom
from imsforge.stage import limited_threads

N_FEATURES, N_CLUSTERS, RANK = 50, 20, 100
ITERATIONS = 500


def timed(function):
    """Return CPU seconds and result."""
    started = time.process_time()
    result = function()
    return time.process_time() - started, result


def objective(X, W, H):
    """Norm of X - W H, block by block in float64."""
    blocks = range(0, len(X), 8192)
    parts = (X[i : i + 8192].astype(np.float64) - W[i : i + 8192] @ H for i in blocks)
    return float(np.sqrt(sum(np.sum(part**2) for part in parts)))


def nmf(X):
    """NMF to scikit-learn's objective after 500 iterations."""
    theirs = NMF(N_FEATURES, init="nndsvd", max_iter=ITERATIONS, tol=0, random_state=0)
    peer, W = timed(lambda: theirs.fit_transform(X))
    goal = objective(X, W, theirs.components_)
    print(f"scikit-learn NMF {peer:.1f} s, objective {goal:.6g}", flush=True)
    ratios = {}
    for name, compression in (("exact", None), (f"rank {RANK}", RANK)):
        ours = NMFFeatures(N_FEATURES, max_iter=ITERATIONS, tol=0, compression=compression)
        own, W = timed(lambda ours=ours: ours.fit_transform(X))
        above = objective(X, W, ours.components_) / goal - 1
        print(f"NMFFeatures, {name} {own:.1f} s, objective {above:+.4%}", flush=True)
        ratios[name] = {"time": round(peer / own, 2), "objective": round(1 + above, 5)}
    return ratios


def share_of_products(X):
    """Time of the matrix products of an exact iteration over that of the iteration."""
    few, many = (
        timed(lambda n=n: NMFFeatures(N_FEATURES, max_iter=n, tol=0).fit(X))[0] for n in (2, 22)
    )
    blocks = torch.from_numpy(X).split(BLOCK_ROWS)
    H = torch.rand(N_FEATURES, X.shape[1])
    W = [torch.rand(N_FEATURES, len(block)) for block in blocks]
    out = [torch.empty_like(w) for w in W]
    products, gram = torch.zeros_like(H), torch.zeros(N_FEATURES, N_FEATURES)

    def multiply():
        for block, w, target in zip(blocks, W, out, strict=True):
            torch.mm(H, block.T, out=target)
            products.addmm_(w, block)
            gram.addmm_(w, w.T)

    multiply()
    seconds, _ = timed(lambda: [multiply() for _ in range(20)])
    share = seconds / (many - few)
    print(
        f"an exact iteration {(many - few) / 20:.4f} s, its products {seconds / 20:.4f} s: "
        f"{share:.0%}",
        flush=True,
    )
    return round(share, 2)


def transform(X):
    """Weights of held-out rows, a tenth of all."""
    held_out = np.arange(len(X)) % 10 == 0
    X, Z = X[~held_out], X[held_out]
    ours = NMFFeatures(N_FEATURES, max_iter=50, tol=0, compression=RANK).fit(X)
    theirs = NMF(N_FEATURES, init="nndsvd", max_iter=ITERATIONS).fit(X[:N_FEATURES])
    theirs.components_ = ours.components_
    peer, W = timed(lambda: theirs.transform(Z))
    goal = objective(Z, W, ours.components_)
    own, W = timed(lambda: ours.transform(Z))
    residual = objective(Z, W, ours.components_) / goal
    print(f"transform: {peer:.2f} s, NMFFeatures {own:.2f} s, residual {residual:.6f}", flush=True)
    return {"time": round(peer / own, 2), "residual": round(residual, 6)}


def clusterings(X):
    """Labels of all rows: time and hardened error of each rival over those of imsforge."""
    results = {}
    for name, method in METHODS.items():
        seconds, labels = timed(lambda method=method: method(X, N_CLUSTERS, 0))
        results[name] = seconds, hardened_error(X, labels)
        print(f"{name:24} {seconds:8.2f} s, error {results[name][1]:.5f}", flush=True)
    own = results.pop("semi-orthogonal NMF")
    return {
        name: {"time": round(seconds / own[0], 2), "error": round(error / own[1], 4)}
        for name, (seconds, error) in results.items()
    }


def peak_memory(task, *arguments):
    """Return MiB at the peak of a process of its own, and before its task."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_peaks, (task, *arguments))


def _peaks(task, *arguments):
    warnings.simplefilter("ignore", ConvergenceWarning)
    with limited_threads(1):
        # What libraries take at their first call is no part of the task.
        SemiOrthogonalNMF(2).fit(np.eye(4))
        NMFFeatures(2).fit_transform(np.eye(4, dtype=np.float32))
        before = _mebibytes("VmRSS")
        task(*arguments)
    return _mebibytes("VmHWM"), before


def _mebibytes(field):
    # getrusage would count the parent's peak too.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def fit_in_core(path, estimator):
    """Read the whole matrix and fit."""
    with h5py.File(path) as file:
        X = file["intensity"][:]
    getattr(estimator, "fit_transform" if isinstance(estimator, NMFFeatures) else "fit")(X)


def fit_out_of_core(path):
    """Fit to the file."""
    with h5py.File(path) as file:
        NMFFeatures(N_FEATURES, max_iter=2, tol=0).fit(file["intensity"])


def memory(X, gigabytes, folder):
    """Peak memory in core, over the matrix; and of the whole process out of core, in MiB."""
    path, large = folder / "matrix.h5", folder / "large.h5"
    with h5py.File(path, "w") as file:
        file["intensity"] = X
    n_rows = int(gigabytes * 2**30 / X[0].nbytes)
    with h5py.File(large, "w") as file:
        dataset = file.create_dataset("intensity", (n_rows, X.shape[1]), np.float32)
        for start in range(0, n_rows, len(X)):
            dataset[start : start + len(X)] = X[: min(len(X), n_rows - start)]
    found = {}
    estimators = {
        "NMFFeatures": NMFFeatures(N_FEATURES, max_iter=2, tol=0),
        f"NMFFeatures, rank {RANK}": NMFFeatures(N_FEATURES, max_iter=2, tol=0, compression=RANK),
        "SemiOrthogonalNMF": SemiOrthogonalNMF(N_CLUSTERS, random_state=0),
    }
    for name, estimator in estimators.items():
        peak, before = peak_memory(fit_in_core, path, estimator)
        found[name] = round((peak - before) / (X.nbytes / 2**20), 2)
        print(f"{name}: {found[name]} times the matrix", flush=True)
    peak, before = peak_memory(fit_out_of_core, large)
    print(f"a file of {gigabytes} GiB: {peak:.0f} MiB, {before:.0f} before", flush=True)
    return found | {f"file of {gigabytes} GiB, MiB": round(peak)}


def main():
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the demo's phantom, a small file")
    quick = parser.parse_args().quick
    X = make_phantom(**PRESETS["demo" if quick else "thesis"]).intensity()
    print(f"{X.shape[0]} spectra of {X.shape[1]} peaks, one thread", flush=True)
    warnings.simplefilter("ignore", ConvergenceWarning)
    with limited_threads(1):
        ratios = {
            "transform": transform(X),
            "share of products": share_of_products(X),
            "NMF": nmf(X),
            "labels": clusterings(X),
        }
    with tempfile.TemporaryDirectory() as folder:
        ratios["memory"] = memory(X, 0.25 if quick else 4, Path(folder))
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
