"""Profile or centroid: what a file declares, held against how its points lie."""

from dataclasses import replace

import numpy as np

# Points of a profile lie on a grid of the analyser: each gap is the next one but for what the grid
# bends, and for the rounding of m/z values that are stored in 32 bits. Measured centroids scatter.
_GRID_BEND = 0.002
_ROUNDING = 2 * np.finfo(np.float32).eps
# Share of neighbouring gaps alike in that sense: half or more in profiles, which may have lost
# their zeros; below 0.2 in centroids.
_GRID_SHARE, _WHOLE_GRID = 0.4, 0.9
# Peaks of a profile span several points: of what neighbours have in common, most is left at the
# next but one. Half of it is in the isotopes of a heavy ion, one point each.
_SMOOTHNESS = 0.55
# Without that, a grid is one of a profile where its steps, as share of m/z, are finer than those
# from one nominal mass to the next, or one isotope to the next if only parts of it are a grid.
_FINE, _FINER = 1 / 2500, 1 / 10000
# No analyser is too coarse to tell 100 from 101: wider steps do not sample a peak.
_COARSE = 1 / 100
_FEW_POINTS = 8


def settled_mode(source, declared, rows, mode):
    """Return a source with its mode settled, and notes on how.

    Parameters
    ----------
    source : Source
    declared : {"profile", "centroid", None}
        What the file says.
    rows : (n_rows,) int array, spectra to look at
    mode : {"auto", "profile", "centroid"}
        Overrules what the file says.
    """
    if mode != "auto":
        overruled = declared not in (None, mode)
        note = f"declared as {declared}: read as {mode}, as the configuration says"
        return replace(source, mode=mode), [note] if overruled else []
    if source.format != "imzML":
        return source, []
    mode, notes = settle_mode(declared, source.some_spectra(rows))
    return replace(source, mode=mode), notes


def settle_mode(declared, spectra):
    """Decide between profile and centroid.

    Parameters
    ----------
    declared : {"profile", "centroid", None}
        What the file says.
    spectra : list of (mz, intensity), each (n_points,) float64 arrays
        Some spectra; ``intensity`` may be None where it is not known.

    Returns
    -------
    mode : str
        As declared, otherwise as the spectra look.
    warnings : list of str
        Nothing is declared, or the spectra look otherwise.
    """
    looks, reason = _look(spectra)
    if declared is None:
        mode = looks or "centroid"
        return mode, [f"neither profile nor centroid alone is declared: read as {mode} ({reason})"]
    if looks not in (None, declared):
        return declared, [
            f"declared and read as {declared}, but the spectra look like {looks} ({reason}); "
            f"if so, set ingest.mode to {looks}"
        ]
    return declared, []


def _look(spectra):
    spectra = [_distinct(*spectrum) for spectrum in spectra]
    spectra = [(mz, intensity) for mz, intensity in spectra if len(mz)]
    if not spectra:
        return None, "too few points to tell"
    n_points = np.median([len(mz) for mz, _ in spectra])
    steps = [np.median(np.diff(mz) / mz[1:]) for mz, _ in spectra if len(mz) > 1]
    if n_points < _FEW_POINTS and (n_points < 2 or np.median(steps) > _COARSE):
        return "centroid", f"{n_points:g} points a spectrum, each far from the next"
    alike = [_on_grid(mz) for mz, _ in spectra]
    if sum(map(len, alike)) < _FEW_POINTS:
        return None, "too few points to tell"
    regularity, step = np.mean(np.concatenate(alike)), np.median(steps)
    smoothness = _common_beyond_neighbours(spectra, alike)
    fine = step < (_FINE if regularity > _WHOLE_GRID else _FINER)
    profile = regularity > _GRID_SHARE and step < _COARSE and (fine or smoothness > _SMOOTHNESS)
    reason = (
        f"{regularity:.0%} of neighbouring gaps alike, median gap m/z / {1 / step:.0f}, "
        f"smoothness {smoothness:.2f}"
    )
    return ("profile" if profile else "centroid"), reason


def _distinct(mz, intensity):
    """Leave out points that do not lie above the one before, or have no intensity."""
    good = np.diff(mz, prepend=-np.inf) > 0
    if intensity is None:
        return mz[good], None
    good &= np.isfinite(intensity)
    return mz[good], intensity[good].astype(np.float64)


def _on_grid(mz):
    """Tell of each point between two others whether it lies as on a grid, (n_points - 2,) bool."""
    gaps = np.diff(mz)
    before, after = gaps[:-1], gaps[1:]
    rounding = _ROUNDING * mz[1:-1] / np.minimum(before, after) if len(mz) > 2 else 0.0
    return np.abs(after / before - 1) < np.minimum(_GRID_BEND + rounding, 0.25)


def _common_beyond_neighbours(spectra, on_grid):
    """Return what points two steps apart have in common, as share of what neighbours have.

    It is the ratio of two autocovariances: independent noise of the points is in neither. 0 where
    neighbours have nothing in common that chance would not give.
    """
    covariances, n = np.zeros(3), 0
    for (_, intensity), middle in zip(spectra, on_grid, strict=True):
        if intensity is None or not middle.any() or not intensity.any():
            continue
        deviation = intensity / np.abs(intensity).max()
        deviation -= deviation.mean()
        scale = np.mean(deviation**2)
        if scale == 0:
            continue
        first, second, third = (deviation[k : k + len(middle)][middle] for k in range(3))
        covariances += [
            pair @ other / scale
            for pair, other in ((first, first), (first, second), (first, third))
        ]
        n += len(first)
    own, one_step, two_steps = covariances
    if own == 0 or one_step / own < max(0.05, 5 / np.sqrt(n)):
        return 0.0
    return float(two_steps / one_step)
