"""Gather what a run left in its results folder, and lay it out as one page."""

import base64
from pathlib import Path

import jinja2
import yaml

from imsforge.artifacts.text import read_csv, read_json
from imsforge.evaluation.score_tables import (
    COMPARISON_NOTE,
    SECTION,
    SUMMARY_ROWS,
    coverage_note,
    method_summary,
    readable_comparisons,
    readable_table,
    section_title,
)
from imsforge.fidelity.fidelity_tables import (
    FIDELITY_METRICS,
    REFERENCE,
    fidelity_by_class,
    fidelity_summary,
)
from imsforge.study.code import versions
from imsforge.study.report.facts import (
    measurement_facts,
    most_training_pixels,
    peak_summary,
    sample_table,
)

#: Figures of an experiment, in the order of the page.
EXPERIMENT_FIGURES = ("recall_matrices", "fidelity", "spectra", "frechet", "training")


def build_report(config, results, captions):
    """Write the report's page.

    Parameters
    ----------
    config : dict, complete with defaults
    results : path, the folder that holds a finished run
    captions : path, the folder of the figures' captions, one ``.rst`` of plain text each

    Returns
    -------
    str
        HTML that refers to no other file. All text is escaped.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("imsforge.study.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["table"] = _table
    texts = {path.stem: path.read_text(encoding="utf-8") for path in Path(captions).glob("*.rst")}
    datasets = [
        _dataset(name, settings, Path(results) / name, texts)
        for name, settings in config["datasets"].items()
    ]
    return environment.get_template("page.html.jinja").render(
        datasets=datasets,
        settings=yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
        versions=versions(),
    )


def _dataset(name, settings, folder, texts):
    summary = read_json(folder / "ingest.json")
    peaks = read_csv(folder / "peaks.csv")
    return {
        "name": name,
        "facts": measurement_facts(summary),
        "samples": sample_table(summary),
        "n_samples": len(summary.get("samples", [name])),
        "files": summary["files"],
        "findings": summary["warnings"],
        "peaks": peak_summary(peaks),
        "n_peaks": len(peaks),
        "mz_range": (peaks["mz"].min(), peaks["mz"].max()),
        "peak_figure": _figure(folder / "peaks.png", texts["peaks"]),
        "classes": read_csv(folder / "classes.csv").round({"share": 4}),
        "class_map": _figure(folder / "classes.png", texts["classes"]),
        "experiments": [
            _experiment(key, value, folder / key, texts)
            for key, value in settings["experiments"].items()
        ],
        "anomalies": [
            _anomaly(key, value, folder / "anomaly" / key, texts)
            for key, value in settings["anomaly"].items()
        ],
    }


def _experiment(name, settings, folder, texts):
    table = read_csv(folder / "table.csv")
    classes = [name for name in table["class"].unique() if name not in SUMMARY_ROWS]
    return {
        "name": name,
        "settings": settings,
        "most_training_pixels": most_training_pixels(settings["split"]["max_train"]),
        "tables": [
            {
                "title": section_title(*section),
                "summary": method_summary(part),
                "classes": readable_table(part),
            }
            for section, part in table.groupby(SECTION, sort=False)
        ],
        "comparisons": readable_comparisons(read_csv(folder / "comparison.csv")),
        "comparison_note": COMPARISON_NOTE,
        "note": coverage_note(read_csv(folder / "scores.csv"), classes),
        "table_caption": texts["table"],
        "fidelity": _fidelity(folder / "fidelity.csv"),
        "figures": [
            _figure(folder / f"{figure}.png", texts[figure])
            for figure in EXPERIMENT_FIGURES
            if (folder / f"{figure}.png").is_file()
        ],
    }


def _fidelity(path):
    """Return what the page says of generated spectra, or None where none replaced real ones."""
    if not path.is_file():
        return None
    scores = read_csv(path)
    return {
        "summary": fidelity_summary(scores),
        "classes": fidelity_by_class(scores),
        "columns": {key.replace("_", " "): text for key, text in FIDELITY_METRICS.items()},
        "reference": REFERENCE,
    }


def _anomaly(name, settings, folder, texts):
    metrics = read_json(folder / "metrics.json")
    rows = [
        {"detector": detector, "anomaly": kind, **values}
        for detector, kinds in metrics.get("detection", {}).items()
        for kind, values in kinds.items()
    ]
    return {
        "name": name,
        "settings": settings,
        "healthy_pixels": metrics["healthy_pixels"],
        "pixels": metrics["pixels"],
        "map": _figure(folder / "map.png", texts["map"]),
        "metrics": rows,
    }


def _figure(path, caption):
    return {
        "data": base64.b64encode(path.read_bytes()).decode(),
        "caption": " ".join(caption.split()),
        "name": path.stem,
    }


def _table(frame):
    return {"columns": list(frame.columns), "rows": frame.to_numpy().tolist()}
