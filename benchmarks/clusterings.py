"""Clusterings of spectra compared: error, agreement with the truth, coherence on the tissue, time.

    python benchmarks/clusterings.py [--quick] [--measurement bladder.h5]

The rivals of semi-orthogonal NMF are k-means; k-means on spectra of length 1 (spherical); the
largest weight of scikit-learn's NMF; and that of orthogonal NMF by multiplicative updates (Ding et
al. 2006). Labels of all are turned into semi-orthogonal factors in the best way there is: each
cluster's row of H is the leading singular vector of its spectra. The last line is JSON.
"""

import argparse
import json
import time
import warnings

import h5py
import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize

from imsforge.factorization import SemiOrthogonalNMF
from imsforge.phantom import PRESETS, make_phantom
from imsforge.stage import limited_threads

ITERATIONS = 200


def semi_orthogonal_nmf(X, n_clusters, seed):
    """Imsforge's own, with its defaults."""
    return SemiOrthogonalNMF(n_clusters, random_state=seed).fit_predict(X)


def k_means(X, n_clusters, seed):
    """Plain k-means, one start."""
    return KMeans(n_clusters, n_init=1, random_state=seed).fit_predict(X)


def spherical_k_means(X, n_clusters, seed):
    """K-means on directions."""
    return k_means(normalize(X), n_clusters, seed)


def largest_nmf_weight(X, n_clusters, seed):
    """Largest weight of NMF whose rows of H have length 1."""
    model = NMF(n_clusters, init="nndsvd", max_iter=ITERATIONS, random_state=seed)
    W = model.fit_transform(X)
    return (W * np.linalg.norm(model.components_, axis=1)).argmax(axis=1)


def multiplicative_updates(X, n_clusters, seed):
    """Orthogonal NMF by the updates of Ding, Li, Peng and Park (KDD 2006)."""
    rng = np.random.default_rng(seed)
    X = X / X.max()
    W = rng.random((len(X), n_clusters), dtype=np.float32)
    H = X[rng.choice(len(X), n_clusters, replace=False)] + np.float32(1e-3)
    tiny = np.finfo(np.float32).tiny
    for _ in range(ITERATIONS):
        H *= (W.T @ X) / np.maximum(W.T @ W @ H, tiny)
        product = X @ H.T
        W *= np.sqrt(product / np.maximum(W @ (W.T @ product), tiny))
    return (W * np.linalg.norm(H, axis=1)).argmax(axis=1)


METHODS = {
    "semi-orthogonal NMF": semi_orthogonal_nmf,
    "k-means": k_means,
    "spherical k-means": spherical_k_means,
    "NMF, largest weight": largest_nmf_weight,
    "multiplicative updates": multiplicative_updates,
}


def hardened_error(X, labels):
    """Relative error of the best semi-orthogonal factors with these labels."""
    explained = 0.0
    for k in np.unique(labels):
        members = X[labels == k]
        explained += np.linalg.eigvalsh((members.T @ members).astype(np.float64))[-1]
    total = np.einsum("ij,ij->", X, X, dtype=np.float64)
    return float(np.sqrt(1 - explained / total))


def coherence(labels, x, y):
    """Share of neighbouring pixels, beside and below each other, that have the same label."""
    image = np.full((y.max() - y.min() + 1, x.max() - x.min() + 1), -1)
    image[y - y.min(), x - x.min()] = labels
    pairs = [(image[:, 1:], image[:, :-1]), (image[1:], image[:-1])]
    measured = [(a >= 0) & (b >= 0) for a, b in pairs]
    same = sum((a == b)[m].sum() for (a, b), m in zip(pairs, measured, strict=True))
    return float(same / sum(m.sum() for m in measured))


def read_measurement(path):
    """Return spectra with signal, their coordinates and their given classes."""
    with h5py.File(path) as file:
        X, x, y, truth = (file[name][:] for name in ("intensity", "x", "y", "ssc_label"))
    signal = X.any(axis=1)
    return X[signal], x[signal].astype(int), y[signal].astype(int), truth[signal]


def main():
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed instead of five")
    parser.add_argument("--measurement", help="HDF5 with intensity, x, y and ssc_label")
    arguments = parser.parse_args()
    if arguments.measurement:
        X, x, y, truth = read_measurement(arguments.measurement)
    else:
        phantom = make_phantom(**PRESETS["demo"])
        X, x, y, truth = phantom.intensity(), phantom.truth.x, phantom.truth.y, phantom.truth.region
    seeds = range(1 if arguments.quick else 5)
    warnings.simplefilter("ignore", ConvergenceWarning)
    n_true = len(np.unique(truth))
    print(f"{X.shape[0]} spectra of {X.shape[1]} peaks, {n_true} true classes")
    print("| method | input | error, 20 | coherence, 20 | s, 20 | ARI, 20 | ARI, true number |")
    print("|---|---|---|---|---|---|---|")
    table = {}
    with limited_threads(1):
        for name, method in METHODS.items():
            for transform, values in (("none", X), ("sqrt", np.sqrt(X))):
                rows = []
                for seed in seeds:
                    started = time.process_time()
                    labels = method(values, 20, seed)
                    seconds = time.process_time() - started
                    few = method(values, n_true, seed)
                    rows.append(
                        [
                            hardened_error(values, labels),
                            coherence(labels, x, y),
                            seconds,
                            adjusted_rand_score(truth, labels),
                            adjusted_rand_score(truth, few),
                        ]
                    )
                means = np.mean(rows, axis=0)
                table[f"{name}, {transform}"] = [round(float(value), 4) for value in means]
                print(
                    f"| {name} | {transform} | "
                    "{:.4f} | {:.3f} | {:.2f} | {:.2f} | {:.2f} |".format(*means),
                    flush=True,
                )
    print(json.dumps(table))


if __name__ == "__main__":
    main()
