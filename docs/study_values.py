"""The numbers in the sentences of pages on generated spectra, by what a mark of the page asks for.

An experiment in a query may hold an asterisk, ``*/five``: the value is then over all data that were
run. A value over several data or classifiers is a range.
"""

from functools import partial

import pandas as pd
from study_tables import gained, loss_ratio, rare_scores, spectra
from tables import AVERAGES, AbsentError, cell, span


def study_values(results):
    """Return the functions of `tables.write_page` that tell what a study found.

    Parameters
    ----------
    results : tables.Results
    """

    def there(pattern):
        folders = sorted(results.folder.glob(f"{pattern}/comparison.csv"))
        if not folders:
            raise AbsentError(pattern)
        return [str(folder.parent.relative_to(results.folder)) for folder in folders]

    def over(pattern, table, method, classifier):
        """Return the values of a method in a table of each experiment."""
        values = []
        for path in there(pattern):
            wide = table(path)
            if method in wide.index:
                row = wide.loc[method]
                values.append(row if classifier is None else row.reindex([classifier]))
        known = pd.concat(values).dropna() if values else values
        if not len(known):
            raise AbsentError(f"{pattern}: {method}")
        return known

    def share(pattern, method, classifier=None, of="none"):
        return span(over(pattern, lambda path: results.shares(path, of), method, classifier))

    def share_of_oracle(pattern, method, classifier=None):
        return share(pattern, method, classifier, "oracle")

    def fidelity(pattern, method, metric):
        looks = [results.fidelity(path) for path in there(pattern)]
        known = [one for one in looks if method in one.index and metric in one]
        if not known:
            raise AbsentError(f"{pattern}: {metric}")
        return span([cell(one, method, metric) for one in known])

    def losses(pattern, method, classifier):
        ratios = [loss_ratio(results, path, method, classifier) for path in there(pattern)]
        known = [float(ratio) for ratio in ratios if ratio != "-"]
        if not known:
            raise AbsentError(f"{pattern}: log_loss")
        return span(known, digits=1)

    def gap(pattern, method, classifier, average="macro-recall"):
        """Return the share of the distance from none to the oracle that a method closes."""
        name = AVERAGES[average.replace("-", " ")]
        closed = over(
            pattern,
            lambda path: results.compared(path, "gap_closed", name, "oversample"),
            method,
            classifier,
        )
        low, high = (f"{100 * value:.0f}" for value in (closed.min(), closed.max()))
        return f"{low} %" if low == high else f"{low} to {high} %"

    def gain(path, one, other, classifier, average="macro-recall"):
        """Return the paired difference of two methods with its interval."""
        name = AVERAGES[average.replace("-", " ")]
        text = gained(results, path, one, other, classifier, name)
        if text == "-":
            raise AbsentError(path)
        return text

    def rare(dataset, n, classifier, method):
        scores = rare_scores(results, dataset, [int(n)])
        own = scores[(scores["classifier"] == classifier) & (scores["method"] == method)]
        if own.empty:
            raise AbsentError(f"{dataset}: {method}")
        return f"{own['value'].mean():.3f}"

    def recall(path, method, classifier):
        means = results.compared(path, "mean", AVERAGES["macro recall"])
        return f"{cell(means, method, classifier):.3f}"

    def counted(side, path):
        return f"{spectra(results, path, side):,}"

    return {
        "share": share,
        "share-of-oracle": share_of_oracle,
        "fidelity": fidelity,
        "log-loss": losses,
        "gap": gap,
        "gain": gain,
        "rare": rare,
        "recall": recall,
        "train": partial(counted, "train"),
        "test": partial(counted, "test"),
    }
