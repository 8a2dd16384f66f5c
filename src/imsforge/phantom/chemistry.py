"""What the synthetic kidney is made of: tissue components, their spectra and abundances."""

import numpy as np
from scipy.special import expit, softmax

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
BACTERIA = ("bacteria, core", "bacteria, edge")
COMPONENTS = (*AFFINITY, *BACTERIA)

# Weight and length of the smooth fields that vary the abundances within a zone.
FIELDS = ((0.9, 0.40), (0.7, 0.12), (0.5, 0.035))
BACTERIAL_SHARE = 0.55


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
    base = rng.normal(0, 1.4, n_peaks)
    own = rng.normal(0, 0.55, shape)
    markers = np.where(rng.random(shape) < 0.04, rng.gamma(4, 0.5, shape), 0)
    spectra = np.exp(base + own + markers)
    spectra /= spectra.mean(axis=1, keepdims=True)
    return spectra * rng.lognormal(0, 0.15, (len(COMPONENTS), 1))


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

        On a fold two layers of tissue lie on each other and share the spectrum.
        """
        parts = self._single_layer(points)
        fold = self._kidney.folds(points)
        parts[fold] = (parts[fold] + self._single_layer(flap_origin(points[fold]))) / 2
        return parts

    def _single_layer(self, points):
        logits = self._kidney.zones(points) @ self._affinity
        logits += sum(weight * field(points) for weight, field in self._fields)
        depth = self._kidney.colonies(points)
        bacteria = BACTERIAL_SHARE * expit(depth / 0.08)
        core = expit((depth - 0.4) / 0.1)
        return np.column_stack(
            [
                softmax(logits, axis=1) * (1 - bacteria)[:, None],
                bacteria * core,
                bacteria * (1 - core),
            ]
        )
