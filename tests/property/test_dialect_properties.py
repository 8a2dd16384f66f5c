"""Texts that users give, written in every way that people write them, say the same."""

import csv
import io
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imsforge.errors import ConfigError, DataError
from imsforge.labels.annotation_tables import read_annotation_table
from imsforge.peaks.peak_list import read_peak_list
from imsforge.readers.tabular import read_table

MZ = [402.25, 516.5, 733.125]
WORD = (
    st.text("abä ,;.0#", min_size=1, max_size=8)
    .map(str.strip)
    .filter(lambda word: word and not word.startswith("#"))
)


@st.composite
def manners(draw):
    """Return a function that writes rows of numbers and words as text, in some manner."""
    delimiter = draw(st.sampled_from(";\t,"))
    decimal = draw(st.sampled_from(".,"))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    line_end = draw(st.sampled_from(["\n", "\r\n"]))
    above = draw(st.sampled_from(["", "# by hand;a,b\n#\n", "\n", f"sep={delimiter}\n"]))
    trailing = draw(st.booleans())
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "latin-1"]))

    def write(rows):
        file = io.StringIO(newline="")
        writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=line_end)
        for row in rows:
            cells = [
                str(cell).replace(".", decimal) if isinstance(cell, float) else cell for cell in row
            ]
            writer.writerow([*cells, ""] if trailing else cells)
        return (above + file.getvalue()).encode(encoding)

    return write


def read(reader, data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.csv"
        path.write_bytes(data)
        return reader(path)


@settings(max_examples=150, deadline=None)
@given(manners(), st.lists(WORD, min_size=3, max_size=6))
def test_however_a_measurement_is_written_it_says_the_same(write, words):
    values = [[k + 0.5, 2.25, k / 8] for k in range(len(words))]
    rows = [[k, 1, *value, word] for k, (value, word) in enumerate(zip(values, words, strict=True))]

    def contents(path):
        source = read_table(path)
        blocks = [load() for load in source.loaders(100, 1)]
        return source, np.concatenate([block.intensity for block in blocks])

    source, intensity = read(contents, write([["x", "y", *MZ, "note"], *rows]))
    np.testing.assert_array_equal(source.axis, MZ)
    np.testing.assert_array_equal(source.x, np.arange(len(words)))
    np.testing.assert_array_equal(intensity, np.ravel(values))


@settings(max_examples=150, deadline=None)
@given(manners(), st.lists(WORD, min_size=1, max_size=6))
def test_however_a_table_of_labels_is_written_it_says_the_same(write, words):
    rows = [[float(k), 7.0, word] for k, word in enumerate(words)]
    table = read(read_annotation_table, write([["pixel_x", "pixel_y", "label"], *rows]))
    np.testing.assert_array_equal(table.x, np.arange(len(words)))
    np.testing.assert_array_equal(table.y, 7)
    assert list(table.columns) == ["label"]
    kept = [word for word in words if word.strip("0.")]  # 00.0 is a number
    assert [w for w in table.columns["label"] if w.strip("0.")] == kept


@settings(max_examples=150, deadline=None)
@given(manners(), st.lists(WORD, min_size=3, max_size=3))
def test_however_a_list_of_peaks_is_written_it_says_the_same(write, words):
    rows = [[word, mz] for word, mz in zip(words, MZ, strict=True)]
    np.testing.assert_array_equal(read(read_peak_list, write([["name", "mz"], *rows])), MZ)


@settings(max_examples=300, deadline=None)
@example(b'"!\n!"')  # a quoted name of two lines
@given(st.one_of(st.binary(max_size=60), st.text('xy,;\t"#1.\n ', max_size=60).map(str.encode)))
def test_any_text_is_read_or_told_in_one_line(data):
    for reader, error in ((read_annotation_table, DataError), (read_peak_list, ConfigError)):
        try:
            read(reader, data)
        except error as told:
            assert "\n" not in str(told)
