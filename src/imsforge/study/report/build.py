"""Gather what a run left in its results folder, and lay it out as one page."""

import base64
from pathlib import Path

import jinja2
import yaml

from imsforge.artifacts.tables import read_csv
from imsforge.artifacts.text import read_json
from imsforge.evaluation.comparison_tables import COMPARISON_NOTE, readable_comparisons
from imsforge.evaluation.score_tables import (
    SECTION,
    SUMMARY_ROWS,
    coverage_note,
    method_notes,
    method_summary,
    readable_table,
    section_title,
    undetermined_note,
)
from imsforge.fidelity.fidelity_tables import (
    FIDELITY_METRICS,
    REFERENCE,
    fidelity_by_class,
    fidelity_summary,
)
from imsforge.fidelity.verdicts import VERDICT_NOTE, giving_away
from imsforge.labels.coherence import WAY_OUT, coherence_sentence, is_near_chance
from imsforge.study.record.environment import versions
from imsforge.study.report.anomaly import (
    anomaly_paragraphs,
    class_table,
    detection_table,
    detector_table,
    ion_table,
    regions_table,
)
from imsforge.study.report.facts import (
    measurement_facts,
    most_training_pixels,
    peak_summary,
    sample_table,
)


def build_report(study, captions):
    """Write the report's page.

    Parameters
    ----------
    study : Study, finished
    captions : dict of str to str, the captions of figures and tables, by name

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
    return environment.get_template("page.html.jinja").render(
        datasets=[_dataset(dataset, captions) for dataset in study.datasets],
        settings=yaml.safe_dump(study.config, sort_keys=False, allow_unicode=True),
        versions=versions(),
    )


def _dataset(dataset, captions):
    file = dataset.folder.file
    summary = read_json(file("ingest.json"))
    peaks = read_csv(file("peaks.csv"))
    coherence = read_json(file("coherence.json"))
    return {
        "name": dataset.name,
        "facts": measurement_facts(summary),
        "samples": sample_table(summary),
        "n_samples": len(summary.get("samples", [dataset.name])),
        "files": summary["files"],
        "findings": summary["warnings"],
        "peaks": peak_summary(peaks),
        "n_peaks": len(peaks),
        "mz_range": (peaks["mz"].min(), peaks["mz"].max()),
        "peak_figure": _figure(file("peaks.png"), captions["peaks"]),
        "classes": class_table(read_csv(file("classes.csv")), read_csv(file("class_ions.csv"))),
        "coherence": coherence_sentence(coherence),
        "noise": WAY_OUT if is_near_chance(coherence) else None,
        "class_map": _figure(file("classes.png"), captions["classes"]),
        "experiments": [_experiment(one, captions, len(peaks)) for one in dataset.experiments],
        "anomalies": [_anomaly_map(one, captions) for one in dataset.anomaly_maps],
    }


def _experiment(experiment, captions, n_peaks):
    file = experiment.folder.file
    table = read_csv(file("table.csv"))
    n_features = experiment.settings["features"]
    classes = [name for name in table["class"].unique() if name not in SUMMARY_ROWS]
    return {
        "name": experiment.name,
        "settings": experiment.settings,
        "most_training_pixels": most_training_pixels(experiment.settings["split"]["max_train"]),
        "tables": [
            {
                "title": section_title(*section),
                "summary": method_summary(part),
                "classes": readable_table(part),
            }
            for section, part in table.groupby(SECTION, sort=False)
        ],
        "comparisons": readable_comparisons(read_csv(file("comparison.csv"))),
        "comparison_note": COMPARISON_NOTE,
        "notes": [
            coverage_note(read_csv(file("scores.csv")), classes),
            undetermined_note(table, n_peaks if n_features == "full" else n_features),
        ],
        "table_caption": captions["table"],
        "methods": method_notes(experiment.methods),
        "fidelity": _fidelity(file("fidelity.csv")) if experiment.replaces else None,
        "figures": [
            _figure(file(f"{figure}.png"), captions[figure]) for figure in experiment.figures
        ],
    }


def _fidelity(path):
    """Return what the page says of generated spectra."""
    scores = read_csv(path)
    return {
        "summary": fidelity_summary(scores),
        "classes": fidelity_by_class(scores),
        "columns": {key.replace("_", " "): text for key, text in FIDELITY_METRICS.items()},
        "reference": REFERENCE,
        "verdicts": giving_away(scores),
        "verdict_note": VERDICT_NOTE,
    }


def _anomaly_map(anomaly_map, captions):
    file = anomaly_map.folder.file
    metrics = read_json(file("metrics.json"))
    regions, ions = read_csv(file("regions.csv")), read_csv(file("ions.csv"))
    return {
        "name": anomaly_map.name,
        "paragraphs": anomaly_paragraphs(metrics, regions, ions),
        "warnings": metrics["warnings"],
        "map": _figure(file("map.png"), captions["map"]),
        "detectors": detector_table(metrics),
        "detection": detection_table(metrics),
        "regions": regions_table(regions, ions),
        "n_regions": len(regions),
        "ions": ion_table(ions),
        "ion_figure": _figure(file("ions.png"), captions["ions"]),
    }


def _figure(path, caption):
    return {
        "data": base64.b64encode(Path(path).read_bytes()).decode(),
        "caption": " ".join(caption.split()),
        "name": Path(path).stem,
    }


def _table(frame):
    return {"columns": list(frame.columns), "rows": frame.to_numpy().tolist()}
