"""Annotation tables: how they are read, and how they find their pixels."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from pyimzml.ImzMLParser import ImzMLParser

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import DataError
from imsforge.labels.annotation_tables import as_text, read_annotation_table
from imsforge.labels.labelling import label_pixels
from imsforge.labels.layers import read_layers


@pytest.fixture
def peaks():
    """Four pixels at x 1 to 2, y 1 to 2."""
    x, y = np.array([1, 2, 1, 2], np.int32), np.array([1, 1, 2, 2], np.int32)
    intensity = np.ones((4, 2), dtype=np.float32)
    return PeakMatrix(intensity, np.array([400.0, 500.0]), x, y, intensity.sum(axis=1))


def label(peaks, file, **settings):
    return label_pixels(peaks, read_layers(file, peaks.samples), method="file", **settings)


@pytest.fixture
def write(tmp_path):
    def write_text(text, name="table.csv", encoding="utf-8"):
        (tmp_path / name).write_text(text, encoding=encoding)
        return str(tmp_path / name)

    return write_text


ROWS = [(1, 1, "a"), (2, 1, "b"), (2, 2, "a")]


@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.tabular", "t.txt"])
def test_any_separator_with_any_extension(separator, name, peaks, write):
    lines = [("x", "y", "label"), *ROWS]
    path = write("\n".join(separator.join(map(str, line)) for line in lines), name)
    found = label(peaks, path)
    assert found.names.tolist() == ["a", "b"]
    assert found.label.tolist() == [1, 2, 0, 1]


def test_a_table_of_r_with_row_names(peaks, write):
    path = write('"x" "y" "label"\n"1" 1 1 "a"\n"2" 2 1 "b"\n')
    assert label(peaks, path).label.tolist() == [1, 2, 0, 0]


def test_a_table_of_excel_begins_with_a_mark(peaks, write):
    path = write("X;Y;Tissue\n1.0;1.0;a\n2.0;1.0;b\n", encoding="utf-8-sig")
    assert label(peaks, path).label.tolist() == [1, 2, 0, 0]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("# exported\n#\n\nx,y,label\n1,1,a\n2,1,b\n", "utf-8"),
        ("sep=;\nx;y;label\n1;1;a\n2;1;b\n", "utf-8"),
        ('"sep=|"\r\n# by hand\r\nx|y|label\r\n1|1|a\r\n2|1|b\r\n', "utf-8-sig"),
        ("x\ty\tlabel\n1\t1\ta\n2\t1\tb\n", "utf-16"),
        ("pixel_x;pixel_y;x;y;label\n1;1;0,5;0,5;a\n2;1;1,5;0,5;b\n", "utf-8"),
        ("column,row,label\n1,1,a\n2,1,b\n", "utf-8"),
        ("x;y;label;\n1;1;a;\n2;1;b;\n", "utf-8"),
        ("x;y;label\n1;1;a;\n2;1;b;\n", "utf-8"),
        ("x;y;label;\n1;1;a\n2;1;b\n", "utf-8"),
        ("x;y;label\n1,0;1,0;a\n2,0;1,0;b\n", "utf-8"),
        ('"x","y","label"\n"1,0","1,0","a"\n"2,0","1,0","b"\n', "utf-8"),
        ('"","x","y","label"\n"1",1,1,"a"\n"2",2,1,"b"\n', "utf-8"),
        ('"x","y","label"\n"1",1,1,"a"\n"2",2,1,"b"\n', "utf-8"),
        ("  x   y   label \n  1   1   a\n  2   1   b \n", "utf-8"),
        ("x,y,label\r1,1,a\r2,1,b\r", "utf-8"),
        ('x,y,label\n\n1,1,"a"\n2,1,"b"\n\n', "latin-1"),
    ],
)
def test_a_table_is_read_however_it_is_written(text, encoding, peaks, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    settings = {"column": "label"} if "pixel" in text else {}
    found = label(peaks, str(path), **settings)
    assert found.names.tolist() == ["a", "b"]
    assert found.label.tolist() == [1, 2, 0, 0]


def test_names_that_are_latin_1_or_hold_separators_and_line_ends(peaks, tmp_path):
    text = 'x,y,label\n1,1,"Märk, oben"\n2,1,"b\nc"\n'
    (tmp_path / "t.csv").write_bytes(text.encode("latin-1"))
    assert label(peaks, str(tmp_path / "t.csv")).names.tolist() == ["Märk, oben", "b\nc"]


def test_a_row_may_begin_with_a_colour(peaks, write):
    path = write("label,x,y\n#ff0000,1,1\n#00ff00,2,1\n")
    assert label(peaks, path).names.tolist() == ["#00ff00", "#ff0000"]


def test_parquet(peaks, tmp_path):
    path = tmp_path / "t.parquet"
    table = pd.DataFrame({"x": [1, 2, 1], "y": [1, 1, 2], "tissue": [1.0, 2.0, None]})
    for written in (table, table.set_index(["x", "y"]), table.iloc[::-1]):
        written.to_parquet(path)
        found = label(peaks, str(path))
        assert found.names.tolist() == ["1", "2"]
        assert found.label.tolist() == [1, 2, 0, 0]


def test_as_text():
    values = np.array([1, 2.5, None, np.nan, "x ", "7.0", "-3.00", "07", "1.10"], dtype=object)
    assert as_text(values).tolist() == ["1", "2.5", "", "", "x", "7", "-3", "07", "1.10"]
    assert as_text(np.array([1.0, np.nan])).tolist() == ["1", ""]
    assert as_text(np.array([True, False])).tolist() == ["True", "False"]


def test_empty_labels_are_no_class(peaks, write):
    path = write("x,y,label\n1,1,a\n2,1,b\n1,2,\n2,2,NA\n")
    assert label(peaks, path).label.tolist() == [1, 2, 0, 0]


@pytest.mark.parametrize(
    ("header", "settings"),
    [
        ("x,y,anything", {}),
        ("x,y,label,batch", {}),
        ("id,X,Y,Class", {}),
        ("x,y,tissue,class", {"column": "TISSUE"}),
    ],
)
def test_the_column_of_labels_is_found(header, settings, peaks, write):
    values = {"id": ["p", "q"], "batch": ["m", "n"], "x": [1, 2], "y": [1, 1], "class": "ab"}
    values |= {"anything": "ab", "label": "ab", "tissue": "ab"}
    rows = [",".join(str(values[n.lower()][row]) for n in header.split(",")) for row in (0, 1)]
    assert label(peaks, write("\n".join([header, *rows])), **settings).names.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("header", "settings", "says"),
    [
        ("x,y,one,two", {}, "does not show which column holds the labels; one of one, two"),
        ("x,y,tissue,class", {}, "one of tissue, class"),
        ("x,y,a,b", {"column": "c"}, "has no column 'c'; it has: a, b"),
        ("x,b,c,d", {}, "has no column y; its columns are x, b, c, d"),
        ("x,y,X,d", {}, "has 2 columns x"),
        ("x,y,a,a ", {}, "has two columns of one name"),
    ],
)
def test_a_table_without_the_columns_is_refused(header, settings, says, peaks, write):
    with pytest.raises(DataError, match=says):
        label(peaks, write(f"{header}\n1,1,1,1\n2,1,2,2\n"), **settings)


def test_a_table_of_coordinates_alone_is_no_table_of_labels(peaks, write):
    with pytest.raises(DataError, match="there are none but x and y"):
        label(peaks, write("x,y\n1,1\n"))


def test_named_tables_list_the_pixels_of_a_class(peaks, write):
    file = {
        "all": write("x,y,id\n1,1,p\n2,1,q\n1,2,r\n2,2,s\n", "all.csv"),
        "some": write("x,y\n1,1\n", "some.csv"),
        "marked": write("x,y,inside\n1,2,0\n2,2,1\n", "marked.csv"),
    }
    found = label(peaks, file)
    assert found.names.tolist() == ["all", "marked", "some"]
    assert found.label.tolist() == [3, 1, 1, 2]


def test_rows_about_no_pixel_are_counted(peaks, write, caplog):
    label(peaks, write("x,y,label\n1,1,a\n2,1,b\n9,9,a\n"))
    assert "table.csv: 1 of 3 rows are about no measured pixel" in caplog.text


def test_a_table_of_another_measurement_is_refused_with_both_ranges(peaks, write):
    with pytest.raises(DataError) as raised:
        label(peaks, write("x,y,label\n10,30,a\n20,40,b\n"))
    text = str(raised.value)
    assert "rows span x 10 to 20 and y 30 to 40, the pixels x 1 to 2 and y 1 to 2" in text


@pytest.fixture
def tissue():
    """Ten by eight pixels from 1 on; the four left columns are a."""
    y, x = (axis.ravel().astype(np.int32) for axis in np.mgrid[1:9, 1:11])
    intensity = np.ones((80, 2), dtype=np.float32)
    return PeakMatrix(intensity, np.array([400.0, 500.0]), x, y, intensity.sum(axis=1))


def table_of(x, y):
    rows = [f"{i},{j},{'a' if i - min(x) < 4 else 'b'}" for i, j in zip(x, y, strict=True)]
    return "\n".join(["x,y,label", *rows])


@pytest.mark.parametrize("shift", [(-1, -1), (-1, 0), (0, 1), (-7, 12), (99, 99)])
def test_a_table_that_counts_from_elsewhere_is_refused_or_placed(shift, tissue, write):
    path = write(table_of(tissue.x + shift[0], tissue.y + shift[1]))
    back = [-shift[0], -shift[1]]
    with pytest.raises(DataError) as raised:
        label(tissue, path)
    assert f"80 with {back[0]:+d} added to x and {back[1]:+d} to y" in str(raised.value)
    assert f"set labels.offset: {back}, otherwise [0, 0]" in str(raised.value)
    found = label(tissue, path, offset=back)
    np.testing.assert_array_equal(found.label, np.where(tissue.x <= 4, 1, 2))


def test_a_shift_shows_in_a_table_of_some_pixels_too(tissue, write, rng):
    some = np.sort(rng.choice(80, 50, replace=False))
    path = write(table_of(tissue.x[some] - 1, tissue.y[some] - 1))
    with pytest.raises(DataError, match=r"50 with \+1 added to x and \+1 to y"):
        label(tissue, path)


def test_a_table_of_more_than_was_measured_is_not_shifted(tissue, write):
    y, x = (axis.ravel() for axis in np.mgrid[-5:20, -5:20])
    rows = "".join(f"{i},{j},{'a' if i < 5 else 'b'}\n" for i, j in zip(x, y, strict=True))
    found = label(tissue, write("x,y,label\n" + rows))
    np.testing.assert_array_equal(found.label == 1, tissue.x < 5)


def test_a_table_may_be_said_to_count_as_the_measurement_does(tissue, write):
    path = write(table_of(tissue.x + 5, tissue.y))
    found = label(tissue, path, offset=[0, 0])
    assert np.count_nonzero(found.label) == 40


def test_a_shift_is_told_by_sample(two, write):
    path = write("sample,x,y,label\nleft,1,1,a\nleft,2,1,b\nright,0,0,a\nright,1,0,b\n")
    with pytest.raises(DataError, match=r"0 of 2 rows of sample 'right' .* 2 with \+1 added to x"):
        label(two, path)


def test_rows_that_disagree_are_refused(peaks, write):
    with pytest.raises(DataError) as raised:
        label(peaks, write("x,y,label\n1,1,a\n2,1,b\n2,1,b\n2,2,a\n2,2,b\n1,1,b\n"))
    assert "rows of 2 pixels disagree, first x 1, y 1: 'a' and 'b'" in str(raised.value)


def test_rows_that_agree_are_one(peaks, write):
    assert label(peaks, write("x,y,label\n1,1,a\n1,1,a\n2,1,b\n")).label.tolist() == [1, 2, 0, 0]


@pytest.mark.parametrize("value", ["", "left", "1.5", "nan", "inf", "99999999999"])
def test_coordinates_that_are_no_pixel_numbers_are_refused(value, write):
    with pytest.raises(DataError, match=rf"x of row 2 is '{value}', not a whole number"):
        read_annotation_table(write(f"x,y,label\n1,1,a\n{value},1,b\n"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is no table that can be read"),
        (b"x,y,label\n", "has no rows"),
        (b"x,y,label\n1,1,\x03\n", "cannot be read as text"),
        (b"\xff\xfex\x00y", "cannot be read as text"),
        (b"x,y,label\n1,1,a\n1,1,a,4,5,6\n", "is no table that can be read"),
        (b'x,y,label\n1,1,"a\n', "is no table that can be read from line 2 on"),
        (b"# a\n\nx,y,label\n1,1,a\n\n1,1\n", "line 6 has 2 of 3 cells"),
        (b"x,y,label\n1,1,a\n1,1,0,5\n", "line 3 has 4 of 3 cells"),
        (b"x,y,label\n1,1,0,5\n2,1,0,7\n", "line 2 has 4 of 3 cells"),
    ],
)
def test_broken_tables_are_told_in_one_line(content, says, tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as raised:
        read_annotation_table(path)
    assert "\n" not in str(raised.value)


def test_a_broken_parquet_file_is_told(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(DataError, match=r"t\.parquet: "):
        read_annotation_table(tmp_path / "t.parquet")


@pytest.fixture
def two(peaks):
    """The four pixels as two samples of two; both have x 1 and 2, y 1."""
    return dataclasses.replace(
        peaks,
        y=np.ones(4, np.int32),
        sample=np.array([0, 0, 1, 1], np.int16),
        samples=np.array(["left", "right"]),
    )


def test_a_column_tells_samples_apart(two, write):
    path = write("Sample,x,y,label\nleft,1,1,a\nright,1,1,b\nright,2,1,a\nother,1,1,a\n")
    assert label(two, path).label.tolist() == [1, 0, 2, 1]


def test_several_samples_need_the_column_or_files_of_their_own(two, write, tmp_path):
    with pytest.raises(DataError, match=r"2 samples, .* add a column sample"):
        label(two, write("x,y,label\n1,1,a\n2,1,b\n"))
    write("x,y,label\n1,1,a\n2,1,b\n", "left.csv")
    write("x,y,label\n1,1,b\n2,1,c\n", "right.csv")
    assert label(two, str(tmp_path / "{sample}.csv")).label.tolist() == [1, 2, 2, 3]


def test_rows_of_other_samples_are_not_of_this_one(peaks, write):
    one = dataclasses.replace(peaks, samples=np.array(["left"]))
    path = write("sample,x,y,label\nleft,1,1,a\nright,1,1,b\nleft,2,1,b\n")
    assert label(one, path).label.tolist() == [1, 2, 0, 0]


def test_a_column_sample_that_means_something_else_is_a_column_like_others(peaks, write):
    path = write("x,y,sample,tissue\n1,1,core 1,a\n2,1,core 2,b\n")
    assert label(peaks, path).names.tolist() == ["a", "b"]
    assert label(peaks, path, column="sample").names.tolist() == ["core 1", "core 2"]


def test_a_real_table_finds_all_its_pixels(shared_data):
    zoo = shared_data / "imzml-zoo"
    with ImzMLParser(str(zoo / "sparse_coordinates.imzML")) as parser:
        x, y, _ = np.array(parser.coordinates, dtype=np.int32).T
    intensity = np.ones((40, 1), dtype=np.float32)
    peaks = PeakMatrix(intensity, np.array([500.0]), x, y, intensity[:, 0])
    file = str(zoo / "sparse_coordinates.annotation.tabular")
    found = label(peaks, file)
    assert found.names.tolist() == ["Stroma", "Tumor"]
    assert np.bincount(found.label).tolist() == [0, 23, 17]
    assert len(label(peaks, file, column="Sample").names) == 10
