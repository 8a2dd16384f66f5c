"""Real and generated spectra, side by side."""

import numpy as np

from imsforge.plots.style import OKABE_ITO, ROOT_SCALE, new_figure

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
        3, len(generated), width=2.6 * len(generated) + 0.6, height=6.0, sharex="row", sharey="row"
    )
    lift = np.sqrt(max(np.percentile(real, 99.8), np.finfo(np.float32).tiny))
    for column, (method, spectra) in zip(axes.T, generated.items(), strict=True):
        _draw_band(column[0], real, REAL, "real, test")
        _draw_band(column[0], spectra, GENERATED, "generated")
        column[0].set_yscale("function", functions=ROOT_SCALE)
        column[0].set_xlabel("peak, by m/z")
        column[0].set_title(method)
        _draw_examples(column[1], mz, real, REAL, lift)
        _draw_examples(column[2], mz, spectra, GENERATED, lift)
        column[2].set_xlabel("m/z")
    axes[0, 0].legend(loc="upper right")
    axes[0, 0].set_ylabel("mean, 3 sigma\nintensity")
    axes[1, 0].set_ylabel("real\nsquare root of intensity")
    axes[2, 0].set_ylabel("generated\nsquare root of intensity")
    figure.suptitle(title)
    return figure


def _draw_band(axis, spectra, colour, label):
    """Draw over the peaks' numbers, as the thesis does: between m/z values a band is a needle."""
    mean, std = spectra.mean(axis=0), spectra.std(axis=0)
    peak = np.arange(1, len(mean) + 1)
    axis.fill_between(peak, mean - 3 * std, mean + 3 * std, color=colour, alpha=0.3, linewidth=0)
    axis.plot(peak, mean, color=colour, linewidth=0.7, label=label)
    axis.set_xlim(1, len(mean))


def _draw_examples(axis, mz, spectra, colour, lift):
    """Draw evenly chosen examples, each lifted above the last so that all can be read.

    Square roots keep the many small peaks visible beside the few large ones.
    """
    chosen = spectra[np.linspace(0, len(spectra) - 1, min(EXAMPLES, len(spectra))).astype(int)]
    height = np.sqrt(np.maximum(chosen, 0))
    for k, spectrum in enumerate(height):
        axis.vlines(mz, k * lift, k * lift + spectrum, color=colour, linewidth=0.5)
    axis.set_ylim(0, lift * (EXAMPLES + 0.2))
