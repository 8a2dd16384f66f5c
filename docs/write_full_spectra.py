"""Write the tables and the numbers of full-spectra.md, from the results of its study.

    python docs/write_full_spectra.py results

The folder is the one that ``config/studies/full-spectra.yaml`` filled, wholly or in part; the page
says what was not run. ``python docs/draw_full_spectra.py`` draws the figures.
"""

import sys
from functools import partial
from pathlib import Path

from study_tables import (
    answer_table,
    beyond_table,
    data_table,
    earned_table,
    fidelity_table,
    figure,
    filter_table,
    loss_table,
    rare_table,
    share_table,
    verdicts,
)
from study_values import study_values
from tables import AVERAGES, LOG_LOSS, Results, write_page

PAGE = Path(__file__).parent / "full-spectra.md"

DATASETS = ("bladder", "barley", "kidney", "kidney-thesis")
#: Methods without the filter, which has a table of its own.
HEADLINE = (
    *("none", "none+tuned", "oracle", "smote", "gaussian+calibrate", "copula"),
    *("vae", "vae+calibrate", "cwgan-gp", "cwgan-gp+calibrate"),
)
RARE = (18, 50, 100)
REPLACEMENT = "Shares of the real score by method and classifier", "full_spectra_replacement.png"
LEARNING = "F1 of rare classes over their training spectra", "full_spectra_learning.png"


def main(folder):
    """Fill the page."""
    results = Results(folder)
    both = {name: [f"{name}/five", f"{name}/five-blocks"] for name in DATASETS}
    filled_up = {name: [f"{name}/oversample", f"{name}/oversample-blocks"] for name in DATASETS}
    parts = {
        "answer": partial(answer_table, results, both),
        "data": partial(data_table, results, both),
        "replacement figure": partial(figure, results, both["kidney"], *REPLACEMENT),
        "rare figure": partial(figure, results, [f"bladder/rare-{n}" for n in RARE], *LEARNING),
        "filter": partial(filter_table, results, {name: f"{name}/five" for name in DATASETS[:3]}),
        "beyond": partial(beyond_table, results, filled_up["bladder"] + filled_up["kidney"]),
        "rare": partial(rare_table, results, "bladder", RARE),
    }
    every = [path for paths in both.values() for path in paths if results.has(path)]
    parts["verdicts"] = partial(verdicts, results, every or both["kidney"])
    for name, paths in both.items():
        parts[f"{name}, shares"] = partial(share_table, results, paths, HEADLINE)
        parts[f"{name}, fidelity"] = partial(fidelity_table, results, paths, HEADLINE)
        parts[f"{name}, log loss"] = partial(loss_table, results, paths, HEADLINE)
    for name in ("all", "features-50", "five-thesis"):
        parts[name] = partial(share_table, results, [f"kidney/{name}"])
    for name in ("bladder", "kidney"):
        paths = filled_up[name]
        parts[f"{name}, filled up"] = partial(earned_table, results, paths)
        parts[f"{name}, filled up, precision"] = partial(
            earned_table, results, paths, AVERAGES["macro precision"]
        )
        parts[f"{name}, filled up, log loss"] = partial(earned_table, results, paths, LOG_LOSS)
    write_page(PAGE, parts, study_values(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
