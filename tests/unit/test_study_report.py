import numpy as np
import pandas as pd
import pytest

from imsforge.artifacts.tables import read_csv, write_csv
from imsforge.artifacts.text import read_json, write_json
from imsforge.evaluation.comparison import Resampling, compare_methods
from imsforge.evaluation.score_tables import score_table
from imsforge.evaluation.scores import ALL_SAMPLES, SCORE_COLUMNS
from imsforge.fidelity.assessment import FIDELITY_COLUMNS
from imsforge.study import Study
from imsforge.study.report.anomaly import (
    LEADING,
    anomaly_paragraphs,
    detection_table,
    detector_table,
    regions_table,
)
from imsforge.study.report.build import build_report
from imsforge.study.report.facts import measurement_facts, peak_summary, sample_table

PIXEL = bytes.fromhex("89504e470d0a1a0a")
FIGURES = ("recall_matrices", "reliability", "fidelity", "spectra", "frechet", "training")


#: What a map of 2,009 pixels left behind.
DETECTED = {"auroc": 0.875, "average_precision": 0.5, "recall": 0.75, "precision": 0.6}
DETECTED |= {"pixels": 40, "off_tissue": 4, "beside": 1451}
METRICS = {
    "pixels": 2009,
    "healthy": 500,
    "train": 480,
    "off_tissue": 9,
    "outside": 1500,
    "false_alarm_rate": 0.05,
    "view": "brightness <b>counts</b>",
    "detectors": [
        {
            "name": name,
            "threshold": 4.25,
            "abnormal": abnormal,
            "share": abnormal / 1500,
            "false_alarms": 0.048,
            "assumes": "far from <i>healthy</i> pixels",
        }
        for name, abnormal in (("knn", 123), ("lof", 30))
    ],
    "agreement": {"knn": {"knn": 1.0, "lof": 0.3125}, "lof": {"knn": 0.3125, "lof": 1.0}},
    "leading_agreement": 0.3125,
    "detection": {
        "knn": {"colony": DETECTED},
        "lof": {"colony": {**DETECTED, "auroc": None, "average_precision": None}},
    },
    "warnings": ["knn ranks the pixels <b>unlike</b> the others"],
    "caveat": "The rate is stated for tissue like the mask's.",
}
REGIONS = pd.DataFrame(
    [(1, "1", 90, 6.5, 8.0, 0.002, 3, 14, 5, 20, 8.5, 9.5), (2, "1", 33, 5, 6, 0.01, *[1] * 6)],
    columns=[
        *("region", "sample", "pixels", "mean_score", "max_score", "false_alarm_rate"),
        *("x_min", "x_max", "y_min", "y_max", "x_centre", "y_centre"),
    ],
)


def dataset(**more):
    experiment = {
        "features": 5,
        "scaler": "standard",
        "split": {"method": "random", "test_share": 0.2, "reserve_share": 0, "max_train": 10},
        "repeats": 1,
        "fit_on": "train",
        "methods": ["none", "cgan"],
        "tasks": ["replace"],
        "together": False,
        **more,
    }
    anomaly = {"spots": {"features": 5, "detectors": ["knn", "lof"]}}
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
    coherence = {"pairs": 12, "coherence": 0.75, "chance": 0.5, "above_chance": 0.5}
    write_json(coherence, folder / "coherence.json")
    rows = [
        ("liver", "e", "replace", "none", "lda", priors, 1, name, metric, 0.25, 4, ALL_SAMPLES)
        for priors in ("observed", "balanced")
        for name in ("<i>x</i>", "NA", "macro", "weighted")
        for metric in ("recall", "precision", "f1", "average_precision", "log_loss", "brier")
    ]
    counts = pd.DataFrame({"class": ["<i>x</i>", "NA"], "train": [4, 3], "test": [1, 1]})
    scores = pd.DataFrame(rows, columns=SCORE_COLUMNS)
    table = score_table(scores, counts)
    write_csv(scores, folder / "e" / "scores.csv")
    write_csv(table, folder / "e" / "table.csv")
    write_csv(compare_methods(scores, Resampling({1: 1}, 0.25)), folder / "e" / "comparison.csv")
    rows = [("none", 1, name, "two_sample_auc", 0.5625) for name in ("<i>x</i>", "NA", "all")]
    rows += [("smote", repeat, "all", "membership_auc", 0.875) for repeat in (1, 2)]
    fidelity = pd.DataFrame(rows, columns=FIDELITY_COLUMNS)
    write_csv(fidelity, folder / "e" / "fidelity.csv")
    ions = pd.DataFrame([(1, 700.25, -2.5), (2, 400.5, 1.25)], columns=["rank", "mz", "effect"])
    ions = ions.assign(auroc=0.1, log2_fold_change=-1.5, mean_inside=0.01, mean_outside=0.02)
    by_class = [ions.assign(**{"class": name}) for name in ("<i>x</i>", "NA")]
    write_csv(pd.concat(by_class), folder / "class_ions.csv")
    spots = folder / "anomaly" / "spots"
    write_json(METRICS, spots / "metrics.json")
    write_csv(pd.concat([ions.assign(region=number) for number in (0, 1, 2)]), spots / "ions.csv")
    write_csv(REGIONS, spots / "regions.csv")
    figures = ("peaks", "classes", "anomaly/spots/map", "anomaly/spots/ions")
    for figure in (*figures, *(f"e/{name}" for name in FIGURES)):
        (folder / f"{figure}.png").write_bytes(PIXEL)
    return tmp_path


@pytest.fixture
def write(run, root):
    """Write the page of the run, with some settings of its experiment changed."""
    files = (root / "workflow" / "report").glob("*.rst")
    captions = {path.stem: path.read_text() for path in files}

    def written(**settings):
        study = Study({"datasets": {"liver": dataset(**settings)}}, run)
        return build_report(study, captions)

    return written


@pytest.fixture
def page(write):
    return write()


def test_the_page_holds_what_was_found(page):
    assert "m/z 400.5000 and 700.2500" in page
    assert page.count("data:image/png;base64,iVBORw0KGgo=") == 10
    assert "0.25" in page
    assert "0.875" in page
    assert "torch" in page


def test_the_page_says_whether_spectra_look_real(page):
    assert "two sample auc" in page
    assert "0.56" in page
    assert "how well a random forest tells generated from real spectra" in page


def test_the_page_says_whether_a_set_may_be_given_away(page):
    assert "<li>Giving away the set of smote gives training spectra away: an attacker" in page
    assert "is no proof of privacy" in page


def test_nothing_is_said_of_spectra_that_nobody_generated(write):
    """Though an earlier study left a table and figures of them."""
    page = write(tasks=["oversample"])
    assert "what the columns mean" not in page
    assert page.count("data:image/png;base64,") == 7


def test_the_methods_of_the_study_are_explained_and_no_others(write):
    page = write(methods=["none", "smote+calibrate"])
    assert "smote: interpolates between neighbours" in page
    assert "calibrate: gives each peak" in page
    assert "cross-entropy" not in page


def test_text_from_files_cannot_become_markup(page):
    assert "<script>" not in page
    assert "<i>x</i>" not in page
    assert "&lt;i&gt;x&lt;/i&gt;" in page
    assert "3 of 9 &lt;b&gt;spectra" in page


def test_a_leak_is_marked(write):
    assert "the scores leak" in write(fit_on="all")


def test_no_leak_is_marked_where_there_is_none(page):
    assert "the scores leak" not in page


def test_every_figure_has_a_caption(root):
    captions = {path.stem for path in (root / "workflow" / "report").glob("*.rst")}
    assert captions == {
        "peaks",
        "classes",
        "class_numbers",
        "map",
        "ions",
        "table",
        "fidelity_table",
        *FIGURES,
    }


def test_a_class_called_na_stays_a_class(run):
    assert read_csv(run / "liver" / "classes.csv")["class"].tolist() == ["<i>x</i>", "NA"]


def test_empty_cells_are_missing_values(tmp_path):
    write_csv(
        pd.DataFrame({"update": [1, 2], "gradient_norm": [np.nan, np.nan]}), tmp_path / "h.csv"
    )
    assert read_csv(tmp_path / "h.csv")["gradient_norm"].isna().all()


SAMPLES = [
    {"name": "<b>left</b>", "pixels": 5, "width": 2, "height": 3},
    {"name": "right", "pixels": 4, "width": 4, "height": 1},
]


def test_each_of_the_priors_has_a_section_and_methods_are_compared(page):
    assert "class priors kept as observed: what do the spectra add?" in page
    assert "equal class priors: what does a changed prior do?" in page
    assert "judged by lda; what changes" in page
    assert page.count("not over animals") == 1


def test_lda_that_is_not_determined_is_told(write):
    """Seven training spectra of two classes: enough for five features, too few for six."""
    assert "LDA is not determined" not in write()
    assert "LDA is not determined here: 7 training spectra" in write(features=6)


def test_nothing_is_compared_without_the_real_training_set(run, write):
    path = run / "liver" / "e" / "comparison.csv"
    write_csv(read_csv(path)[:0], path)
    page = write()
    assert "what changes" not in page
    assert "not over animals" not in page


def test_a_reserve_and_caps_by_class_are_told(write, page):
    assert "at most 10 pixels of a class for training" in page
    assert "held back for the oracle" not in page
    split = {"method": "random", "test_share": 0.2, "reserve_share": 0.25}
    split |= {"max_train": {"others": 1500, "<4>": 18}}
    page = write(split=split)
    assert "25 % of a class held back for the oracle" in page
    assert "at most 18 pixels of class &lt;4&gt;, 1500 pixels of each other class" in page


def test_several_samples_are_told(run, write):
    summary = read_json(run / "liver" / "ingest.json")
    write_json({**summary, "samples": SAMPLES}, run / "liver" / "ingest.json")
    split = {"method": "samples", "test_share": 0.2, "reserve_share": 0, "max_train": 10}
    page = write(split=split)
    assert "1 of 2 samples were tested" in page
    assert "&lt;b&gt;left&lt;/b&gt;" in page
    assert "<b>left" not in page
    random = write()
    assert "Every sample may train and test" in random


def test_one_sample_is_not_called_several(page):
    assert "pixels of each sample" not in page
    assert "Every sample may" not in page


def test_a_class_that_is_not_tested_is_told(run, write):
    path = run / "liver" / "e" / "scores.csv"
    scores = read_csv(path)
    write_csv(scores[scores["class"] != "NA"], path)
    page = write()
    assert "how many repeats test them: NA (0)" in page


def test_facts_are_chosen_and_named():
    summary = {"format": "imzML, HDF5", "pixels": 12345, "width": 3, "height": 4, "layout": None}
    files = [{"path": f"{name}.h5"} for name in "abc"]
    one = measurement_facts({**summary, "files": files[:1], "samples": SAMPLES[:1]})
    assert one == {
        "format": "imzML, HDF5",
        "raw files": "a.h5",
        "pixels": "12,345",
        "grid width (pixels)": "3",
        "grid height (pixels)": "4",
    }
    several = measurement_facts({**summary, "files": files, "samples": SAMPLES})
    assert several["samples"] == "2"
    assert several["raw files"] == "a.h5 and 2 others"
    assert "grid width (pixels)" not in several


def test_samples_are_listed_where_there_are_several():
    assert sample_table({"samples": SAMPLES[:1]}) is None
    assert sample_table({}) is None
    assert sample_table({"samples": SAMPLES})["pixels"].tolist() == [5, 4]


def test_peaks_are_summarised_by_the_columns_that_exist():
    peaks = pd.DataFrame({"mz": [400.0, 500.0, 700.0], "lower": [399.0, 498.0, 697.0]})
    peaks = peaks.assign(upper=peaks["mz"], share_of_pixels=[0.5, 0.25, 1.0], snr=np.nan)
    summary = peak_summary(peaks).set_index("peak")
    assert summary.loc["width of the window (m/z)"].tolist() == ["1", "2", "3"]
    assert summary.loc["share of pixels"].tolist() == ["0.25", "0.5", "1"]
    assert "signal to noise" not in summary.index
    assert "signal to noise" in peak_summary(peaks.assign(snr=[3.0, 4, 5]))["peak"].tolist()


def test_classes_that_are_hardly_more_than_noise_are_warned_of(run, write):
    page = write()
    assert "<p>Of 12 pairs of neighbouring pixels 75.0% share a class; by chance 50.0%" in page
    assert "may be noise" not in page
    noise = {"pairs": 12, "coherence": 0.17, "chance": 0.14, "above_chance": 0.03 / 0.86}
    write_json(noise, run / "liver" / "coherence.json")
    page = write()
    assert '<p class="warning">Of 12 pairs of neighbouring pixels 17.0% share a class' in page
    assert "Classes may be noise; try labels.transform: sqrt, fewer labels.classes" in page


def test_an_anomaly_map_is_told_in_sentences(page):
    assert "knn calls 8.2 % of the tissue outside the mask abnormal (123 of 1,500 pixels)" in page
    assert "at a stated false-alarm rate of 5 % on tissue like the mask&#39;s" in page
    assert (
        "make up 2 regions, the largest of 90 pixels in sample 1, x 3 to 14 and y 5 to 20" in page
    )
    assert "in m/z (+ more, - less) - 700.2500, + 400.5000." in page
    assert (
        "Detectors learnt from 480 of 500 healthy pixels; 9 of 2,009 pixels with signal lie off"
        in page
    )
    assert "Of 40 pixels known to be abnormal (colony) knn finds 75 %, with an area" in page
    assert "curve of 0.875; they are 60 % of the pixels that it calls abnormal" in page
    assert METRICS["caveat"].replace("'", "&#39;") in page
    assert '<ul class="warning">\n<li>knn ranks the pixels &lt;b&gt;unlike' in page


def test_sentences_and_tables_agree():
    regions = REGIONS.assign(pixels=[77, 33])
    ions = pd.DataFrame(columns=["region", "rank", "mz", "effect"])
    text = " ".join(anomaly_paragraphs(METRICS, regions, ions))
    table = detector_table(METRICS).set_index("detector")
    assert f"calls {table.loc['knn', 'abnormal outside the mask']} of the tissue" in text
    assert table.loc["lof", "rank correlation with the first"] == "0.31"
    largest = regions_table(regions, ions).iloc[0]
    # Coordinates count within a sample.
    told = f"the largest of {largest['pixels']} pixels in sample {largest['sample']}, x "
    assert told in text
    assert regions_table(regions, ions)[LEADING].tolist() == ["-", "-"]
    found = detection_table(METRICS).set_index("detector")
    assert f"curve of {found.loc['knn', 'AUROC']}" in text
    assert found.loc["lof", "AUROC"] == "-"
    assert found.loc["knn", "compared with"] == "1,451"
    assert detection_table({**METRICS, "detection": {}}) is None


def test_a_map_without_regions_says_so(run, write):
    spots = run / "liver" / "anomaly" / "spots"
    write_csv(REGIONS[:0], spots / "regions.csv")
    write_csv(read_csv(spots / "ions.csv")[:0], spots / "ions.csv")
    page = write()
    assert "No abnormal pixels lie together in a region as large as asked for." in page
    assert "<p>None.</p>" in page


def test_more_regions_than_fit_are_counted(run, write):
    many = pd.concat([REGIONS[:1]] * 25).assign(region=range(1, 26))
    write_csv(many, run / "liver" / "anomaly" / "spots" / "regions.csv")
    assert "The largest of 25; regions.csv lists all." in write()


def test_classes_are_told_with_their_ions(page):
    assert "- 700.2500, + 400.5000" in page
    assert page.count(LEADING) == 2
