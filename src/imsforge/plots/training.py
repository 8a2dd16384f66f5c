"""The course of GAN trainings."""

from imsforge.plots.style import OKABE_ITO, new_figure

#: Column of history.csv -> what the axis says; one row of panels each.
PANELS = {
    "loss": (("critic_loss", "critic"), ("generator_loss", "generator")),
    "critic's mean output": (("critic_real", "real"), ("critic_fake", "generated")),
    "gradient norm": (("gradient_norm", "interpolated"),),
    "Fréchet distance": (("frechet", "mean over classes"),),
}


def plot_training(histories, title):
    """Draw losses, the critic's outputs, its gradient norm and the Fréchet distance.

    Thesis rows V6 and L4. One column a method, one line a repeat.

    Parameters
    ----------
    histories : dict of method to list of DataFrame, the ``history.csv`` of each repeat
    title : str

    Returns
    -------
    Figure
    """
    figure, axes = new_figure(
        len(PANELS),
        len(histories),
        width=3.4 * len(histories) + 0.4,
        height=1.7 * len(PANELS) + 0.4,
        sharex="col",
    )
    for column, (method, repeats) in zip(axes.T, histories.items(), strict=True):
        column[0].set_title(method)
        for axis, (label, lines) in zip(column, PANELS.items(), strict=True):
            _draw_lines(axis, repeats, lines)
            axis.set_ylabel(label)
        column[-1].set_xlabel("critic updates")
    figure.suptitle(title)
    return figure


def _draw_lines(axis, repeats, lines):
    drawn = False
    for (name, text), colour in zip(lines, OKABE_ITO[:4:3], strict=False):
        for number, history in enumerate(repeats):
            if history[name].notna().any():
                label = text if number == 0 else None
                axis.plot(history["update"], history[name], color=colour, alpha=0.7, label=label)
                drawn = True
    if drawn:
        axis.legend(loc="best")
    else:
        axis.text(0.5, 0.5, "not defined", ha="center", transform=axis.transAxes, color="0.5")
