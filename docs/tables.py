"""What the scripts that write pages share: results, tables, and the marks they stand between.

A page has two kinds of marks. Between ``<!-- NAME -->`` and ``<!-- end of NAME -->``, each on a
line of its own, stands a part: a table, or lines. Between ``<!-- = QUERY -->`` and ``<!-- / -->``
stands a value in a sentence; the first word of the query names a function, the others are its
arguments. So every number of a page says itself where it comes from, and none is typed.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from imsforge.artifacts.tables import read_csv

#: What experiments are compared by: class and metric of a score, by their heading.
AVERAGES = {
    "macro recall": ("macro", "recall"),
    "macro precision": ("macro", "precision"),
    "weighted recall": ("weighted", "recall"),
}

LOG_LOSS = ("weighted", "log_loss")


class AbsentError(Exception):
    """Results that are not there; the message says which."""


class Results:
    """Tables of a folder of results, by the experiment's path in it: ``kidney/five``.

    Parameters
    ----------
    folder : path
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.read = cache(self.read)

    def read(self, experiment, name):
        """Return a table of an experiment; raise `AbsentError` where it has not been collected."""
        path = self.folder / experiment / name
        if not path.is_file():
            raise AbsentError(experiment)
        return read_csv(path)

    def has(self, experiment):
        """Tell whether an experiment has been collected."""
        return (self.folder / experiment / "comparison.csv").is_file()

    def compared(self, experiment, column, average, task="replace", priors="observed"):
        """Return a column of ``comparison.csv``: a row a method, a column a classifier.

        Parameters
        ----------
        average : (class, metric)
        """
        rows = self.read(experiment, "comparison.csv")
        wanted = {"class": average[0], "metric": average[1], "task": task, "priors": priors}
        for key, value in wanted.items():
            rows = rows[rows[key] == value]
        if rows.empty or column not in rows:
            raise AbsentError(f"{experiment}: {' '.join(average)}, {column}")
        wide = rows.pivot_table(column, "method", "classifier", sort=False, dropna=False)
        return wide.reindex(index=list(dict.fromkeys(rows["method"])))

    def shares(self, experiment, of="none"):
        """Return macro recalls over those of a method, by method and classifier."""
        means = self.compared(experiment, "mean", AVERAGES["macro recall"])
        if of not in means.index:
            raise AbsentError(f"{experiment}: {of}")
        return means / means.loc[of]

    def share_spreads(self, experiment):
        """Return the standard deviations of `shares` over repeats, in units of the real recall."""
        recall = AVERAGES["macro recall"]
        std, mean = (self.compared(experiment, column, recall) for column in ("std", "mean"))
        return std / mean.loc["none"]

    def fidelity(self, experiment, statistic="mean"):
        """Return the fidelity over all classes and repeats: a row a method, a column a metric."""
        rows = self.read(experiment, "fidelity.csv")
        rows = rows[rows["class"] == "all"]
        return rows.pivot_table(
            "value", "method", "metric", aggfunc=statistic, sort=False, dropna=False
        )


def cell(table, method, column):
    """Return a value of a table; raise `AbsentError` where it has no such row or column."""
    if method not in table.index or column not in table.columns:
        raise AbsentError(f"{method}, {column}")
    return table.loc[method, column]


def spread(values, digits=3):
    """Return mean and standard deviation as text."""
    if len(values) < 2:
        return f"{values.mean():.{digits}f}"
    return f"{values.mean():.{digits}f} ± {values.std():.{digits}f}"


def span(values, digits=2):
    """Return the smallest and the largest of some values as text."""
    low, high = (f"{value:.{digits}f}" for value in (np.nanmin(values), np.nanmax(values)))
    return low if low == high else f"{low} to {high}"


def side_by_side(tables, methods=None, digits=3):
    """Lay tables of the same rows and columns out as one: each cell holds a number of each.

    Parameters
    ----------
    tables : list of DataFrame of numbers, a row a method
    methods : list of str, the rows; None for all of the first table

    Returns
    -------
    DataFrame of str with the methods as the first column
    """
    first = tables[0]
    methods = list(first.index) if methods is None else [m for m in methods if m in first.index]
    aligned = [table.reindex(index=methods, columns=first.columns) for table in tables]
    text = [table.map(lambda v: "-" if pd.isna(v) else f"{v:.{digits}f}") for table in aligned]
    joined = text[0]
    for other in text[1:]:
        joined = joined + " / " + other
    return joined.rename_axis(index="method", columns=None).reset_index()


def markdown(frame):
    """Return a table of text as Markdown, without padding."""
    text = frame.to_markdown(index=False, disable_numparse=True)
    return re.sub(r"-{3,}", "---", re.sub(r" +", " ", text)).replace(":---", "---")


def write_page(page, parts, values=None):
    """Fill what stands between the marks of a page.

    Parameters
    ----------
    page : Path
    parts : dict of name to function without arguments that returns Markdown
    values : dict of a query's first word to function of its other words that returns text

    Raises
    ------
    SystemExit
        If the page lacks the marks of a part, or asks for a value that nothing tells.
    """
    text = page.read_text(encoding="utf-8")
    for name, part in parts.items():
        marks = f"<!-- {name} -->", f"<!-- end of {name} -->"
        pattern = re.compile(f"^{re.escape(marks[0])}$.*?^{re.escape(marks[1])}$", re.M | re.S)
        if not pattern.search(text):
            raise SystemExit(f"{page}: lacks the marks {' and '.join(marks)}")
        body = f"{marks[0]}\n\n{_part(part)}\n\n{marks[1]}"
        text = pattern.sub(lambda _, body=body: body, text)

    def filled(found):
        function, *words = found[1].split()
        if function not in (values or {}):
            raise SystemExit(f"{page}: nothing tells the value '{found[1]}'")
        return f"<!-- = {found[1]} -->{_value(values[function], words)}<!-- / -->"

    text = re.sub(r"<!-- = (.*?) -->[^<]*<!-- / -->", filled, text, flags=re.S)
    page.write_text(text, encoding="utf-8")


def _part(part):
    try:
        return part()
    except AbsentError as absent:
        return f"*Not run: {absent}.*"


def _value(function, words):
    try:
        return function(*words)
    except AbsentError:
        return "(not run)"
