"""The look of every figure."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap, to_rgb

#: Okabe & Ito (2008), told apart with every kind of colour vision; without their yellow, which
#: drowns on white paper.
OKABE_ITO = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#555555",
)

#: Perceptually uniform, for intensities and scores.
INTENSITY_MAP = "viridis"
SCORE_MAP = "magma"
MATRIX_MAP = "cividis"

STYLE = {
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "lines.linewidth": 1.2,
    "image.interpolation": "none",
    "svg.fonttype": "none",
    # Names of datasets and methods are plain text, never formulas.
    "text.parse_math": False,
}


def _signed_root(values):
    return np.sign(values) * np.sqrt(np.abs(values))


def _signed_square(values):
    return np.sign(values) * values**2


#: A scale of an axis that keeps the many small peaks visible beside the few large ones, below zero
#: too, and its inverse.
ROOT_SCALE = (_signed_root, _signed_square)


def new_figure(rows=1, columns=1, *, width, height, **options):
    """Make a figure and its axes, (rows, columns), in the house style; sizes in inches."""
    mpl.use("Agg")
    plt.rcParams.update(STYLE)
    return plt.subplots(rows, columns, figsize=(width, height), squeeze=False, **options)


def class_colours(n_classes):
    """Return one colour a class, (n_classes, 3).

    Seven hues that everyone can tell apart; further classes repeat them lighter, then darker, so
    that neighbours in the list still differ in lightness.
    """
    hues = np.array([to_rgb(colour) for colour in OKABE_ITO])
    shades = [hues, 0.45 * hues + 0.55, 0.55 * hues]
    return np.concatenate([shades[k % 3] for k in range(-(-n_classes // len(hues)))])[:n_classes]


def class_map(n_classes):
    """Return the colour map of ``n_classes`` classes."""
    return ListedColormap(class_colours(n_classes))
