"""Time and error of the semi-orthogonal NMF against k-means, all on one thread.

The rivals are scikit-learn's k-means with one start, on the spectra and on the spectra scaled to
length 1 (spherical k-means). Their labels are turned into semi-orthogonal factors in the best way
there is: each cluster's row of H is the leading singular vector of its spectra.

    python benchmarks/factorization.py [--quick]

The last line is JSON: CPU seconds and errors of each rival over those of imsforge.
"""

import argparse
import json
import statistics
import time

import numpy as np
from sklearn.cluster import KMeans
from sklearn.preprocessing import normalize

from imsforge.factorization import SemiOrthogonalNMF
from imsforge.phantom import PRESETS, make_phantom
from imsforge.stage import limited_threads

N_CLUSTERS = 20


def relative_error(X, labels):
    """Relative error of the best semi-orthogonal factors with these labels."""
    explained = 0.0
    for k in np.unique(labels):
        members = X[labels == k].astype(np.float64)
        explained += np.linalg.eigvalsh(members.T @ members)[-1]
    total = np.einsum("ij,ij->", X, X, dtype=np.float64)
    return np.sqrt(1 - explained / total)


def semi_orthogonal_nmf(X, seed):
    """Imsforge's own, with its default restarts."""
    return SemiOrthogonalNMF(N_CLUSTERS, random_state=seed).fit_predict(X)


def k_means(X, seed):
    """Plain k-means."""
    return KMeans(N_CLUSTERS, n_init=1, random_state=seed).fit_predict(X)


def spherical_k_means(X, seed):
    """K-means on directions."""
    return k_means(normalize(X), seed)


def main():
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the demo's phantom, three seeds")
    quick = parser.parse_args().quick
    X = make_phantom(**PRESETS["demo" if quick else "thesis"]).intensity()
    seeds = range(3 if quick else 1)
    print(
        f"{X.shape[0]} spectra of {X.shape[1]} peaks, medians of {len(seeds)} seed(s), one thread"
    )
    print(f"{'':20} {'CPU seconds':>12} {'error':>8}")
    results = {}
    with limited_threads(1):
        for method in (semi_orthogonal_nmf, k_means, spherical_k_means):
            seconds, errors = [], []
            for seed in seeds:
                started = time.process_time()
                labels = method(X, seed)
                seconds.append(time.process_time() - started)
                errors.append(relative_error(X, labels))
            results[method.__name__] = statistics.median(seconds), statistics.median(errors)
            print("{:20} {:12.2f} {:8.4f}".format(method.__name__, *results[method.__name__]))
    own = results.pop("semi_orthogonal_nmf")
    ratios = {
        rival: {"time": round(seconds / own[0], 2), "error": round(error / own[1], 4)}
        for rival, (seconds, error) in results.items()
    }
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
