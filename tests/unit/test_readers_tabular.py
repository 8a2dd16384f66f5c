"""Tables as sources of spectra."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imsforge.errors import IngestError
from imsforge.ingest.ingest import read_measurement
from imsforge.readers import columns
from imsforge.readers.tabular import read_table

MZ = [300.5, 100.25, 200.0]
SORTED = [1, 2, 0]


@pytest.fixture
def table(rng):
    """Twelve pixels of three peaks whose columns are out of order, a label and a number."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(1, 5), np.arange(5, 8)))
    values = rng.random((12, 3)).round(4)
    frame = pd.DataFrame({"x": x, "y": y, **dict(zip(map(str, MZ), values.T, strict=True))})
    return frame.assign(tissue=["cortex", "médulla"] * 6, depth=np.arange(12) / 4)


def write(path, text, encoding="utf-8"):
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def spectra(source, max_points=10, rows=None):
    blocks = [load() for load in source.loaders(max_points, 1, rows)]
    n_rows = source.n_spectra if rows is None else len(rows)
    assert [block.rows.start for block in blocks] == [0, *(b.rows.stop for b in blocks[:-1])]
    assert blocks[-1].rows.stop == n_rows
    return np.concatenate([block.intensity for block in blocks]).reshape(n_rows, -1)


def message_of(path):
    with pytest.raises(IngestError) as error:
        spectra(read_table(path))
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(path))
    return str(error.value)


WRITERS = {
    "plain.csv": lambda table, path: table.to_csv(path, index=False),
    "index.csv": lambda table, path: table.to_csv(path),
    "excel.csv": lambda table, path: table.to_csv(
        path, index=False, sep=";", decimal=",", encoding="utf-8-sig", lineterminator="\r\n"
    ),
    "latin.csv": lambda table, path: table.to_csv(path, index=False, encoding="latin-1"),
    "quoted.csv": lambda table, path: table.to_csv(path, index=False, quoting=1),
    "tabs.tsv": lambda table, path: table.to_csv(path, index=False, sep="\t"),
    "tabs.txt": lambda table, path: table.to_csv(path, index=False, sep="\t", decimal=","),
    "one.parquet": lambda table, path: table.to_parquet(path),
    "groups.parquet": lambda table, path: table.to_parquet(path, row_group_size=5),
    "index.parquet": lambda table, path: table.set_index(["x", "y"]).to_parquet(path),
    "category.parquet": lambda table, path: table.astype({"tissue": "category"}).to_parquet(path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_table_comes_as_it_is_however_written(tmp_path, table, name):
    WRITERS[name](table, tmp_path / name)
    source = read_table(tmp_path / name)
    wanted = table[map(str, MZ)].to_numpy()[:, SORTED]
    assert (source.mode, source.layout) == ("centroid", "table")
    np.testing.assert_array_equal(source.axis, np.sort(MZ))
    np.testing.assert_array_equal(source.x, table["x"])
    np.testing.assert_array_equal(source.y, table["y"])
    np.testing.assert_array_equal(source.annotations["tissue"], table["tissue"])
    np.testing.assert_array_equal(source.annotations["depth"], table["depth"])
    assert len(source.annotations) == 2
    np.testing.assert_allclose(spectra(source), wanted, rtol=1e-15)
    rows = np.array([0, 3, 4, 11])
    np.testing.assert_allclose(spectra(source, 10, rows), wanted[rows], rtol=1e-15)
    latin = ["the text is not UTF-8: read as Latin-1"] * (name == "latin.csv")
    assert list(source.notes) == [*latin, "the m/z axis was not in ascending order: sorted"]
    source.write(tmp_path / "source.h5")
    again = type(source).read(tmp_path / "source.h5")
    np.testing.assert_array_equal(spectra(again), spectra(source))


@pytest.mark.parametrize("name", ["plain.csv", "groups.parquet"])
def test_the_way_into_a_measurement(tmp_path, table, name):
    table.iloc[3, 2] = np.nan
    WRITERS[name](table, tmp_path / name)
    with pytest.raises(IngestError, match="intensities that are NaN"):
        read_measurement(tmp_path / name)
    measurement = read_measurement(tmp_path / name, non_finite_intensity="fix")
    read = np.concatenate([block.intensity for block in measurement.blocks()]).reshape(12, 3)
    np.testing.assert_allclose(read, table[map(str, MZ)].fillna(0).to_numpy()[:, SORTED])


@pytest.mark.parametrize("name", ["plain.csv", "quoted.csv", "groups.parquet", "one.parquet"])
def test_blocks_may_be_read_by_threads_in_any_order(tmp_path, table, name, rng, monkeypatch):
    monkeypatch.setattr("imsforge.readers.tabular.text_rows._CHUNK_BYTES", 100)
    WRITERS[name](table, tmp_path / name)
    source = read_table(tmp_path / name)
    loaders = list(source.loaders(8, 1))
    assert len(loaders) > 4
    with ThreadPoolExecutor(4) as pool:
        # Twice: what was read before may be asked for again.
        for order in (rng.permutation(len(loaders)), np.arange(len(loaders))[::-1]):
            for block in pool.map(lambda k: loaders[k](), order):
                read = block.intensity.reshape(-1, 3)
                np.testing.assert_allclose(read, spectra(source)[block.rows])


# What columns are named


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["x", "y"], (0, 1)),
        (["Y", "X"], (1, 0)),
        (["Pixel_X", "Pixel_Y", "x", "y"], (0, 1)),
        (["x", "y", "row", "column"], (0, 1)),
        (["row", "column"], (1, 0)),
        (["x.pos", "y.pos"], (0, 1)),
        (["X", "x", "y"], (1, 2)),  # R calls row numbers X
        (["grid x", "real_x", "grid y", "real_y"], (0, 2)),
        (["x", "y", "ion_image_pixel_x", "ion_image_pixel_y"], (2, 3)),
        (["ion_image_pixel_x", "pixel_x", "pixel_y"], (1, 2)),
        (["a_pixel_x", "b_pixel_y"], None),
        (["x", "z"], None),
        (["real_x", "real_y"], None),
    ],
)
def test_which_columns_are_coordinates(names, found):
    assert columns.find_coordinates(names) == found


@pytest.mark.parametrize(
    ("name", "mz"),
    [
        ("426.97", 426.97),
        (" 426 ", 426),
        ("426,97", 426.97),
        ("mz_426.97", 426.97),
        ("MZ426.97", 426.97),
        ("m/z 426.97", 426.97),
        ("m.z.426.97", 426.97),
        ("mz: 426.97 Da", 426.97),
        ("X426.97", 426.97),
        ("426.97.1", 426.97),
        ("4.2697e+02", 426.97),
        ("x426", None),
        ("peak_12", None),
        ("1,234.5", None),
        ("-426.97", None),
        ("nan", None),
        ("inf", None),
        ("tissue", None),
        ("426.97a", None),
        ("", None),
    ],
)
def test_which_columns_are_named_by_an_mz(name, mz):
    assert columns.mz_of(name) == mz


def test_an_axis_in_order_is_left_alone():
    axis, order, notes = columns.ordered_axis("a.csv", [100, 200, 200, 300])
    np.testing.assert_array_equal(axis, [100, 200, 200, 300])
    assert order is None
    assert notes == ["values of the m/z axis that repeat the one before: 1"]


def test_thousands_of_columns(tmp_path, rng):
    mz = np.round(np.sort(rng.uniform(100, 2000, 5000)), 4)
    values = rng.integers(0, 50, (7, 5000))
    head = ",".join(["x", "y", *map(str, mz)])
    lines = [",".join(map(str, [k, 0, *row])) for k, row in enumerate(values)]
    source = read_table(write(tmp_path / "a.csv", "\n".join([head, *lines])))
    np.testing.assert_array_equal(source.axis, mz)
    np.testing.assert_array_equal(spectra(source), values)


def test_the_table_of_r(tmp_path):
    """write.table: one name less than cells, everything quoted, points in names."""
    text = '"x" "y" "X100.5" "X200"\n"1" 1 1 5 6\n"2" 2 1 7 8\n'.replace(" ", "\t")
    source = read_table(write(tmp_path / "a.tsv", text))
    np.testing.assert_array_equal(source.x, [1, 2])
    np.testing.assert_array_equal(spectra(source), [[5, 6], [7, 8]])


def test_comments_blank_lines_and_separators_at_the_end(tmp_path):
    text = "# exported on Monday\n#\n\nx;y;100;200;\n\n1;1;5;6;\n   \n2;1;7;8;\n\n"
    source = read_table(write(tmp_path / "a.csv", text))
    np.testing.assert_array_equal(spectra(source), [[5, 6], [7, 8]])
    text = text.replace("200;", "200")  # a separator at the end of the rows alone
    np.testing.assert_array_equal(
        spectra(read_table(write(tmp_path / "a.csv", text))), [[5, 6], [7, 8]]
    )


@pytest.mark.parametrize(
    "text",
    [
        "x;y;426.92;431.04;note\n1;1;15.5;2.25;1,2,3,4,5,6,7\n2;1;3.5;0;1,2,3,4,5,6,7\n",
        "x;y;426,92;431,04;note\n1;1;15,5;2,25;v1.2.3.4\n2;1;3,5;0;0.1 to 0.2\n",
        "x\ty\t426.92\t431.04\n1\t1\t15,5\t2,25\n2\t1\t3,5\t0\n",
        'x,y,"426,92","431,04"\n1,1,"15,5","2,25"\n2,1,"3,5",0\n',
        "sep=;\nx;y;426,92;431,04\n1;1;15,5;2,25\n2;1;3,5;0\n",
        "sep=,\n# a;b;c;d;e;f\nx,y,426.92,431.04\n1,1,15.5,2.25\n2,1,3.5,0\n",
        "x;y;426.92;431.04;\n1;1;15.5;2.25\n2;1;3.5;0\n",
        '"x" "y" "X426.92" "X431.04"\n"1" 1 1 15.5 2.25\n"2" 2 1 3.5 0\n',
        '"x","y","X426.92","X431.04"\n"1",1,1,15.5,2.25\n"2",2,1,3.5,0\n',
        "pixel_x,pixel_y,426.92,431.04\n1,1,15.5,2.25\n2,1,3.5,0\n",
    ],
)
def test_numbers_tell_their_decimal_sign_and_lines_their_separator(tmp_path, text):
    source = read_table(write(tmp_path / "a.csv", text))
    np.testing.assert_array_equal(source.axis, [426.92, 431.04])
    np.testing.assert_array_equal(source.x, [1, 2])
    np.testing.assert_array_equal(spectra(source), [[15.5, 2.25], [3.5, 0]])


def test_decimal_commas_between_commas_are_refused(tmp_path):
    """A cell more than names is no number of the row."""
    assert "line 2 has 4 of 3 cells" in message_of(
        write(tmp_path / "a.csv", "x,y,426.92\n1,1,0,5\n2,1,0,7\n")
    )


def test_separators_and_line_ends_in_quotes(tmp_path, monkeypatch):
    monkeypatch.setattr("imsforge.readers.tabular.text_rows._CHUNK_BYTES", 16)
    rows = [f'{k},1,"left, upper\nsecond line ""{k}""",{k * 2}' for k in range(30)]
    source = read_table(write(tmp_path / "a.csv", "\n".join(["x,y,tissue,100.5", *rows])))
    np.testing.assert_array_equal(source.x, np.arange(30))
    np.testing.assert_array_equal(spectra(source).ravel(), np.arange(30) * 2)
    assert source.annotations["tissue"][4] == 'left, upper\nsecond line "4"'


def test_names_and_texts_that_the_index_could_not_hold(tmp_path):
    text = f"x,y,100,m/z class,m_z class,.,,long\n1,1,5,a,b,c,d,{'e' * 300}\n"
    source = read_table(write(tmp_path / "a.csv", text))
    assert {name: values[0] for name, values in source.annotations.items()} == {
        "m_z class": "a",
        "m_z class_2": "b",
        "unnamed": "c",
    }
    assert list(source.notes) == ["not read as annotations: long"]
    source.write(tmp_path / "source.h5")


def test_missing_values(tmp_path):
    text = "x,y,100,200,tissue,batch,depth\n1,1,,NA,,1,0.5\n2,1,nan,2,NA,,\n3,1,3,null,b,3,1\n"
    source = read_table(write(tmp_path / "a.csv", text))
    nan = np.nan
    np.testing.assert_array_equal(spectra(source), [[nan, nan], [nan, 2], [3, nan]])
    # An expert may have called a class NA.
    np.testing.assert_array_equal(source.annotations["tissue"], ["", "NA", "b"])
    np.testing.assert_array_equal(source.annotations["batch"], [1, nan, 3])
    np.testing.assert_array_equal(source.annotations["depth"], [0.5, nan, 1])


def test_missing_values_in_parquet(tmp_path, table):
    table["tissue"] = [None, "b"] * 6
    table["batch"] = pd.array([1, None] * 6, dtype="Int32")
    table["300.5"] = pd.array([None, 2] * 6, dtype="Int64")
    table["pictures"] = [[1, 2]] * 12
    table.to_parquet(tmp_path / "a.parquet")
    source = read_table(tmp_path / "a.parquet")
    np.testing.assert_array_equal(source.annotations["tissue"], ["", "b"] * 6)
    np.testing.assert_array_equal(source.annotations["batch"], [1, np.nan] * 6)
    np.testing.assert_array_equal(spectra(source)[:, 2], [np.nan, 2] * 6)
    assert source.notes[-1] == "not read as annotations: pictures"


def test_columns_of_a_name_that_another_begins_with(tmp_path):
    """Arrow takes a point in a name for a level: 426 would bring 426.97 along."""
    names = ["x", "y", "426", "426.97", "426.97.1"]
    arrays = [pa.array([k, k + 10]) for k in range(5)]
    pq.write_table(pa.table(arrays, names=names), tmp_path / "a.parquet")
    source = read_table(tmp_path / "a.parquet")
    np.testing.assert_array_equal(source.axis, [426, 426.97, 426.97])
    np.testing.assert_array_equal(spectra(source), [[2, 3, 4], [12, 13, 14]])


def test_types_of_parquet(tmp_path):
    names = ["x", "y", "100", "200"]
    for types, wanted in ((("float", "float"), "float32"), (("float", "int16"), "float64")):
        arrays = [pa.array([1, 2]), pa.array([1, 1]), *(pa.array([3, 4], kind) for kind in types)]
        pq.write_table(pa.table(arrays, names=names), tmp_path / "a.parquet")
        source = read_table(tmp_path / "a.parquet")
        assert source.intensity_dtype == wanted
        assert spectra(source).dtype == wanted
    arrays[3] = pa.array(["3", "4"])
    pq.write_table(pa.table(arrays, names=names), tmp_path / "a.parquet")
    assert "column 200 holds string, not numbers" in message_of(tmp_path / "a.parquet")


# What is refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y,100\n", "holds no spectrum"),
        ("#x,y,100\n", "holds no names of columns"),
        ("a,b,100\n1,1,1\n", "has no columns x and y; found a, b, 100"),
        ("x,y,tissue\n1,1,a\n", "no columns are named by an m/z value"),
        ("x,y,mz,intensity\n1,1,100,5\n", "give one row a pixel and one column an m/z value"),
        ("x,y,1,2,3\n1,1,1,1,1\n", "its columns are named 1 to 3, by numbers of peaks"),
        ("x,y,0.1,200\n1,1,1,1\n", "m/z is 0.1 at point 1"),
        ("x,y,100\n1,1,1\n2,a,1\n", "line 3, column y: 'a' is no number"),
        ("x,y,100\n1,1,1\n2,,1\n", "y of spectrum 2 is nan, not a whole number"),
        ("x,y,100\n1.5,1,1\n", "x of spectrum 1 is 1.5, not a whole number"),
        ("#\nx,y,200,100\n1,1,1,1\n\n2,1,3,n.d.\n", "line 5, column m/z 100.0: 'n.d.' is no"),
        ('x,y,t,100\n1,1,"a\nb",1\n2,1,"",1_0\n', "line 4, column m/z 100.0: '1_0' is no number"),
        ("x;y;100\n1;1;0,5\n2;1;1.5\n1;1;0,5\n", "line 3, column m/z 100.0: '1.5' is no number"),
        ("x,y,100,200\n1,1,1,2\n2,1,1\n", "line 3 has 3 of 4 cells"),
        ("x,y,100,200\n1,1,1,2\n2,1,1,2,3\n3,1,1\n", "line 3 has 5 of 4 cells"),
        ('x,y,t,100\n1,1,"a,b",1\n2,1,a,b,1\n', "line 3 has 5 of 4 cells"),
        ('x,y,t,100\n1,1,"a,1\n2,1,b,1\n', "has 3 of 4 cells"),
        ("x,y,100\r1,1,1\r", "its lines end in CR alone"),
        ("x,y,100\n1,1,1\r2,1,1\n", "line 2 has 5 of 3 cells"),
        (b"x,y,100\n1,1,\0\n", "is no text from line 2 on"),
        (b"\0\1\2", "holds no names of columns"),
        ("x,y,100\n1,1,1\n".encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
        (
            "x,y," + ",".join(f"gene{k}" for k in range(300)) + "\n1,1\n",
            "and 292 more; give one row",
        ),
    ],
)
def test_text_that_cannot_be_read_is_told_in_one_line(tmp_path, text, message):
    assert message in message_of(write(tmp_path / "a.csv", text))


def test_a_line_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("imsforge.readers.tabular.text_rows._CHUNK_BYTES", 64)
    monkeypatch.setattr("imsforge.readers.tabular.text_rows.LONGEST_LINE", 1000)
    text = 'x,y,t,100\n1,1,a,1\n2,1,"' + "a,1\n" * 500
    assert "line 3 does not end, or a quotation mark" in message_of(write(tmp_path / "a.csv", text))


def test_parquet_that_cannot_be_read(tmp_path, table):
    path = tmp_path / "a.parquet"
    assert "is not Parquet or is damaged" in message_of(write(path, "x,y,100\n1,1,1\n"))
    table.iloc[:0].to_parquet(path)
    assert "holds no spectrum" in message_of(path)
    pq.write_table(pa.table([[1], [1], [5], [6]], names=["x", "y", "100", "100"]), path)
    assert "column 100 is there twice" in message_of(path)


def test_a_table_that_changed_since_it_was_indexed(tmp_path, table):
    for name in ("plain.csv", "one.parquet"):
        WRITERS[name](table, tmp_path / name)
        source = read_table(tmp_path / name)
        WRITERS[name](table[:5], tmp_path / name)
        with pytest.raises(IngestError):
            spectra(source)
        (tmp_path / name).unlink()
        with pytest.raises(IngestError):
            spectra(source)


def test_more_rows_than_a_file_can_hold(tmp_path, table, monkeypatch):
    monkeypatch.setattr("imsforge.readers.tabular.parquet._FEW_ROWS", 5)
    monkeypatch.setattr("imsforge.readers.tabular.parquet._MOST_ROWS_A_BYTE", 0)
    table.to_parquet(tmp_path / "a.parquet")
    assert "declares 12 rows, more than it can hold" in message_of(tmp_path / "a.parquet")


DAMAGE = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from([0, 1, 1, 1, 2, 8]),
        st.binary(max_size=8) | st.sampled_from([b"\xff" * 8, b"\0" * 8, b"\n", b'"', b",", b"\r"]),
    ),
    min_size=1,
    max_size=3,
)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Small tables, to be damaged."""
    folder = tmp_path_factory.mktemp("originals")
    values = {name: np.arange(6) + k / 4 for k, name in enumerate(("100.5", "200", "300"))}
    frame = pd.DataFrame({"x": np.arange(6), "y": 1, **values, "tissue": ["a", "médulla"] * 3})
    for name in (
        "plain.csv",
        "excel.csv",
        "quoted.csv",
        "tabs.tsv",
        "one.parquet",
        "index.parquet",
    ):
        WRITERS[name](frame, folder / name)
    return sorted(folder.iterdir())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(which=st.integers(0, 5), damage=DAMAGE)
def test_damaged_tables_give_spectra_or_one_line(originals, which, damage):
    data = originals[which].read_bytes()
    for place, length, replacement in damage:
        at = int(place * len(data))
        data = data[:at] + replacement + data[at + length :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{originals[which].suffix}"
        path.write_bytes(data)
        try:
            source = read_table(path)
            assert sum(load().n_rows for load in source.loaders(7, 1)) == source.n_spectra
        except IngestError as error:
            assert "\n" not in str(error)
            assert str(error).startswith(str(path))
