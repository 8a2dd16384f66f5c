"""What is in a raw file, before anything runs."""

from pathlib import Path

import numpy as np
import yaml

from imsforge.ingest.examine import (
    MODE,
    POLARITY,
    examine,
    examine_whole,
    index_file,
    name_trait,
)
from imsforge.ingest.policies import Policies
from imsforge.readers.pixels import span

# Files up to this size are looked through as a whole, in about a second.
_SMALL = 2**28
_MOST_SPECTRA = 500


def inspect(path, *, whole=False):
    """Find out what a raw file holds, and what the workflow makes of it.

    Parameters
    ----------
    path : path
    whole : bool
        Look at the values of all spectra and at the checksum, however large the file.

    Returns
    -------
    facts : dict of plain values
    examined : Examined

    Raises
    ------
    IngestError
        In one line, if the workflow cannot read the file as it is.
    """
    path, policies = Path(path), Policies()
    indexed = index_file(path, policies)
    n_bytes = sum(file.stat().st_size for file in indexed.source.files)
    if whole or n_bytes <= _SMALL:
        examined, _ = examine_whole(indexed, policies)
    else:
        examined = examine(indexed, policies, most=_MOST_SPECTRA)
    return _facts(path, indexed, examined), examined


def _facts(path, indexed, examined):
    source = examined.source
    x, y, points = source.x, source.y, source.n_points
    total = examined.looked.total_ion_current
    low, high = (None if np.isnan(m) else float(m) for m in examined.looked.mz_range)
    return {
        "path": str(path),
        "files": {file.name: file.stat().st_size for file in source.files},
        "format": source.format,
        "layout": source.layout,
        "mode": source.mode,
        "mode_declared": name_trait(MODE, examined.declared_mode)
        if examined.declared_mode
        else None,
        "polarity": name_trait(POLARITY, examined.polarity),
        "ms_level": examined.level or None,
        "pixel_size": None if source.pixel_size is None else source.pixel_size.tolist(),
        "instrument": indexed.instrument or None,
        "pixels": source.n_spectra,
        "x": [int(x.min()), int(x.max())],
        "y": [int(y.min()), int(y.max())],
        "grid": [span(x), span(y)],
        "planes": 1 if source.z is None else len(np.unique(source.z)),
        "points": int(points.sum()),
        "points_of_a_spectrum": float(np.median(points)),
        "mz_range": [low, high],
        "mz_dtype": source.mz_dtype,
        "intensity_dtype": source.intensity_dtype,
        "total_ion_current": [float(q) for q in np.quantile(total, [0, 0.5, 1])],
        "annotations": sorted(source.annotations),
        "looked_at": len(examined.rows),
        "notes": [finding.text for finding in examined.findings] + examined.notes,
        "config": {"datasets": {_dataset_name(path): {"input": str(path)}}},
    }


def _dataset_name(path):
    letters = (c if c.isascii() and (c.isalnum() or c == "_") else "-" for c in path.stem)
    return "".join(letters).strip("-_") or "measurement"


def describe(facts):
    """Lay the facts out as lines of text."""
    total = facts["total_ion_current"]
    declared = facts["mode_declared"]
    told = "as declared" if declared == facts["mode"] else "found out, not declared"
    if declared not in (None, facts["mode"]):
        told = f"declared {declared}"
    grid = "{} x {}".format(*facts["grid"])
    empty = facts["grid"][0] * facts["grid"][1] * facts["planes"] - facts["pixels"]
    low, high = facts["mz_range"]
    all_seen = facts["looked_at"] >= facts["pixels"]
    rows = {
        "files": ", ".join(f"{name} ({_size(size)})" for name, size in facts["files"].items()),
        "format": f"{facts['format']}, {facts['layout']}",
        "mode": f"{facts['mode']} ({told})",
        "polarity": facts["polarity"],
        "MS level": str(facts["ms_level"] or "not said"),
        "instrument": facts["instrument"] or "not said",
        "pixels": f"{facts['pixels']:,} on a grid of {grid} ({empty:,} places not measured)",
        "pixel size": _micrometres(facts["pixel_size"]),
        "coordinates": "x {} to {}, y {} to {}".format(*facts["x"], *facts["y"]),
        "planes": str(facts["planes"]),
        "points": f"{facts['points']:,}, {facts['points_of_a_spectrum']:,.0f} a spectrum (median)",
        "m/z": "none" if low is None else f"{low:.4f} to {high:.4f}, {facts['mz_dtype']}",
        "intensity": facts["intensity_dtype"],
        "total ion current": f"{total[0]:.4g} to {total[2]:.4g}, median {total[1]:.4g}",
        "annotations": ", ".join(facts["annotations"]) or "none",
        "looked at": "all spectra" if all_seen else f"{facts['looked_at']:,} spectra",
    }
    lines = [f"  {name:<18} {value}" for name, value in rows.items()]
    for k, note in enumerate(facts["notes"]):
        lines.append(f"  {'odd' if k == 0 else '':<18} {note}")
    config = yaml.safe_dump(facts["config"], sort_keys=False, allow_unicode=True, width=1000)
    lines += ["  into the configuration:", *(f"    {line}" for line in config.splitlines())]
    return "\n".join([facts["path"], *lines])


def _micrometres(sizes):
    if sizes is None:
        return "not said"
    pairs = dict.fromkeys(
        "{:g} x {:g} \u00b5m".format(*pair) for pair in np.reshape(sizes, (-1, 2))
    )
    return ", ".join(pairs)


def _size(n_bytes):
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"
