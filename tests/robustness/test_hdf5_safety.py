"""HDF5 files that point elsewhere, declare what they do not hold, or are damaged."""

import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imsforge.errors import IngestError
from imsforge.readers.hdf5 import read_hdf5

CONTENTS = {
    "intensity": np.arange(24, dtype=np.float32).reshape(6, 4),
    "mz": np.array([100.0, 200, 300, 400]),
    "x": np.arange(6),
    "y": np.zeros(6, dtype=np.int64),
}


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "a.h5", CONTENTS)


@pytest.fixture
def secret(tmp_path):
    """Another file, whose numbers must not get into a measurement."""
    return write(tmp_path / "secret.h5", {name: value + 1000 for name, value in CONTENTS.items()})


def write(path, contents):
    with h5py.File(path, "w") as file:
        for name, value in contents.items():
            file[name] = value
    return path


def replace(path, name, node):
    with h5py.File(path, "a") as file:
        del file[name]
        file[name] = node
    return path


def spectra(source):
    blocks = [load() for load in source.loaders(100, 1)]
    return np.concatenate([block.intensity for block in blocks])


def message_of(path, layout=None):
    with pytest.raises(IngestError) as error:
        read_hdf5(path, layout)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(path))
    return str(error.value)


# Links


@pytest.mark.parametrize("name", CONTENTS)
def test_a_link_to_another_file_is_refused(path, secret, name):
    replace(path, name, h5py.ExternalLink(secret.name, f"/{name}"))
    assert f"{name} is a link to another file (secret.h5)" in message_of(path)


def test_a_link_to_another_file_in_the_middle_of_a_path(path, secret):
    with h5py.File(path, "a") as file:
        file["run/other"] = h5py.ExternalLink(str(secret), "/")
        file["round"] = h5py.SoftLink("/run/other/x")
    layout = {name: name for name in CONTENTS}
    message = message_of(path, layout | {"x": "run/other/x"})
    assert "run/other/x is a link to another file" in message
    assert "round is a link to another file" in message_of(path, layout | {"x": "round"})


def test_a_description_in_another_file_is_left_where_it_is(path, secret):
    with h5py.File(path, "a") as file:
        file["tissue"] = h5py.ExternalLink(secret.name, "/x")
        file["annotations/batch"] = h5py.ExternalLink(secret.name, "/x")
    source = read_hdf5(path)
    assert source.annotations == {}
    assert list(source.notes) == ["not read as annotations: tissue, batch"]
    layout = {name: name for name in CONTENTS} | {"annotations": {"tissue": "tissue"}}
    assert "tissue is a link to another file" in message_of(path, layout)


def test_a_group_of_annotations_in_another_file(path, secret):
    with h5py.File(path, "a") as file:
        file["annotations"] = h5py.ExternalLink(secret.name, "/")
    assert read_hdf5(path).annotations == {}


def test_links_within_the_file_are_followed(path):
    with h5py.File(path, "a") as file:
        file["run/stage/x"] = CONTENTS["x"] + 5
        file["run/here"] = h5py.SoftLink("stage")
    replace(path, "x", h5py.SoftLink("/run/here/./x"))
    np.testing.assert_array_equal(read_hdf5(path).x, CONTENTS["x"] + 5)


def test_links_that_lead_nowhere_or_round_in_circles(path):
    replace(path, "x", h5py.SoftLink("/nowhere"))
    assert "has no dataset x" in message_of(path)
    replace(path, "x", h5py.SoftLink("/x"))
    assert "x is a link that goes round in circles" in message_of(path)
    with h5py.File(path, "a") as file:
        file["a"], file["b"] = h5py.SoftLink("/b"), h5py.SoftLink("/a")
    assert "is a link that goes round" in message_of(replace(path, "x", h5py.SoftLink("/a/x")))


def test_a_group_that_holds_itself(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("a")
        group["again"] = group
        group["root"] = file["/"]
    assert "none of the layouts" in message_of(tmp_path / "a.h5")


def test_groups_in_groups(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file
        for _ in range(2000):
            group = group.create_group("g")
    assert "none of the layouts" in message_of(tmp_path / "a.h5")


def test_a_dataset_assembled_from_other_files(path, secret):
    layout = h5py.VirtualLayout((6,), dtype=np.int64)
    layout[:] = h5py.VirtualSource(str(secret), "x", (6,))
    with h5py.File(path, "a") as file:
        del file["x"]
        file.create_virtual_dataset("x", layout)
    assert "the data of x are other datasets'; copy them" in message_of(path)


def test_a_dataset_whose_bytes_lie_in_another_file(path, tmp_path):
    (tmp_path / "passwords").write_bytes(b"secret" * 100)
    with h5py.File(path, "a") as file:
        del file["x"]
        external = [(str(tmp_path / "passwords"), 0, 48)]
        file.create_dataset("x", (6,), np.int64, external=external)
    assert "the data of x lie in another file; copy them" in message_of(path)


def test_a_link_that_is_set_after_indexing(path, secret):
    source = read_hdf5(path)
    replace(path, "intensity", h5py.ExternalLink(secret.name, "/intensity"))
    with pytest.raises(IngestError, match="intensity is a link to another file"):
        spectra(source)


# Sizes


@pytest.mark.parametrize(
    ("name", "shape", "chunks"),
    [
        ("x", (10**12,), (1000,)),
        ("mz", (10**12,), (1000,)),
        ("intensity", (10**12, 4), (1000, 4)),
        ("intensity", (10**6, 10**6, 4), (10, 10, 4)),
        ("x", (2**62,), (1000,)),
        ("x", (10**9,), None),
    ],
)
def test_arrays_that_are_declared_and_not_there(path, name, shape, chunks):
    with h5py.File(path, "a") as file:
        del file[name]
        file.create_dataset(name, shape, np.float64, chunks=chunks)
    assert path.stat().st_size < 100_000
    assert f"{name} has shape {shape}, " in message_of(path)


def test_a_description_that_is_declared_and_not_there(tmp_path):
    """An attack through what is read beside the spectra."""
    with h5py.File(write(tmp_path / "a.h5", CONTENTS), "a") as file:
        file.create_dataset("tissue", (10**12,), "S100", chunks=(1000,))
        file.create_dataset("wide", (6,), "S100000000", chunks=(1,))
    assert read_hdf5(tmp_path / "a.h5").annotations == {}


def test_chunks_that_unpack_to_gigabytes(path):
    with h5py.File(path, "a") as file:
        del file["x"]
        options = {"maxshape": (None,), "chunks": (2**28,), "compression": "gzip"}
        file.create_dataset("x", (6,), np.float64, **options)
    assert "x is packed in chunks of 2147483648 bytes" in message_of(path)


def test_one_long_text_for_many_pixels(tmp_path):
    contents = CONTENTS | {"tissue": np.array(["a" * 10**6] * 6, dtype=object)}
    source = read_hdf5(write(tmp_path / "a.h5", contents))
    assert list(source.notes) == ["not read as annotations: tissue"]


# Types


def test_types_that_are_no_numbers(path):
    odd = {
        "reference": h5py.ref_dtype,
        "pairs": np.dtype([("a", "f4"), ("b", "i8")]),
        "opaque": np.dtype("V7"),
        "ragged": h5py.vlen_dtype(np.float64),
        "complex": np.complex128,
        "many": np.dtype(("f4", (3,))),
    }
    with h5py.File(path, "a") as file:
        for name, kind in odd.items():
            file.create_dataset(name, (6,), kind)
        file["nothing"] = h5py.Empty("f4")
        file["type"] = np.dtype("f4")
        file.attrs["root"] = file.ref
        file["intensity"].attrs["pandas_type"] = np.zeros(3)
    source = read_hdf5(path)
    assert source.annotations == {}
    layout = {name: name for name in CONTENTS}
    for name in (*odd, "nothing"):
        assert message_of(path, layout | {"x": name})


# Damage


def test_a_file_that_is_cut_off(path):
    data = path.read_bytes()
    for length in (1, 8, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        assert "is not HDF5 or is damaged" in message_of(path)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Small files of several layouts and generations of the format, to be damaged.

    Text is of fixed length: HDF5 2.0 itself can hang in damaged text of variable length.
    """
    folder = tmp_path_factory.mktemp("originals")
    packed = {"chunks": (4, 3), "compression": "gzip", "shuffle": True, "fletcher32": True}
    cube = np.where(np.arange(24) % 7 == 0, np.nan, np.arange(24.0)).reshape(2, 3, 4)
    for number, libver in enumerate(("earliest", "latest")):
        with h5py.File(folder / f"matrix-{number}.h5", "w", libver=libver) as file:
            options = packed if number else {}
            file.create_dataset("intensity", data=CONTENTS["intensity"], **options)
            for name in ("mz", "x", "y"):
                file[name] = CONTENTS[name]
            file["annotations/tissue"] = np.array([b"a", b"b"] * 3)
        with h5py.File(folder / f"cube-{number}.h5", "w", libver=libver) as file:
            file.create_dataset("peaks", data=cube, chunks=(1, 3, 4), compression="lzf")
            file["mz"] = CONTENTS["mz"]
        with h5py.File(folder / f"frame-{number}.h5", "w", libver=libver) as file:
            group = file.create_group("frame")
            group.attrs["pandas_type"] = np.bytes_("frame")
            group["block0_items"], group["block0_values"] = CONTENTS["mz"], CONTENTS["intensity"]
            for level, name in enumerate("xy"):
                group[f"axis1_level{level}"] = np.arange(6)
                group[f"axis1_level{level}"].attrs["name"] = np.bytes_(name)
                group[f"axis1_label{level}"] = np.arange(6, dtype=np.int8)
    return sorted(folder.iterdir())


DAMAGE = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from([0, 1, 1, 1, 2, 8]),
        st.binary(max_size=8) | st.sampled_from([b"\xff" * 8, b"\0" * 8]),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(which=st.integers(0, 5), damage=DAMAGE)
def test_damaged_files_give_spectra_or_one_line(originals, which, damage):
    data = originals[which].read_bytes()
    for place, length, replacement in damage:
        at = int(place * len(data))
        data = data[:at] + replacement + data[at + length :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.h5"
        path.write_bytes(data)
        try:
            source = read_hdf5(path)
            assert sum(load().n_rows for load in source.loaders(7, 1)) == source.n_spectra
        except IngestError as error:
            assert "\n" not in str(error)
            assert str(error).startswith(str(path))
