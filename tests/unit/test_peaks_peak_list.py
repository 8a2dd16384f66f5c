"""Peak lists as users have them."""

import numpy as np
import pytest

from imsforge.errors import ConfigError
from imsforge.peaks.peak_list import read_peak_list


@pytest.mark.parametrize(
    "text",
    [
        "500.25\n400.5\n\n600.75\n",
        "mz\n400.5\n500.25\n600.75\n",
        "# from a paper\nname,mz,charge\na,400.5,1\nb,500.25,1\nc,600.75,2\n",
        '"m/z";"Interval Width (+/- Da)"\n400.5;0.1\n500.25;0.1\n600.75;0.1\n',
        "400.5\t1\n500.25\t2\n600.75\t3\n",
        "  400.5  lipid one\n500.25 lipid two\n600.75 x\n",
        "\ufeffMZ,lower\r\n400.5,1\r\n500.25,1\r\n600.75,1\r\n",
        "mz\n400,5\n500,25\n600,75\n",
        "mz;name\n400,5;a, b\n500,25;b\n600,75;c\n",
        '"mz","name"\n"400,5","a"\n"500,25","b"\n"600,75","c"\n',
        "sep=;\nname;m/z\na;400,5\nb;500,25\nc;600,75\n",
        "400,5;1\n500,25;2\n600,75;3\n",
        "mz;name;\n400.5;a;\n500.25;b;\n600.75;c;\n",
        "mz;note\n400.5;1,2,3,4\n500.25;1,2,3,4\n600.75;1,2\n",
        '"mz" "name"\n"1" 400.5 "a"\n"2" 500.25 "b"\n"3" 600.75 "c"\n',
        "M.Z\n400.5\n500.25\n# the last\n600.75\n",
    ],
)
def test_layouts(tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(read_peak_list(path), [400.5, 500.25, 600.75])


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8-sig"])
def test_encodings(tmp_path, encoding):
    path = tmp_path / "list.txt"
    path.write_bytes("mz\tname\n400.5\tPräparat\n".encode(encoding))
    np.testing.assert_array_equal(read_peak_list(path), [400.5])


@pytest.mark.parametrize("rows", [(",92", ",04"), (",92", ""), (",92,1", ",4,2"), (",92 1", "")])
def test_a_comma_that_may_mean_both_is_refused(tmp_path, rows):
    """It may be a decimal comma, or the next column."""
    path = tmp_path / "list.txt"
    path.write_text("426{}\n431{}\n".format(*rows))
    with pytest.raises(ConfigError, match=r"line 1: '426,92.*' may be one number or two; write"):
        read_peak_list(path)


def test_repeated_values_are_one_peak(tmp_path, caplog):
    path = tmp_path / "list.txt"
    path.write_text("500\n400\n500\n")
    np.testing.assert_array_equal(read_peak_list(path), [400, 500])
    assert "1 repeated values left out" in caplog.text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no m/z value"),
        ("# nothing\n", "holds no m/z value"),
        ("mz\n", "holds no m/z value"),
        ("mz,name\n426,92,a\n", "line 2 has 3 cells below 2 names"),
        ("mz;name\n426,92;a\n431.04;b\n519,3;c\n", "line 3: '431.04' is no m/z"),
        ("mz\n1.426,92\n", "line 2: '1.426,92' is no m/z"),
        ("mass,name\n500,a\n", "has no column mz or m/z, but mass, name"),
        ("mz,name\n500,a\nfive,b\n", "line 3: 'five' is no m/z"),
        ("500\n-1\n", "line 2: '-1' is no m/z"),
        ("500\n\nnan\n", "line 3: 'nan' is no m/z"),
        ("name,mz\na,500\nb\n", "line 3: '' is no m/z"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path, text, says):
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        read_peak_list(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert says in str(raised.value)


def test_files_that_are_no_text(tmp_path):
    path = tmp_path / "list.xlsx"
    with pytest.raises(ConfigError, match="cannot be read as text"):
        read_peak_list(path)
    path.write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read as text"):
        read_peak_list(path)
