"""Write the table of peers.md, from the results of config/studies/peers.yaml and their logs.

    python docs/write_peers.py results [logs]

The folder of logs is the one beside the results unless it is given.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from tables import AbsentError, Results, cell, markdown, write_page

PAGE = Path(__file__).parent / "peers.md"
EXPERIMENTS = ("kidney/five", "kidney/blocks", "bladder/five", "barley/five", "barley/forest-flow")
FIDELITY = ("two_sample_auc", "copying", "coverage")


def main():
    """Fill the page from whatever experiments there are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("logs", type=Path, nargs="?")
    given = parser.parse_args()
    results, logs = Results(given.results), given.logs or given.results.parent / "logs"
    write_page(PAGE, {"peers": lambda: peers_tables(results, logs)})


def peers_tables(results, logs):
    """Lay out every experiment that was run, as Markdown."""
    there = [path for path in EXPERIMENTS if results.has(path)]
    if not there:
        raise AbsentError(", ".join(EXPERIMENTS))
    return "\n\n".join(f"### {path}\n\n{peers_table(results, logs, path)}" for path in there)


def peers_table(results, logs, path):
    """Lay out shares of the recall, fidelity and seconds of an experiment: a row a method."""
    shares = np.fmin(results.shares(path), results.shares(path, "oracle"))
    looks = results.fidelity(path)
    rows = []
    for method in shares.index:
        row = {"method": method, **{name: f"{shares.loc[method, name]:.3f}" for name in shares}}
        for metric in FIDELITY:
            row[metric.replace("_", " ")] = f"{cell(looks, method, metric):.2f}"
        rows.append(row | {"seconds": seconds(logs / path, method)})
    return markdown(pd.DataFrame(rows))


def seconds(logs, method):
    """Return how long a method takes to train and to draw, mean over repeats, as text."""
    generator = method.partition("+")[0]
    stages = (f"{method}/oversample", f"{generator}/train_gan", f"{generator}/train_vae")
    files = [list(logs.glob(f"repeat-*/{stage}.benchmark.tsv")) for stage in stages]
    means = [np.mean([pd.read_csv(f, sep="\t")["s"][0] for f in found]) for found in files if found]
    return f"{sum(means):.0f}" if means and method != "none" else "-"


if __name__ == "__main__":
    main()
