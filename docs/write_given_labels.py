"""Write the tables and the numbers of given-labels.md, from the results of its study.

    python docs/write_given_labels.py results

The folder is the one that ``config/studies/given-labels.yaml`` filled, wholly or in part.
"""

import sys
from functools import partial
from pathlib import Path

from study_tables import data_table, fidelity_table, loss_table, share_table
from study_values import study_values
from tables import Results, write_page

PAGE = Path(__file__).parent / "given-labels.md"
DATASETS = ("tissue", "clusters", "microarray")


def main(folder):
    """Fill the page."""
    results = Results(folder)
    both = {name: [f"{name}/random", f"{name}/blocks"] for name in DATASETS}
    parts = {
        "data": partial(data_table, results, both),
        "microarray, shares": partial(share_table, results, both["microarray"]),
    }
    for name in ("tissue", "clusters"):
        parts[f"{name}, shares"] = partial(share_table, results, both[name])
        parts[f"{name}, fidelity"] = partial(fidelity_table, results, both[name])
        parts[f"{name}, log loss"] = partial(loss_table, results, both[name])
    write_page(PAGE, parts, study_values(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
