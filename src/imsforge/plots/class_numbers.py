"""What speaks for which number of classes."""

from imsforge.plots.style import OKABE_ITO, new_figure

#: Columns of the scan, and what their axes say.
PANELS = {
    "error": "relative error",
    "stability": "stability over seeds (ARI)",
    "smallest": "share of the smallest class",
}


def plot_class_numbers(scan, chosen, title):
    """Draw error, stability and smallest class over the number of classes.

    Parameters
    ----------
    scan : DataFrame, as `scan_class_numbers` returns it
    chosen : int, the number of classes to mark
    title : str

    Returns
    -------
    Figure
    """
    figure, axes = new_figure(1, len(PANELS), width=9.0, height=2.6)
    means = scan.groupby("classes")[list(PANELS)].mean()
    for axis, (column, label) in zip(axes[0], PANELS.items(), strict=True):
        axis.axvline(chosen, color="0.8", linewidth=3)
        axis.plot(scan["classes"], scan[column], ".", color=OKABE_ITO[4], markersize=4)
        axis.plot(means.index, means[column], color=OKABE_ITO[0])
        axis.set(xlabel="number of classes", ylabel=label)
        axis.set_ylim(bottom=0)
    figure.suptitle(title)
    return figure
