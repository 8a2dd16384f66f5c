"""Matrices of classes: who is taken for whom, and who is how far from whom."""

import numpy as np

from imsforge.plots.style import MATRIX_MAP, new_figure


def plot_recall_matrices(confusion, title):
    """Draw recall matrices, a row of panels a task and classifier, a panel a method.

    Thesis figures 6-2, 6-11 and 6-12: each row of the confusion matrix divided by its sum, pooled
    over repeats. Of several class priors, the first alone is drawn.

    Parameters
    ----------
    confusion : DataFrame
        With columns task, classifier, priors, method, repeat, true, predicted, count.
    title : str

    Returns
    -------
    Figure
    """
    priors = confusion["priors"].iloc[0]
    confusion = confusion[confusion["priors"] == priors]
    methods = list(dict.fromkeys(confusion["method"]))
    rows = list(dict.fromkeys(zip(confusion["task"], confusion["classifier"], strict=True)))
    figure, axes = new_figure(
        len(rows), len(methods), width=1.9 * len(methods) + 0.8, height=2.2 * len(rows) + 0.5
    )
    for line, (task, classifier) in zip(axes, rows, strict=True):
        for axis, method in zip(line, methods, strict=True):
            part = confusion.query(
                "task == @task and classifier == @classifier and method == @method"
            )
            if part.empty:  # a remedy for other classifiers
                axis.set_axis_off()
                continue
            recall, names = recall_matrix(part)
            drawn = _draw_matrix(axis, recall, names, vmin=0, vmax=1)
            axis.set_title(f"{method}\nmacro recall {np.nanmean(np.diag(recall)):.2f}")
        line[0].set_ylabel(f"{task}, {classifier}\ntrue class")
    for axis in axes[-1]:
        axis.set_xlabel("predicted class")
    figure.colorbar(drawn, ax=axes, shrink=0.7, label="recall (share of the true class)")
    figure.suptitle(f"{title}; class priors {priors}")
    return figure


def recall_matrix(confusion):
    """Return the recall matrix, (n_classes, n_classes), and the classes' names.

    Parameters
    ----------
    confusion : DataFrame with columns repeat, true, predicted, count; repeats are summed

    Returns
    -------
    recall : (n_classes, n_classes) array; NaN in the row of a class without test pixels
    names : list of str
    """
    names = class_order(confusion, "true")
    counts = confusion.pivot_table(
        index="true", columns="predicted", values="count", aggfunc="sum", fill_value=0
    )
    counts = counts.reindex(index=names, columns=names, fill_value=0).to_numpy(dtype=float)
    size = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, size, out=np.full_like(counts, np.nan), where=size > 0), names


def class_order(table, column):
    """Return the classes of a column in their order, though no repeat may know all of them.

    Each repeat lists its classes in order; the longest list leads, and what it lacks follows.
    """
    lists = [list(dict.fromkeys(part[column])) for _, part in table.groupby("repeat")]
    return list(
        dict.fromkeys(name for names in sorted(lists, key=len, reverse=True) for name in names)
    )


def plot_frechet(matrices, title):
    """Draw the Fréchet distance of generated classes from real ones, a panel a method.

    Thesis figure 2-11; distances in the features' own units, averaged over repeats, one
    logarithmic colour scale. The panel `none` compares real training spectra with real test
    spectra: what a perfect generator would show.

    Parameters
    ----------
    matrices : DataFrame with columns method, repeat, generated, real, distance
    title : str

    Returns
    -------
    Figure
    """
    methods = list(dict.fromkeys(matrices["method"]))
    logs = matrices.assign(distance=np.log10(matrices["distance"].clip(lower=1e-12)))
    low, high = np.percentile(logs["distance"], [1, 99])
    figure, axes = new_figure(1, len(methods), width=2.0 * len(methods) + 0.8, height=2.8)
    for axis, method in zip(axes[0], methods, strict=True):
        part = logs[logs["method"] == method]
        names = class_order(part, "generated")
        image = part.pivot_table(index="generated", columns="real", values="distance")
        image = image.reindex(index=names, columns=names).to_numpy()
        drawn = _draw_matrix(axis, image, names, vmin=low, vmax=high)
        own = part.loc[part["generated"] == part["real"], "distance"]
        axis.set_title(f"{method}\nmedian to own class {10 ** own.median():.3g}")
        axis.set_xlabel("real test class")
    axes[0][0].set_ylabel("class of the training set")
    label = "log10 of the Fréchet distance"
    figure.colorbar(drawn, ax=axes, shrink=0.7, label=label)
    figure.suptitle(title)
    return figure


def _draw_matrix(axis, matrix, names, **limits):
    drawn = axis.imshow(matrix, cmap=MATRIX_MAP, **limits)
    step = -(-len(names) // 12)
    ticks = np.arange(0, len(names), step)
    axis.set_xticks(ticks, [names[k] for k in ticks], rotation=90 if _long(names) else 0)
    axis.set_yticks(ticks, [names[k] for k in ticks])
    return drawn


def _long(names):
    return max(map(len, names)) > 3
