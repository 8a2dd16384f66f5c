"""The scripts of docs/ that write pages: marks, tables, and what they say of absent results."""

import sys

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def tables(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "docs")
    import tables

    yield tables
    del sys.modules["tables"]


def compared(**columns):
    """Return a row of comparison.csv, of the task replace unless told otherwise."""
    row = {"task": "replace", "classifier": "lda", "priors": "observed", "class": "macro"}
    row |= {"metric": "recall", "method": "vae", "repeats": 3, "mean": 0.8, "std": 0.04}
    return row | {"difference": np.nan} | columns


def write(folder, name, rows):
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / name, index=False)


@pytest.fixture
def results(tmp_path, tables):
    """One experiment: real spectra and a VAE, judged by two classifiers."""
    rows = [
        compared(method="none", mean=0.8),
        compared(method="none", classifier="random-forest", mean=0.5),
        compared(mean=0.6),
        compared(classifier="random-forest", mean=0.45),
    ]
    write(tmp_path / "kidney/five", "comparison.csv", rows)
    return tables.Results(tmp_path)


def test_shares_are_laid_out_by_method_and_classifier(results):
    shares = results.shares("kidney/five")
    assert list(shares.index) == ["none", "vae"]
    assert shares.loc["vae"].tolist() == pytest.approx([0.75, 0.9])
    assert results.share_spreads("kidney/five").loc["vae"].tolist() == pytest.approx([0.05, 0.08])


def test_what_is_absent_is_said(results, tables):
    assert results.has("kidney/five") and not results.has("barley/five")
    with pytest.raises(tables.AbsentError, match="barley/five"):
        results.shares("barley/five")
    with pytest.raises(tables.AbsentError, match="log_loss"):
        results.compared("kidney/five", "mean", tables.LOG_LOSS)
    with pytest.raises(tables.AbsentError, match="smote"):
        tables.cell(results.shares("kidney/five"), "smote", "lda")


def test_tables_stand_side_by_side_and_lack_what_was_not_measured(tables):
    index = pd.Index(["none", "vae"], name="method")
    one = pd.DataFrame({"lda": [1.0, 0.98]}, index=index)
    other = pd.DataFrame({"lda": [1.0]}, index=index[:1])
    table = tables.side_by_side([one, other], digits=2)
    assert table.to_dict("list") == {"method": ["none", "vae"], "lda": ["1.00 / 1.00", "0.98 / -"]}
    assert tables.markdown(table).splitlines()[1] == "|---|---|"


def test_a_page_is_filled_between_its_marks_and_nowhere_else(tmp_path, tables):
    page = tmp_path / "page.md"
    page.write_text(
        "Real <!-- = share vae lda -->?<!-- / --> of it, <!-- = share none\nlda -->\n?<!-- / -->.\n"
        "<!-- scores -->\nold\n<!-- end of scores -->\n<!-- more -->\n<!-- end of more -->\nrest\n"
    )

    def share(method, classifier):
        if method == "none":
            raise tables.AbsentError("none")
        return f"0.9 by {classifier}"

    def lost():
        raise tables.AbsentError("kidney/all")

    parts = {"scores": lambda: "| new |", "more": lost}
    tables.write_page(page, parts, {"share": share})
    filled = page.read_text()
    assert "Real <!-- = share vae lda -->0.9 by lda<!-- / --> of it" in filled
    assert "<!-- scores -->\n\n| new |\n\n<!-- end of scores -->\n" in filled
    assert "*Not run: kidney/all.*" in filled and "-->(not run)<!-- / -->." in filled
    assert filled.endswith("\nrest\n") and "old" not in filled
    tables.write_page(page, parts, {"share": share})
    assert page.read_text() == filled


@pytest.mark.parametrize("text", ["nothing\n", "<!-- = price -->1<!-- / -->\n"])
def test_a_page_that_does_not_fit_its_script_is_refused(tmp_path, tables, text):
    page = tmp_path / "page.md"
    page.write_text(text)
    parts = {"scores": str} if "price" not in text else {}
    with pytest.raises(SystemExit, match=r"page.md: (lacks the marks|nothing tells the value)"):
        tables.write_page(page, parts)
