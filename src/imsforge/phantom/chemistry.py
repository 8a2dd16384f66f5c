"""What the synthetic kidney is made of: tissue components, their spectra and abundances."""

import numpy as np
from scipy.special import expit, ndtri, softmax

from imsforge.phantom.anatomy import SmoothField, flap_origin

MZ_RANGE = (400, 1400)

# Affinity of each tissue component to the zones of `anatomy.ZONES`, in logits: cortex, outer
# medulla, inner medulla, pelvis, vessel.
AFFINITY = {
    "proximal tubule, convoluted": (2.2, 0.0, -2.0, -2.0, 0.0),
    "proximal tubule, straight": (1.8, 1.2, -2.0, -2.0, 0.0),
    "distal tubule": (1.4, 0.8, -1.0, -2.0, 0.0),
    "glomerulus": (1.0, -2.0, -2.0, -2.0, 0.0),
    "capsule": (0.6, -1.0, -1.5, -1.0, 0.0),
    "thick ascending limb": (0.4, 2.2, 0.0, -2.0, 0.0),
    "outer stripe": (0.0, 1.8, 0.4, -2.0, 0.0),
    "collecting duct": (-0.5, 1.2, 2.0, 0.0, 0.0),
    "inner stripe": (-1.5, 0.8, 2.0, 0.0, 0.0),
    "papilla": (-2.0, -0.5, 1.8, 1.0, 0.0),
    "urothelium": (-2.5, -2.0, 0.0, 2.4, 0.0),
    "sinus fat": (-2.5, -2.5, -1.5, 2.2, 0.5),
    "blood": (-0.8, -0.8, -0.8, 0.0, 2.4),
    "connective tissue": (-0.4, -0.4, -0.2, 0.8, 1.2),
    "diffuse lipid": (0.2, 0.2, 0.2, 0.2, 0.2),
}
FOREIGN = ("calculus", "bacteria, core", "bacteria, edge", "infiltrate", "trapped medium")
COMPONENTS = (*AFFINITY, *FOREIGN)

# Weight and length of the smooth fields that vary the abundances within a zone.
FIELDS = ((0.7, 0.40), (0.7, 0.12), (0.5, 0.035))
# How much of a pixel is foreign, at most.
COLONY_SHARE = 0.7
CALCULUS_SHARE = 0.8
TRAPPED_SHARE = 0.15

# Spread of the logarithm of the intensities: of the spectrum all tissues share, of what is a
# tissue's own, and of what is foreign to the kidney.
BASE_SPREAD = 1.5
OWN_SPREAD = 0.55
OWN_SPREAD_FOREIGN = 0.9
MARKER_RATE = 0.04


def peak_positions(n_peaks, rng):
    """Draw m/z values, (n_peaks,) ascending: nominal masses with the mass defect of lipids."""
    low, high = MZ_RANGE
    nominal = np.sort(rng.choice(np.arange(low, high), n_peaks, replace=False))
    return nominal * 1.00058 + rng.uniform(-0.04, 0.04, n_peaks)


def component_spectra(n_peaks, rng):
    """Draw the spectra of `COMPONENTS`, (n_components, n_peaks) float64, mean intensity about 1.

    All share one heavy-tailed base, as membrane lipids are everywhere; a component multiplies it
    by its own log-normal factors and has a few markers.
    """
    shape = (len(COMPONENTS), n_peaks)
    # Quantiles in random order: no single peak outshines all others by chance.
    base = BASE_SPREAD * rng.permutation(ndtri((np.arange(n_peaks) + 0.5) / n_peaks))
    spread = np.where(np.isin(COMPONENTS, FOREIGN), OWN_SPREAD_FOREIGN, OWN_SPREAD)
    own = rng.normal(0, spread[:, None], shape)
    markers = np.where(rng.random(shape) < MARKER_RATE, rng.uniform(1.0, 2.5, shape), 0)
    spectra = np.exp(base + own + markers)
    spectra /= spectra.mean(axis=1, keepdims=True)
    return spectra * rng.lognormal(0, 0.25, (len(COMPONENTS), 1))


class Composition:
    """The abundance of every component at every point: smooth, mixed, without sharp classes."""

    def __init__(self, kidney, rng):
        self._kidney = kidney
        self._affinity = np.array(list(AFFINITY.values())).T
        self._fields = [
            (weight, SmoothField(len(AFFINITY), length, rng)) for weight, length in FIELDS
        ]

    def abundances(self, points):
        """Return the parts of `COMPONENTS` at points (n, 2): (n, n_components), rows sum to 1.

        On a fold two layers of tissue lie on each other, with a little medium trapped between.
        """
        tissue = self._single_layer(points)
        fold = self._kidney.folds(points)
        tissue[fold] = (tissue[fold] + self._single_layer(flap_origin(points[fold]))) / 2
        trapped = TRAPPED_SHARE * fold[:, None]
        return np.hstack([(1 - trapped) * tissue, trapped])

    def _single_layer(self, points):
        """Abundances of all components but the last, the trapped medium."""
        logits = self._kidney.zones(points) @ self._affinity
        logits += sum(weight * field(points) for weight, field in self._fields)
        calculus = CALCULUS_SHARE * expit(self._kidney.calculi(points) / 0.15)
        depth = self._kidney.colonies(points)
        colony = COLONY_SHARE * expit(depth / 0.08)
        core, edge = expit((depth - 0.55) / 0.05), expit((depth - 0.25) / 0.05)
        shells = np.stack([core, (1 - core) * edge, (1 - core) * (1 - edge)], axis=1)
        return np.column_stack(
            [
                softmax(logits, axis=1) * ((1 - calculus) * (1 - colony))[:, None],
                calculus * (1 - colony),
                shells * colony[:, None],
            ]
        )
