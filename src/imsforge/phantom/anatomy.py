"""Where things are in the synthetic kidney: outline, zones, pyramids, vessels, colonies, folds.

The section is about 1.6 units high and 1.1 wide; its hilum opens near the origin towards positive
x. Everything is a function of continuous coordinates, so that one seed gives the same kidney at
every number of pixels.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

ZONES = ("cortex", "outer medulla", "inner medulla", "pelvis", "vessel")

# The kidney is a band around an arc, its spine, about the origin.
SPINE_RADIUS = 0.50
SPINE_HALF_ANGLE = np.deg2rad(58)
HALF_WIDTH = 0.45
BOUNDING_BOX = ((-1.1, 0.4), (-1.1, 1.1))
# Where on the x axis the pyramids point, and the angle that one takes with its column (rad).
HILUM = -0.16
PYRAMID_ANGLE = np.deg2rad(28)
# Centre and radius of discs.
COLONIES = ((-0.55, 0.16, 0.085), (-0.60, -0.15, 0.062))
CALCULI = ((-0.20, 0.06, 0.030), (-0.13, -0.05, 0.024), (-0.27, -0.04, 0.020))
# Angle at which a fold lies, half its extent along the rim (rad), and its depth.
FOLDS = ((2.55, 0.30, 0.055), (-2.10, 0.22, 0.045), (1.75, 0.14, 0.035))
FOLD_SHIFT = 0.14


class SmoothField:
    """Gaussian random fields with a squared-exponential covariance, by random Fourier features.

    Parameters
    ----------
    n_fields : int
    length : float
        Distance over which a field changes, in the units of the points.
    rng : numpy.random.Generator

    References
    ----------
    A. Rahimi, B. Recht, "Random features for large-scale kernel machines", NIPS 2007.
    """

    n_waves = 48

    def __init__(self, n_fields, length, rng):
        self._waves = rng.normal(0, 1 / length, (n_fields, 2, self.n_waves)).astype(np.float32)
        self._phases = rng.uniform(0, 2 * np.pi, (n_fields, self.n_waves)).astype(np.float32)

    def __call__(self, points):
        """Evaluate at points (n, 2); return (n, n_fields) float32 of about unit variance."""
        points = np.asarray(points, dtype=np.float32)
        columns = [
            np.cos(points @ waves + phases).sum(axis=1)
            for waves, phases in zip(self._waves, self._phases, strict=True)
        ]
        return np.stack(columns, axis=1) * np.float32(np.sqrt(2 / self.n_waves))


@dataclass(frozen=True)
class Section:
    """The measured pixels of one kidney section.

    Attributes
    ----------
    x, y : (n_pixels,) int32, grid positions from 1, row by row
    points : (n_pixels, 2) float64, the same in the units of the anatomy
    """

    x: np.ndarray
    y: np.ndarray
    points: np.ndarray


class Kidney:
    """The anatomy of one seed: a wobbly outline and where its zones are."""

    def __init__(self, rng):
        self._wobble = SmoothField(1, 0.35, rng)
        self._warp = SmoothField(2, 0.25, rng)

    def outline(self, points):
        """Return the signed distance to the rim, (n,), negative in tissue.

        The hollow side of the bent band is the notch of the hilum.
        """
        x, y = points[:, 0], points[:, 1]
        angle = np.arctan2(y, -x)
        nearest = np.clip(angle, -SPINE_HALF_ANGLE, SPINE_HALF_ANGLE)
        distance = np.hypot(x + SPINE_RADIUS * np.cos(nearest), y - SPINE_RADIUS * np.sin(nearest))
        taper = 1 - 0.12 * (nearest / SPINE_HALF_ANGLE) ** 2
        return distance - HALF_WIDTH * taper * (1 + 0.04 * self._wobble(points)[:, 0])

    def section(self, n_pixels):
        """Lay a square grid over the kidney and keep its `n_pixels` innermost points."""
        (left, right), (bottom, top) = BOUNDING_BOX
        coarse = _grid(np.arange(left, right, 0.01), np.arange(bottom, top, 0.01))
        area = 0.01**2 * np.count_nonzero(self.outline(coarse) < 0)
        step = np.sqrt(area / n_pixels)
        points = _grid(np.arange(left, right, step), np.arange(bottom, top, step))
        inside = np.sort(np.argsort(self.outline(points), kind="stable")[:n_pixels])
        points = points[inside]
        column, row = np.rint((points - points.min(axis=0)) / step).astype(np.int32).T + 1
        return Section(column, row, points)

    def zones(self, points):
        """Return how much each point belongs to each of `ZONES`, (n, 5), rows summing to 1."""
        points = points + 0.015 * self._warp(points)
        to_rim = np.maximum(-self.outline(points), 0)
        to_hilum = np.hypot(points[:, 0] - HILUM, points[:, 1])
        # 0 at the hilum, 1 at the rim, whatever the direction.
        height = to_hilum / (to_hilum + to_rim + 1e-9)
        angle = np.arctan2(points[:, 1], HILUM - points[:, 0])
        # -0.5 to 0.5 across one pyramid with its column; 0 on the axis of the pyramid.
        turns = angle / PYRAMID_ANGLE
        across = turns - np.rint(turns)
        pyramid = expit((0.44 * np.clip((height + 0.05) / 0.6, 0, 1) - np.abs(across)) / 0.03)
        cortex = expit((height - 0.70) / 0.02)
        pelvis = np.maximum(expit((0.24 - height) / 0.02), expit((0.10 - to_hilum) / 0.01))
        inner = expit((0.50 - height) / 0.025)
        vessel = self._vessels(height, across, to_hilum)
        medulla = pyramid * (1 - cortex)
        solid = np.stack([1 - medulla, medulla * (1 - inner), medulla * inner], axis=1)
        solid *= (1 - np.maximum(pelvis, vessel))[:, None]
        memberships = np.column_stack([solid, 3 * pelvis, 3 * vessel])
        return memberships / memberships.sum(axis=1, keepdims=True)

    @staticmethod
    def _vessels(height, across, to_hilum):
        """Interlobar vessels between the pyramids and arcuate ones along their bases."""
        offset = (0.5 - np.abs(across)) * PYRAMID_ANGLE * to_hilum
        interlobar = expit((0.009 - offset) / 0.004) * expit((0.69 - height) / 0.02)
        interlobar = interlobar * expit((to_hilum - 0.2) / 0.02)
        arcuate = expit((0.013 - np.abs(height - 0.69)) / 0.004)
        return np.maximum(interlobar, arcuate * expit((np.abs(across) - 0.25) / 0.03))

    def colonies(self, points):
        """Return the depth inside the nearest bacterial colony, (n,): 1 centre, 0 edge, < 0 out."""
        return _depth_in_discs(points, COLONIES)

    def calculi(self, points):
        """Return the depth inside the nearest kidney stone, (n,), as for colonies."""
        return _depth_in_discs(points, CALCULI)

    def folds(self, points):
        """Return the mask of the folds along the rim, (n,) bool."""
        angle = np.arctan2(points[:, 1], points[:, 0])
        to_rim = -self.outline(points)
        masks = []
        for centre, extent, depth in FOLDS:
            along = (angle - centre + np.pi) % (2 * np.pi) - np.pi
            masks.append(to_rim < depth * (1 - (along / extent) ** 2))
        return np.any(masks, axis=0)


def flap_origin(points):
    """Return where the tissue came from that lies on a fold at `points`: nearer the middle."""
    middle = np.array([-SPINE_RADIUS, 0.0])
    inwards = middle - points
    return points + FOLD_SHIFT * inwards / np.linalg.norm(inwards, axis=1, keepdims=True)


def _depth_in_discs(points, discs):
    x, y = points.T
    return np.max([1 - np.hypot(x - cx, y - cy) / radius for cx, cy, radius in discs], axis=0)


def _grid(x, y):
    """All points of a grid, row by row, (len(x) * len(y), 2)."""
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
