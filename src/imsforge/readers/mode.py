"""Profile or centroid: what a file declares, held against the spacing of its points."""

from dataclasses import replace

import numpy as np

# Peaks are one unit apart or more within an isotope pattern; a profile samples each several times.
_PROFILE_SPACING = 0.3
# Share of neighbouring gaps alike to 25 %: above 0.7 in profiles, below 0.35 in peak lists, where
# gaps are as good as random; profiles that lost their zeros lie between.
_PROFILE_REGULARITY = 0.4
_FEWEST_POINTS = 8


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
    mode, notes = settle_mode(declared, source.some_axes(rows))
    return replace(source, mode=mode), notes


def settle_mode(declared, spectra):
    """Decide between profile and centroid.

    Parameters
    ----------
    declared : {"profile", "centroid", None}
        What the file says.
    spectra : list of (n_points,) float64 arrays
        The m/z values of some spectra.

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
        return mode, [f"neither profile nor centroid is declared: read as {mode} ({reason})"]
    if looks not in (None, declared):
        return declared, [
            f"declared and read as {declared}, but the spectra look like {looks} ({reason}); "
            f"if so, set ingest.mode to {looks}"
        ]
    return declared, []


def _look(spectra):
    spacing, regularity = [], []
    for mz in spectra:
        gaps = np.diff(mz)
        gaps = gaps[gaps > 0]
        if len(gaps) + 1 >= _FEWEST_POINTS:
            ratio = gaps[1:] / gaps[:-1]
            spacing.append(np.median(gaps))
            regularity.append(np.mean((ratio > 0.8) & (ratio < 1.25)))
    if not spacing:
        return None, "too few points to tell"
    spacing, regularity = np.median(spacing), np.median(regularity)
    profile = spacing < _PROFILE_SPACING and regularity > _PROFILE_REGULARITY
    reason = f"median spacing {spacing:.3g}, {regularity:.0%} of neighbouring gaps alike"
    return ("profile" if profile else "centroid"), reason
