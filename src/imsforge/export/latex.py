"""LaTeX: the score tables of experiments, with booktabs."""

from pathlib import Path

import numpy as np
import pandas as pd

from imsforge.artifacts.tables import read_csv
from imsforge.artifacts.text import write_text

_SECTION = ["task", "classifier", "priors"]
_COUNTS = ["train", "test"]
_MEAN, _STD = "_mean", "_std"


def write_latex(results, folder):
    """Write ``{experiment}.tex`` for each experiment: its score table, a table a section.

    Mean and standard deviation over repeats. A document takes them by ``\\input``, with the package
    booktabs.

    Parameters
    ----------
    results : Results
    folder : path
    """
    for path in results.files:
        if path.name == "table.csv":
            experiment = path.parent.name
            tables = latex_tables(read_csv(path), results.name, experiment)
            write_text(
                "% Needs \\usepackage{booktabs}.\n" + tables, Path(folder, f"{experiment}.tex")
            )


def latex_tables(table, dataset, experiment):
    """Lay a score table out as LaTeX.

    Parameters
    ----------
    table : DataFrame, as `imsforge.evaluation.score_tables.score_table` returns it
    dataset, experiment : str

    Returns
    -------
    str
    """
    parts = []
    for section, rows in table.groupby(_SECTION, sort=False):
        task, classifier, priors = section
        caption = f"{dataset}, {experiment}: task {task}, {classifier}, {priors} class priors"
        label = "-".join(["tab:" + dataset, experiment, *section])
        cells = _cells(rows)
        style = cells.style.hide(axis="index").format(escape="latex", subset=[("", "class")])
        style = style.format_index(escape="latex", axis="columns")
        parts.append(
            style.to_latex(
                hrules=True,
                caption=_escaped(caption),
                label=label,
                position="htbp",
                position_float="centering",
                column_format="l" + "r" * (style.columns.size - 1),
                multicol_align="c",
            )
        )
    return "\n".join(parts)


def _cells(rows):
    """Return the cells as text, in columns by method and metric."""
    means = [name.removesuffix(_MEAN) for name in rows if name.endswith(_MEAN)]
    cells = {("", "class"): rows["class"]}
    for name in means:
        values = rows[[name + _MEAN, name + _STD]].itertuples(index=False, name=None)
        method, _, metric = name.rpartition("_")
        cells[method, metric] = [_score(*pair) for pair in values]
    cells |= {("pixels", name): rows[name].map("{:g}".format) for name in _COUNTS}
    return pd.DataFrame(cells)


def _score(mean, std):
    if np.isnan(mean):
        return "-"
    return f"{mean:.2f}" if np.isnan(std) else f"{mean:.2f} $\\pm$ {std:.2f}"


def _escaped(text):
    """Return text as it stands in a caption."""
    return text.replace("_", "\\_")
