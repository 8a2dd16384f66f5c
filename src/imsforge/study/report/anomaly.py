"""What the report says of an anomaly map, in sentences and tables made from its numbers."""

import pandas as pd

#: Regions that are listed, the largest ones.
LISTED = 20

#: Ions of a set of pixels that are named.
NAMED = 3

#: What ions that lead are called: more of the first sign, less of the second.
LEADING = "leading ions (m/z; + more, - less)"

#: Columns of tables, and what they are called on the page.
DETECTOR_COLUMNS = {
    "name": "detector",
    "threshold": "threshold",
    "share": "abnormal outside the mask",
    "false_alarms": "abnormal in the mask",
    "assumes": "what it goes by",
}
REGION_COLUMNS = {
    "region": "region",
    "sample": "sample",
    "pixels": "pixels",
    "mean_score": "mean score",
    "false_alarm_rate": "least false-alarm rate",
    "x_min": "x from",
    "x_max": "to",
    "y_min": "y from",
    "y_max": "to ",
    "ions": LEADING,
}
ION_COLUMNS = {
    "mz": "m/z",
    "effect": "effect",
    "auroc": "AUROC",
    "log2_fold_change": "log2 fold change",
    "mean_inside": "mean share inside",
    "mean_outside": "mean share outside",
}


def anomaly_paragraphs(metrics, regions, ions):
    """Say in sentences what a map found, how it compares with what is known, how it came about.

    Parameters
    ----------
    metrics : dict, ``metrics.json`` of the map
    regions : DataFrame, ``regions.csv``
    ions : DataFrame, ``ions.csv``

    Returns
    -------
    list of str, paragraphs
    """
    leading = metrics["detectors"][0]
    found = [
        f"{leading['name']} calls {_percent(leading['share'])} of the tissue outside the mask "
        f"abnormal ({leading['abnormal']:,} of {metrics['outside']:,} pixels), at a stated "
        f"false-alarm rate of {_percent(metrics['false_alarm_rate'])} on tissue like the mask's.",
        _regions(regions, ions),
        metrics["caveat"],
    ]
    made = [
        f"Detectors learnt from {metrics['train']:,} of {metrics['healthy']:,} healthy pixels; "
        f"{metrics['off_tissue']:,} of {metrics['pixels']:,} pixels with signal lie off the tissue "
        "and are called neither.",
        f"View of the data: {metrics['view']}.",
    ]
    known = list(_known(leading["name"], metrics["detection"].get(leading["name"], {})))
    return [" ".join(sentences) for sentences in (found, known, made) if sentences]


def _regions(regions, ions):
    if regions.empty:
        return "No abnormal pixels lie together in a region as large as asked for."
    largest = regions.iloc[0]
    several = f"{len(regions)} regions, the largest" if len(regions) > 1 else "one region"
    return (
        f"Abnormal pixels, those in the mask too, make up {several} of {largest['pixels']:,} "
        f"pixels in sample {largest['sample']}, x {largest['x_min']} to {largest['x_max']} and "
        f"y {largest['y_min']} to {largest['y_max']}; most of all it differs from healthy tissue "
        f"like it in m/z (+ more, - less) {leading_ions(ions, 'region', largest['region'])}."
    )


def _known(name, detection):
    """Say how a detector compares with what is known."""
    for kind, values in detection.items():
        if values["auroc"] is None:
            continue
        of = "of any kind" if kind == "any" else f"({kind})"
        yield (
            f"Of {values['pixels']:,} pixels known to be abnormal {of} {name} finds "
            f"{_percent(values['recall'])}, with an area under the ROC curve of "
            f"{values['auroc']:.3f}; they are {_percent(values['precision'] or 0)} of the pixels "
            "that it calls abnormal, other kinds left out."
        )


def leading_ions(ions, column, group):
    """Name the ions that tell a group of pixels most from others.

    Parameters
    ----------
    ions : DataFrame, rankings one below the other
    column : str, the column that tells the groups
    group : its value

    Returns
    -------
    str
        For example "+ 734.5690, - 760.5850": more of the first, less of the second.
    """
    ranked = ions[ions[column] == group].head(NAMED)
    signs = ranked["effect"].map(lambda effect: "+" if effect > 0 else "-")
    return ", ".join(f"{s} {mz:.4f}" for s, mz in zip(signs, ranked["mz"], strict=True)) or "-"


def detector_table(metrics):
    """Return a table of the detectors of a map.

    Parameters
    ----------
    metrics : dict, ``metrics.json``

    Returns
    -------
    DataFrame of str
    """
    table = pd.DataFrame(metrics["detectors"])
    table["threshold"] = table["threshold"].map("{:.4g}".format)
    for column in ("share", "false_alarms"):
        table[column] = table[column].map(_percent)
    agreement = metrics["agreement"][table["name"][0]]
    table = table[list(DETECTOR_COLUMNS)].rename(columns=DETECTOR_COLUMNS)
    like = [agreement[name] for name in table["detector"]]
    table.insert(4, "rank correlation with the first", [_number(value, 2) for value in like])
    return table


def detection_table(metrics):
    """Return a table of what detectors find of known abnormal pixels, or None.

    Parameters
    ----------
    metrics : dict, ``metrics.json``

    Returns
    -------
    DataFrame of str, or None
        Where nothing is known.
    """
    rows = [
        {
            "detector": name,
            "anomaly": kind,
            "AUROC": _number(values["auroc"], 3),
            "average precision": _number(values["average_precision"], 3),
            "recall": _number(values["recall"], 3),
            "precision": _number(values["precision"], 3),
            "abnormal pixels": f"{values['pixels']:,}",
            "of them off the tissue": f"{values['off_tissue']:,}",
            "compared with": f"{values['beside']:,}",
        }
        for name in (one["name"] for one in metrics["detectors"])
        for kind, values in metrics["detection"].get(name, {}).items()
    ]
    return pd.DataFrame(rows) if rows else None


def regions_table(regions, ions):
    """Return a table of the largest regions and the ions that lead there.

    Parameters
    ----------
    regions, ions : DataFrame, ``regions.csv`` and ``ions.csv``

    Returns
    -------
    DataFrame
    """
    table = regions.head(LISTED)
    leading = [leading_ions(ions, "region", number) for number in table["region"]]
    table = table.assign(ions=leading)
    for column in ("mean_score", "false_alarm_rate"):
        table[column] = table[column].map("{:.3g}".format)
    return table[list(REGION_COLUMNS)].rename(columns=REGION_COLUMNS)


def ion_table(ions):
    """Return the ions that tell all abnormal pixels from healthy ones.

    Parameters
    ----------
    ions : DataFrame, ``ions.csv``

    Returns
    -------
    DataFrame
    """
    table = ions[ions["region"] == 0].head(LISTED)[list(ION_COLUMNS)]
    table["mz"] = table["mz"].map("{:.4f}".format)
    for column in list(ION_COLUMNS)[1:]:
        table[column] = table[column].map("{:.3g}".format)
    return table.rename(columns=ION_COLUMNS)


def class_table(classes, ions):
    """Add to the table of classes the ions that lead in each.

    Parameters
    ----------
    classes, ions : DataFrame, ``classes.csv`` and ``class_ions.csv``

    Returns
    -------
    DataFrame
    """
    leading = [leading_ions(ions, "class", name) for name in classes["class"]]
    return classes.round({"share": 4}).assign(**{LEADING: leading})


def _percent(share):
    return f"{100 * share:.3g} %"


def _number(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"
