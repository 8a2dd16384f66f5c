"""The course of trainings."""

import pandas as pd

from imsforge.plots.style import OKABE_ITO, class_colours, new_figure

#: How the columns of history.csv begin that hold the Fréchet distance of one class each.
CLASS_COLUMNS = "frechet_"

#: What the axis says -> columns of history.csv; one row of panels each.
PANELS = {
    "loss": (
        ("critic_loss", "critic"),
        ("generator_loss", "generator"),
        ("negative_log_likelihood", "negative log-likelihood"),
        ("divergence", "divergence"),
        ("held_out_loss", "both, held-out spectra"),
    ),
    "critic's mean output": (("critic_real", "real"), ("critic_fake", "generated")),
    "gradient norm": (("gradient_norm", "interpolated"),),
    "Fréchet distance": (("frechet", "mean over classes"),),
}


def plot_training(histories, title):
    """Draw losses, the critic's outputs, its gradient norm and the Fréchet distance.

    Thesis rows V6 (figure 4-5) and L4. One column a method, one line a repeat; in the last row
    one line a class, the mean over repeats.

    Parameters
    ----------
    histories : dict of method to list of DataFrame, the ``history.csv`` of each repeat
    title : str

    Returns
    -------
    Figure
    """
    figure, axes = new_figure(
        len(PANELS) + 1,
        len(histories),
        width=3.4 * len(histories) + 0.4,
        height=1.7 * len(PANELS) + 2.1,
        sharex="col",
    )
    for column, (method, repeats) in zip(axes.T, histories.items(), strict=True):
        column[0].set_title(method)
        for axis, (label, lines) in zip(column[:-1], PANELS.items(), strict=True):
            _draw_lines(axis, repeats, lines)
            axis.set_ylabel(label)
        _draw_classes(column[-1], repeats)
        column[-1].set_xlabel("updates")
    figure.suptitle(title)
    return figure


def _draw_lines(axis, repeats, lines):
    drawn = False
    known = [line for line in lines if line[0] in repeats[0].columns]
    for (name, text), colour in zip(known, OKABE_ITO[::3], strict=False):
        for number, history in enumerate(repeats):
            if history[name].notna().any():
                label = text if number == 0 else None
                axis.plot(history["update"], history[name], color=colour, alpha=0.7, label=label)
                drawn = True
    if drawn:
        axis.legend(loc="best")
    else:
        _say_not_defined(axis)


def _draw_classes(axis, repeats):
    """Draw the Fréchet distance of each class that all repeats have."""
    first, *others = repeats
    columns = [
        name
        for name in first.columns
        if name.startswith(CLASS_COLUMNS) and all(name in other.columns for other in others)
    ]
    axis.set_ylabel("Fréchet distance a class")
    if not columns:
        _say_not_defined(axis)
        return
    for name, colour in zip(columns, class_colours(len(columns)), strict=True):
        # Repeats that stopped early are shorter: their rows end, and the mean is of the others.
        course = pd.concat([history[["update", name]] for history in repeats])
        mean = course.groupby("update")[name].mean()
        label = name.removeprefix(CLASS_COLUMNS)
        axis.plot(mean.index, mean, color=colour, linewidth=0.9, label=label)
    axis.set_ylim(top=1.5 * axis.get_ylim()[1])  # room for the legend
    axis.legend(loc="upper right", ncols=5, fontsize=5, handlelength=1, columnspacing=0.8)


def _say_not_defined(axis):
    axis.text(0.5, 0.5, "not defined", ha="center", transform=axis.transAxes, color="0.5")
