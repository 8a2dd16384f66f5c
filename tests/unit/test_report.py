import numpy as np
import pandas as pd
import pytest

from imsforge.evaluation.scores import SCORE_COLUMNS
from imsforge.evaluation.tables import score_table
from imsforge.io.tables import read_csv, write_csv, write_json
from imsforge.report import build_report

PIXEL = bytes.fromhex("89504e470d0a1a0a")
FIGURES = ("recall_matrices", "spectra", "frechet", "training")


def dataset(**more):
    experiment = {
        "features": 5,
        "scaler": "standard",
        "split": {"method": "random", "test_share": 0.2, "max_train": 10},
        "repeats": 1,
        "fit_on": "train",
        **more,
    }
    anomaly = {"spots": {"features": 5}}
    return {"input": "a<b>.imzML", "experiments": {"e": experiment}, "anomaly": anomaly}


@pytest.fixture
def run(tmp_path):
    """What a finished run leaves behind, as far as the report reads it."""
    folder = tmp_path / "liver"
    facts = {"format": "imzML", "layout": "processed", "mode": "centroid", "pixels": 9}
    facts |= {"width": 3, "height": 3, "points": 90, "mz_dtype": "f8", "intensity_dtype": "f4"}
    file = {"path": "<script>alert(1)</script>.ibd", "bytes": 5, "sha256": "ab" * 32}
    write_json(
        {**facts, "files": [file], "warnings": ["3 of 9 <b>spectra"]}, folder / "ingest.json"
    )
    write_csv(pd.DataFrame({"mz": [400.5, 700.25]}), folder / "peaks.csv")
    classes = pd.DataFrame({"class": ["<i>x</i>", "NA"], "pixels": [5, 4], "share": [0.5, 0.5]})
    write_csv(classes, folder / "classes.csv")
    rows = [
        ("liver", "e", "replace", "none", "lda", 1, name, metric, 0.25, 4)
        for name in ("<i>x</i>", "NA", "macro", "weighted")
        for metric in ("recall", "precision")
    ]
    counts = pd.DataFrame({"class": ["<i>x</i>", "NA"], "train": [4, 3], "test": [1, 1]})
    table = score_table(pd.DataFrame(rows, columns=SCORE_COLUMNS), counts)
    write_csv(table, folder / "e" / "table.csv")
    values = {"auroc": 0.875, "average_precision": None, "pixels": 3}
    metrics = {"healthy_pixels": 4, "pixels": 9, "detection": {"critic": {"colony": values}}}
    write_json(metrics, folder / "anomaly" / "spots" / "metrics.json")
    for figure in ("classes", "anomaly/spots/map", *(f"e/{name}" for name in FIGURES)):
        (folder / f"{figure}.png").write_bytes(PIXEL)
    return tmp_path


@pytest.fixture
def page(run, root):
    config = {"datasets": {"liver": dataset()}}
    return build_report(config, run, root / "workflow" / "report")


def test_the_page_holds_what_was_found(page):
    assert "m/z 400.5000 and 700.2500" in page
    assert page.count("data:image/png;base64,iVBORw0KGgo=") == 6
    assert "0.25" in page
    assert "0.875" in page
    assert "torch" in page


def test_text_from_files_cannot_become_markup(page):
    assert "<script>" not in page
    assert "<i>x</i>" not in page
    assert "&lt;i&gt;x&lt;/i&gt;" in page
    assert "3 of 9 &lt;b&gt;spectra" in page


def test_a_leak_is_marked(run, root):
    config = {"datasets": {"liver": dataset(fit_on="all")}}
    assert "the scores leak" in build_report(config, run, root / "workflow" / "report")


def test_no_leak_is_marked_where_there_is_none(page):
    assert "the scores leak" not in page


def test_every_figure_has_a_caption(root):
    captions = {path.stem for path in (root / "workflow" / "report").glob("*.rst")}
    assert captions == {"classes", "map", "table", *FIGURES}


def test_a_class_called_na_stays_a_class(run):
    assert read_csv(run / "liver" / "classes.csv")["class"].tolist() == ["<i>x</i>", "NA"]


def test_empty_cells_are_missing_values(tmp_path):
    write_csv(
        pd.DataFrame({"update": [1, 2], "gradient_norm": [np.nan, np.nan]}), tmp_path / "h.csv"
    )
    assert read_csv(tmp_path / "h.csv")["gradient_norm"].isna().all()
