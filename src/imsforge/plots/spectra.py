"""Real and generated spectra, side by side."""

import numpy as np

from imsforge.plots.style import OKABE_ITO, new_figure

REAL, GENERATED = OKABE_ITO[0], OKABE_ITO[3]
EXAMPLES = 5


def plot_spectra(mz, real, generated, title):
    """Draw mean and three-sigma band, and five examples, of real and generated spectra.

    Thesis row V7 (van der Linden 2024, fig. 2-9, 6-3, E-1). One column a method: above the bands,
    then examples of real test spectra, then of generated ones.

    Parameters
    ----------
    mz : (n_peaks,) array
    real : (n, n_peaks) array, test spectra of one class
    generated : dict of method to (n, n_peaks) array, spectra generated for that class
    title : str

    Returns
    -------
    Figure
    """
    figure, axes = new_figure(
        3, len(generated), width=2.6 * len(generated) + 0.6, height=5.4, sharex=True, sharey="row"
    )
    for column, (method, spectra) in zip(axes.T, generated.items(), strict=True):
        _draw_band(column[0], mz, real, REAL, "real, test")
        _draw_band(column[0], mz, spectra, GENERATED, "generated")
        column[0].set_title(method)
        _draw_examples(column[1], mz, real, REAL)
        _draw_examples(column[2], mz, spectra, GENERATED)
        column[2].set_xlabel("m/z")
    axes[0, 0].legend(loc="upper right")
    for axis, text in zip(axes[:, 0], ("mean, 3 sigma", "real", "generated"), strict=True):
        axis.set_ylabel(f"{text}\nintensity")
    figure.suptitle(title)
    return figure


def _draw_band(axis, mz, spectra, colour, label):
    mean, std = spectra.mean(axis=0), spectra.std(axis=0)
    axis.fill_between(mz, mean - 3 * std, mean + 3 * std, color=colour, alpha=0.25, linewidth=0)
    axis.plot(mz, mean, color=colour, linewidth=0.8, label=label)
    axis.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4))


def _draw_examples(axis, mz, spectra, colour):
    """Draw evenly chosen examples, each lifted above the last so that all can be read."""
    chosen = spectra[np.linspace(0, len(spectra) - 1, min(EXAMPLES, len(spectra))).astype(int)]
    lift = np.percentile(chosen, 99.8) if chosen.size else 0.0
    for k, spectrum in enumerate(chosen):
        axis.vlines(mz, k * lift, k * lift + spectrum, color=colour, linewidth=0.5)
    axis.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4))
