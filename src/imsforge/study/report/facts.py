"""What the report says of a measurement, before any experiment."""

import pandas as pd

#: Facts of ``ingest.json`` that open a dataset's section, and what they are called there.
FACTS = {
    "format": "format",
    "layout": "layout",
    "mode": "mode",
    "samples": "samples",
    "files": "raw files",
    "pixels": "pixels",
    "width": "grid width (pixels)",
    "height": "grid height (pixels)",
    "points": "data points",
    "mz_dtype": "type of m/z",
    "intensity_dtype": "type of intensities",
}

#: Columns of ``peaks.csv`` that are summarised, where they exist, and what they are called.
PEAK_COLUMNS = {
    "mz": "m/z",
    "width": "width of the window (m/z)",
    "snr": "signal to noise",
    "share_of_pixels": "share of pixels",
    "mean_intensity": "mean intensity",
}


def measurement_facts(summary):
    """Choose and name what a reader wants to know first.

    Parameters
    ----------
    summary : dict, the content of ``ingest.json``

    Returns
    -------
    dict of str to str
    """
    facts = dict(summary, files=_named([file["path"] for file in summary["files"]]))
    n_samples = len(facts.pop("samples", ()))
    if n_samples > 1:
        # Each has a grid of its own.
        facts |= {"samples": n_samples, "width": None, "height": None}
    return {
        text: f"{facts[key]:,}" if isinstance(facts[key], int) else str(facts[key])
        for key, text in FACTS.items()
        if facts.get(key) is not None
    }


def _named(paths):
    """Name one or two files; of more, the first."""
    return ", ".join(paths) if len(paths) < 3 else f"{paths[0]} and {len(paths) - 1} others"


def sample_table(summary):
    """Return a table of the samples, or None where there is one.

    Parameters
    ----------
    summary : dict, the content of ``ingest.json``

    Returns
    -------
    DataFrame with columns sample, pixels, grid width, grid height
    """
    samples = summary.get("samples", ())
    if len(samples) < 2:
        return None
    columns = ["name", "pixels", "width", "height"]
    return pd.DataFrame(samples)[columns].rename(
        columns={"name": "sample", "width": "grid width", "height": "grid height"}
    )


def peak_summary(peaks):
    """Summarise the list of peaks.

    Parameters
    ----------
    peaks : DataFrame, ``peaks.csv``

    Returns
    -------
    DataFrame of str
        A row for each of `PEAK_COLUMNS` that the list has; least, median and largest value.
    """
    if {"lower", "upper"} <= set(peaks.columns):
        peaks = peaks.assign(width=peaks["upper"] - peaks["lower"])
    known = [column for column in PEAK_COLUMNS if column in peaks and peaks[column].notna().any()]
    summary = peaks[known].quantile([0, 0.5, 1]).T.map("{:.6g}".format)
    summary.columns = ["least", "median", "largest"]
    summary.insert(0, "peak", [PEAK_COLUMNS[column] for column in known])
    return summary


def most_training_pixels(max_train):
    """Say how many pixels of a class may train: one number, or a number for each class named.

    Returns
    -------
    str
        For example "18 pixels of class 4, 1500 pixels of each other class".
    """
    if not isinstance(max_train, dict):
        return f"{max_train} pixels of a class"
    named = {name: n for name, n in max_train.items() if name != "others"}
    caps = [f"{n} pixels of class {name}" for name, n in named.items()]
    if "others" in max_train:
        caps.append(f"{max_train['others']} pixels of each other class")
    return ", ".join(caps)
