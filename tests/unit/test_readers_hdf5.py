"""Layouts of HDF5 files as sources of spectra."""

from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import random_array

from imsforge.errors import IngestError
from imsforge.ingest.ingest import read_measurement
from imsforge.ingest.measurement import Measurement
from imsforge.readers.hdf5 import read_hdf5
from imsforge.readers.source import Source

TEXT = h5py.string_dtype()


@pytest.fixture
def contents(rng):
    return {
        "intensity": rng.random((6, 4), dtype=np.float32),
        "mz": np.array([100.0, 200, 300, 400]),
        "x": np.arange(6),
        "y": np.zeros(6, dtype=np.int64),
    }


@pytest.fixture
def cube(rng):
    """Three rows of five columns; two places without numbers, one without signal."""
    cube = rng.random((3, 5, 4), dtype=np.float32)
    cube[0, 1] = cube[2, 4] = np.nan
    cube[1, 1, 0] = np.nan
    cube[1, 2] = 0
    return cube


def write(path, contents, **options):
    with h5py.File(path, "w") as file:
        for name, value in contents.items():
            kept = options if np.ndim(value) > 1 else {}
            file.create_dataset(name, data=value, **kept)
    return path


def spectra(source, max_points=10, rows=None):
    """Read a source with a common axis: (n_rows, n_axis)."""
    blocks = [load() for load in source.loaders(max_points, 1, rows)]
    n_rows = source.n_spectra if rows is None else len(rows)
    assert [block.rows.start for block in blocks] == [0, *(b.rows.stop for b in blocks[:-1])]
    assert blocks[-1].rows.stop == n_rows
    assert all(np.array_equal(block.axis, source.axis) for block in blocks)
    return np.concatenate([block.intensity for block in blocks]).reshape(n_rows, -1)


def message_of(path, layout=None):
    with pytest.raises(IngestError) as error:
        read_hdf5(path, layout)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(path))
    return str(error.value)


# Matrices


def test_intensities_come_as_they_are(tmp_path, contents):
    source = read_hdf5(write(tmp_path / "a.h5", contents))
    assert (source.format, source.mode, source.layout) == ("HDF5", "centroid", "matrix")
    assert source.notes.size == 0
    blocks = [load() for load in source.loaders(10, 1)]
    assert [block.rows for block in blocks] == [slice(0, 2), slice(2, 4), slice(4, 6)]
    assert all(block.intensity.dtype == np.float32 for block in blocks)
    np.testing.assert_array_equal(spectra(source), contents["intensity"])
    np.testing.assert_array_equal(source.x, contents["x"])
    np.testing.assert_array_equal(source.n_points, [4] * 6)


def test_peaks_first_is_told_from_the_shapes(tmp_path, contents):
    turned = contents | {"intensity": contents["intensity"].T}
    source = read_hdf5(write(tmp_path / "a.h5", turned))
    np.testing.assert_array_equal(spectra(source), contents["intensity"])


def test_a_square_matrix_is_pixels_first(tmp_path, contents):
    square = {"intensity": np.arange(16.0).reshape(4, 4), "x": np.arange(4), "y": np.zeros(4)}
    source = read_hdf5(write(tmp_path / "a.h5", contents | square))
    np.testing.assert_array_equal(spectra(source), square["intensity"])


@pytest.mark.parametrize("turn", [False, True])
def test_an_axis_out_of_order_is_sorted_with_its_columns(tmp_path, contents, turn):
    contents["mz"] = np.array([300.0, 100, 400, 200])
    stored = contents["intensity"].T if turn else contents["intensity"]
    source = read_hdf5(write(tmp_path / "a.h5", contents | {"intensity": stored}))
    np.testing.assert_array_equal(source.axis, [100, 200, 300, 400])
    np.testing.assert_array_equal(spectra(source), contents["intensity"][:, [1, 3, 0, 2]])
    assert list(source.notes) == ["the m/z axis was not in ascending order: sorted"]


def test_numbers_of_any_type_and_byte_order(tmp_path, contents):
    for kind in (">f4", "<u2", ">i8", "f2"):
        values = (contents["intensity"] * 100).astype(kind)
        source = read_hdf5(write(tmp_path / "a.h5", contents | {"intensity": values}))
        read = spectra(source)
        np.testing.assert_array_equal(read, values)
        assert read.dtype.isnative
        assert source.intensity_dtype == np.dtype(kind).name


def test_a_source_survives_its_file(tmp_path, contents):
    path = write(tmp_path / "a.h5", contents | {"mz": contents["mz"][::-1], "tissue": [b"a"] * 6})
    source = read_hdf5(path)
    source.write(tmp_path / "source.h5")
    again = type(source).read(tmp_path / "source.h5")
    assert isinstance(again, Source)
    assert again.path == str(path)
    np.testing.assert_array_equal(spectra(again), contents["intensity"][:, ::-1])
    np.testing.assert_array_equal(again.annotations["tissue"], ["a"] * 6)


def test_the_way_into_a_measurement(tmp_path, contents):
    measurement = read_measurement(write(tmp_path / "a.h5", contents))
    measurement.write(tmp_path / "spectra.h5")
    measurement = Measurement.read(tmp_path / "spectra.h5")
    read = np.concatenate([block.intensity for block in measurement.blocks()]).reshape(6, 4)
    np.testing.assert_array_equal(read, contents["intensity"])


def test_annotations_at_the_root_and_in_their_group(tmp_path, contents):
    tissue = np.array(["cortex", "médulla"] * 3, dtype=object)
    extra = {
        "segment": np.arange(6, dtype=">i2"),
        "healthy": np.array([True, False] * 3),
        "annotations/tissue": tissue,
        "annotations/batch": np.array([b"a"] * 6),
        "image": np.zeros((2, 3)),
        "remark": "not one a pixel",
        "essays": np.array(["long " * 100] * 6, dtype=object),
    }
    annotations = read_hdf5(write(tmp_path / "a.hdf5", contents | extra)).annotations
    assert sorted(annotations) == ["batch", "healthy", "segment", "tissue"]
    np.testing.assert_array_equal(annotations["tissue"], tissue)
    np.testing.assert_array_equal(annotations["batch"], ["a"] * 6)
    np.testing.assert_array_equal(annotations["segment"], np.arange(6))
    np.testing.assert_array_equal(annotations["healthy"], extra["healthy"])
    source = read_hdf5(tmp_path / "a.hdf5")
    assert list(source.notes) == ["not read as annotations: essays, image, remark"]


def test_peaks_of_an_earlier_run_are_a_measurement(tmp_path, peaks):
    peaks.write(tmp_path / "peaks.h5")
    source = read_hdf5(tmp_path / "peaks.h5")
    np.testing.assert_array_equal(source.x, peaks.x)
    np.testing.assert_array_equal(source.annotations["tissue"], peaks.annotations["tissue"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mz": None, "x": None}, "has no dataset mz; found intensity, y"),
        ({"y": None, "x": None}, "has no dataset x, y; found intensity, mz"),
        ({"intensity": np.zeros((5, 6))}, "shapes do not fit: intensity (5, 6), mz 4, x 6, y 6"),
        ({"intensity": np.zeros(6)}, "shapes do not fit: intensity (6,)"),
        ({"intensity": np.full((6, 4), b"x")}, "intensity holds |S1, not numbers"),
        ({"x": np.zeros(5)}, "shapes do not fit"),
        ({"x": np.zeros((2, 3))}, "x has shape (2, 3); it must have one dimension"),
        ({"x": np.linspace(0, 1, 6)}, "x of spectrum 2 is 0.2, not a whole number"),
        ({"x": np.array([0, 1, 2, 3, 4, 2**40])}, "x of spectrum 6 is 1099511627776"),
        ({"mz": np.array([100.0, np.nan, 200, 400])}, "m/z is nan at point 2"),
        ({"mz": np.array([100.0, -5, 200, 400])}, "m/z is -5.0 at point 2"),
        ({"mz": np.zeros(0), "intensity": np.zeros((6, 0))}, "the m/z axis is empty"),
        ({"intensity": np.zeros((0, 4)), "x": [], "y": []}, "holds no spectrum"),
        ({"intensity": np.zeros((6, 4, 1, 1))}, "shapes do not fit"),
        ({"intensity": np.array(1.0)}, "shapes do not fit"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(tmp_path, contents, change, message):
    wanted = {name: value for name, value in (contents | change).items() if value is not None}
    assert message in message_of(write(tmp_path / "a.h5", wanted))


def test_a_layout_that_is_none(tmp_path):
    path = write(tmp_path / "a.h5", {"ions": np.zeros((3, 2)), "positions": np.zeros(3)})
    assert "none of the layouts that imsforge knows; found ions, positions" in message_of(path)


def test_a_packing_that_is_not_installed(tmp_path, contents):
    intensity = contents.pop("intensity")
    path = write(tmp_path / "a.h5", contents)
    with h5py.File(path, "a") as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((2, 2))
        properties.set_filter(31999, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple(intensity.shape)
        h5py.h5d.create(file.id, b"intensity", h5py.h5t.IEEE_F32LE, space, properties)
    assert "intensity is packed with filter 31999, which is not installed" in message_of(path)


def test_a_file_that_changed_since_it_was_indexed(tmp_path, contents):
    path = write(tmp_path / "a.h5", contents)
    source = read_hdf5(path)
    write(path, contents | {"intensity": contents["intensity"][:4]})
    with pytest.raises(IngestError, match="intensity is not as it was indexed"):
        spectra(source)
    path.write_bytes(b"something else")
    with pytest.raises(IngestError, match="is not HDF5 or is damaged"):
        spectra(source)


# Slabs


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_rows_of_any_array_in_blocks_of_any_size(tmp_path_factory, data):
    """Whatever the layout, the chunks and the size of blocks: the rows that NumPy picks."""
    shape = data.draw(st.tuples(st.integers(1, 7), st.integers(1, 6), st.integers(1, 5)))
    chunks = data.draw(st.none() | st.tuples(*(st.integers(1, n) for n in shape)))
    mz_first = data.draw(st.booleans()) and shape[0] != shape[2]
    flat = data.draw(st.booleans())
    n_peaks = shape[0] if mz_first else shape[-1]
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    n_places = values.size // n_peaks
    stored, pixels = values, np.moveaxis(values, 0, -1) if mz_first else values
    contents = {"mz": data.draw(st.permutations(range(100, 100 + n_peaks)))}
    if flat:
        stored = values.reshape((n_peaks, -1) if mz_first else (-1, n_peaks))
        chunks = chunks and tuple(min(3, n) for n in stored.shape)
        contents |= {"x": np.arange(n_places), "y": np.zeros(n_places)}
        mz_first = mz_first and stored.shape != (n_places, n_peaks)
        pixels = stored.T if mz_first else stored
    path = tmp_path_factory.mktemp("any") / "a.h5"
    source = read_hdf5(write(path, contents | {"intensity": stored}, chunks=chunks))
    rows = np.array(sorted(data.draw(st.sets(st.integers(0, n_places - 1), min_size=1))))
    wanted = pixels.reshape(n_places, n_peaks)[:, np.argsort(contents["mz"])]
    max_points = data.draw(st.integers(1, 60))
    np.testing.assert_array_equal(spectra(source, max_points), wanted)
    np.testing.assert_array_equal(spectra(source, max_points, rows), wanted[rows])


def test_a_file_packed_across_pixels_is_read_in_few_slabs(tmp_path, monkeypatch):
    """Ion images in one chunk each: a block at a time would unpack all of them for each block."""
    monkeypatch.setattr("imsforge.readers.hdf5.spectra._SLAB_BYTES", 1000)
    values = np.arange(4 * 200, dtype=np.float32).reshape(4, 200)
    contents = {"intensity": values, "mz": np.arange(400, 404), "x": np.arange(200)}
    path = write(tmp_path / "a.h5", contents | {"y": np.zeros(200)}, chunks=(1, 200))
    source, reads = read_hdf5(path), []
    monkeypatch.setattr(
        type(source), "_read", lambda self, *place: reads.append(place) or values.T[slice(*place)]
    )
    np.testing.assert_array_equal(spectra(source, max_points=15), values.T)
    assert reads == [(0, 62), (62, 124), (124, 186), (186, 200)]


def test_blocks_may_be_read_by_threads_in_any_order(tmp_path, rng):
    values = rng.random((50, 3))
    contents = {"intensity": values.T, "mz": [100, 200, 300], "x": np.arange(50), "y": np.zeros(50)}
    source = read_hdf5(write(tmp_path / "a.h5", contents, chunks=(1, 50)))
    loaders = list(source.loaders(8, 1))
    order = rng.permutation(len(loaders))
    with ThreadPoolExecutor(4) as pool:
        blocks = list(pool.map(lambda k: loaders[k](), order))
    read = np.empty_like(values)
    for block in blocks:
        read[block.rows] = block.intensity.reshape(-1, 3)
    np.testing.assert_array_equal(read, values)


# Cubes


def test_a_cube_without_its_unmeasured_places(tmp_path, cube, contents):
    tissue = np.arange(15).reshape(3, 5)
    path = write(tmp_path / "a.h5", {"peaks": cube, "mz": contents["mz"], "tissue": tissue})
    source = read_hdf5(path)
    measured = ~np.isnan(cube).all(axis=2)
    assert source.layout == "cube"
    np.testing.assert_array_equal(source.x, np.nonzero(measured)[1])
    np.testing.assert_array_equal(source.y, np.nonzero(measured)[0])
    np.testing.assert_array_equal(spectra(source), cube[measured])
    np.testing.assert_array_equal(source.annotations["tissue"], tissue[measured])
    assert list(source.notes) == ["2 of 15 places hold nothing but NaN: not measured, left out"]


def test_a_mask_says_which_places_of_a_cube_were_measured(tmp_path, cube, contents):
    mask = np.zeros((3, 5), dtype=bool)
    mask[1] = True
    path = write(tmp_path / "a.h5", {"peaks": cube, "mz": contents["mz"], "mask": mask})
    source = read_hdf5(path)
    np.testing.assert_array_equal(spectra(source), cube[1])
    assert list(source.notes) == ["10 of 15 places lie outside the mask: not measured, left out"]
    path = write(path, {"peaks": cube, "mz": contents["mz"], "mask": mask[:2]})
    assert "mask is no mask of the cube's 15 places" in message_of(path)


def test_a_cube_of_counts_is_measured_everywhere(tmp_path, contents):
    counts = np.zeros((2, 3, 4), dtype=np.uint16)
    source = read_hdf5(write(tmp_path / "a.h5", {"peaks": counts, "mz": contents["mz"]}))
    assert source.n_spectra == 6
    assert source.notes.size == 0


def test_cubes_that_fit_nothing(tmp_path, cube, contents):
    path = write(tmp_path / "a.h5", {"peaks": cube[..., :3], "mz": np.arange(1, 8)})
    assert "shapes do not fit: peaks (3, 5, 3), mz 7" in message_of(path)
    path = write(path, {"peaks": np.full_like(cube, np.nan), "mz": contents["mz"]})
    assert "all places hold nothing but NaN; no spectrum is left" in message_of(path)


# Path maps


def test_a_path_map(tmp_path, contents):
    path = write(
        tmp_path / "a.h5",
        {
            "run/ions": contents["intensity"].T,
            "run/axis": contents["mz"].reshape(1, 4),  # as MATLAB saves vectors
            "stage": np.stack([contents["x"], contents["y"] + 7], axis=1),
            "pathology/grade": contents["x"] * 2,
            "tissue": contents["x"],
        },
    )
    layout = {"intensity": "run/ions", "mz": "/run/axis", "x": "stage", "y": "stage"}
    source = read_hdf5(path, layout)
    np.testing.assert_array_equal(spectra(source), contents["intensity"])
    np.testing.assert_array_equal(source.x, contents["x"])
    np.testing.assert_array_equal(source.y, contents["y"] + 7)
    assert source.annotations == {}
    source = read_hdf5(path, layout | {"annotations": {"tumour grade": "pathology/grade"}})
    np.testing.assert_array_equal(source.annotations["tumour grade"], contents["x"] * 2)


def test_a_path_map_of_a_cube(tmp_path, cube, contents):
    path = write(tmp_path / "a.h5", {"a/b": np.moveaxis(cube, -1, 0), "c": contents["mz"]})
    source = read_hdf5(path, {"intensity": "a/b", "mz": "c"})
    np.testing.assert_array_equal(spectra(source), cube[~np.isnan(cube).all(axis=2)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"intensity": "run"}, "has no dataset run; found intensity, mz, run, x, y"),
        ({"x": "nowhere/x"}, "has no dataset nowhere/x"),
        ({"x": "intensity/x"}, "has no dataset intensity/x"),
        ({"x": "mz", "y": "mz"}, "mz has shape (4,); to hold both x and y"),
        ({"annotations": {"label": "mz"}}, "mz cannot be the annotation label: it must hold"),
        ({"annotations": {"label": "z"}}, "has no dataset z"),
    ],
)
def test_path_maps_that_lead_nowhere(tmp_path, contents, change, message):
    path = write(tmp_path / "a.h5", contents | {"run/a": 1})
    plain = {name: name for name in ("intensity", "mz", "x", "y")}
    assert message in message_of(path, plain | change)


# pandas frames


def write_frame(path, blocks, index, key="deep/frame", kind="frame"):
    """Write columns and index levels as pandas does, through PyTables, in its fixed format."""
    with h5py.File(path, "a") as file:
        group = file.create_group(key)
        group.attrs["pandas_type"] = np.bytes_(kind)
        for number, (names, values) in enumerate(blocks):
            group[f"block{number}_items"] = np.array(names)
            group[f"block{number}_values"] = values
        for number, (name, values) in enumerate(index.items()):
            level, codes = np.unique(values, return_inverse=True)
            group[f"axis1_level{number}"] = level
            group[f"axis1_level{number}"].attrs["name"] = np.bytes_(name)
            group[f"axis1_label{number}"] = codes.astype(np.int8)
        if not index:
            group["axis1"] = np.arange(len(blocks[0][1]))
            group["axis1"].attrs["name"] = np.bytes_("N.")
    return path


def pickled(file, name):
    """A dataset of Python objects; whoever unpickles these bytes fails."""
    kind = h5py.vlen_dtype(np.uint8)
    file.create_dataset(name, (1,), dtype=kind)[0] = np.frombuffer(b"\x80not a pickle", np.uint8)
    file[name].attrs["PSEUDOATOM"] = np.bytes_("object")


def test_a_frame_with_coordinates_in_its_index(tmp_path, contents):
    index = {"grid_x": contents["x"] + 5, "grid_y": contents["y"], "tissue": [b"b", b"a"] * 3}
    source = read_hdf5(
        write_frame(tmp_path / "a.h5", [(contents["mz"], contents["intensity"])], index)
    )
    np.testing.assert_array_equal(spectra(source), contents["intensity"])
    np.testing.assert_array_equal(source.axis, contents["mz"])
    np.testing.assert_array_equal(source.x, contents["x"] + 5)
    np.testing.assert_array_equal(source.annotations["tissue"], ["b", "a"] * 3)
    assert source.notes.size == 0


def test_a_frame_with_blocks_of_several_types(tmp_path, contents):
    """Integer peaks beside floating ones, coordinates and a label."""
    whole = np.stack([np.arange(6), contents["y"], contents["x"], np.arange(6) + 10], axis=1)
    blocks = [
        ([b"400.5", b"mz_200"], contents["intensity"][:, :2]),
        ([b"label", b"y", b"x", b"300"], whole),
        ([b"quality"], contents["intensity"][:, 3:]),
    ]
    source = read_hdf5(write_frame(tmp_path / "a.h5", blocks, {}))
    np.testing.assert_array_equal(source.axis, [200, 300, 400.5])
    wanted = np.stack([blocks[0][1][:, 1], whole[:, 3], blocks[0][1][:, 0]], axis=1)
    np.testing.assert_array_equal(spectra(source), wanted)
    np.testing.assert_array_equal(spectra(source, 5, np.array([0, 3, 4])), wanted[[0, 3, 4]])
    np.testing.assert_array_equal(source.annotations["label"], np.arange(6))
    np.testing.assert_array_equal(source.annotations["quality"], contents["intensity"][:, 3])
    assert source.intensity_dtype == "float64"


def test_objects_of_a_frame_are_never_unpickled(tmp_path, contents):
    index = {"x": contents["x"], "y": contents["y"]}
    path = write_frame(tmp_path / "a.h5", [(contents["mz"], contents["intensity"])], index)
    with h5py.File(path, "a") as file:
        file["deep/frame/block1_items"] = np.array([b"tissue"])
        pickled(file, "deep/frame/block1_values")
    source = read_hdf5(path)
    assert list(source.notes) == ["not read as annotations: tissue"]
    with h5py.File(path, "a") as file:
        del file["deep/frame/block0_items"]
        pickled(file, "deep/frame/block0_items")
    assert "frame /deep/frame has column names of several levels or types" in message_of(path)


def test_frames_that_cannot_be_read(tmp_path, contents):
    index = {"x": contents["x"], "y": contents["y"]}
    blocks = [(contents["mz"], contents["intensity"])]
    path = write_frame(tmp_path / "a.h5", blocks, index, kind="frame_table")
    assert "frame /deep/frame is in pandas' table format" in message_of(path)
    path = write_frame(tmp_path / "b.h5", blocks, {})
    assert "has no columns x and y; found (no name), 100.0, 200.0" in message_of(path)
    path = write_frame(tmp_path / "c.h5", [(contents["mz"], np.zeros((1, 1)))], index)
    assert "a block of 4 columns has shape (1, 1)" in message_of(path)
    path = write_frame(tmp_path / "d.h5", [(contents["mz"], np.zeros((5, 4)))], index)
    assert "frame /deep/frame has columns of [5, 6] rows" in message_of(path)
    path = write_frame(tmp_path / "e.h5", blocks, index)
    with h5py.File(path, "a") as file:
        file["deep/frame/axis1_label0"][2] = 100
    assert "has codes that stand for no value" in message_of(path)


def test_of_several_frames_the_one_with_coordinates(tmp_path, contents):
    path = write_frame(tmp_path / "a.h5", [([b"a"], np.zeros((3, 1)))], {}, key="statistics")
    blocks, index = [(contents["mz"], contents["intensity"])], {"x": range(6), "y": range(6)}
    source = read_hdf5(write_frame(path, blocks, index))
    np.testing.assert_array_equal(spectra(source), contents["intensity"])
    write_frame(path, blocks, index, key="unreadable", kind="frame_table")
    np.testing.assert_array_equal(spectra(read_hdf5(path)), contents["intensity"])
    write_frame(path, blocks, index, key="other")
    assert "holds several frames with x and y: /other, /deep/frame" in message_of(path)


def test_missing_values_in_an_index(tmp_path, contents):
    index = {"x": contents["x"], "y": contents["y"], "tissue": [b"a"] * 6, "depth": [1.5] * 6}
    path = write_frame(tmp_path / "a.h5", [(contents["mz"], contents["intensity"])], index)
    with h5py.File(path, "a") as file:
        for level in (2, 3):
            file[f"deep/frame/axis1_label{level}"][1] = -1
    annotations = read_hdf5(path).annotations
    np.testing.assert_array_equal(annotations["tissue"], ["a", "", "a", "a", "a", "a"])
    np.testing.assert_array_equal(annotations["depth"], [1.5, np.nan, 1.5, 1.5, 1.5, 1.5])


def test_a_real_frame_holds_what_its_imzml_holds(shared_data):
    """Barley: the same pixels in the same order; the imzML counts from 1 and rounds to 32 bits."""
    pytest.importorskip("hdf5plugin")  # it is packed with blosc
    source = read_hdf5(shared_data / "barley" / "barley_101.h5")
    other = read_measurement(shared_data / "barley" / "barley.imzML")
    np.testing.assert_array_equal(source.axis, other.axis)
    np.testing.assert_array_equal(source.x - source.x.min() + 1, other.x)
    np.testing.assert_array_equal(source.y - source.y.min() + 1, other.y)
    read = spectra(source, 2**19).astype(np.float32)
    np.testing.assert_array_equal(
        read.ravel(), np.concatenate([block.intensity for block in other.blocks()])
    )
    assert sorted(source.annotations) == ["real_x", "real_y"]


# AnnData


@pytest.fixture
def anndata(contents):
    """What an AnnData file holds beside X."""
    return {
        "obs/_index": np.array(["a", "b", "c", "d", "e", "f"], dtype=object),
        "obs/x": contents["x"],
        "obs/y": contents["y"],
        "obs/tissue/codes": np.array([0, 1, -1, 0, 1, 0], dtype=np.int8),
        "obs/tissue/categories": np.array(["cortex", "medulla"], dtype=object),
        "var/_index": np.array(["p1", "p2", "p3", "p4"], dtype=object),
        "var/mz": contents["mz"],
    }


def write_anndata(path, contents):
    with h5py.File(write(path, contents), "a") as file:
        for table in ("obs", "var"):
            file[table].attrs["_index"] = "_index"
        file["obs/tissue"].attrs["encoding-type"] = "categorical"
        if isinstance(file["X"], h5py.Group):
            file["X"].attrs["encoding-type"] = "csr_matrix"
    return path


def test_anndata_with_a_dense_matrix(tmp_path, anndata, contents):
    source = read_hdf5(write_anndata(tmp_path / "a.h5ad", anndata | {"X": contents["intensity"]}))
    np.testing.assert_array_equal(spectra(source), contents["intensity"])
    np.testing.assert_array_equal(source.axis, contents["mz"])
    np.testing.assert_array_equal(
        source.annotations["tissue"], ["cortex", "medulla", "", "cortex", "medulla", "cortex"]
    )


def test_anndata_with_a_sparse_matrix(tmp_path, anndata):
    sparse = random_array((6, 4), density=0.4, rng=np.random.default_rng(0)).tocsr()
    parts = {f"X/{name}": getattr(sparse, name) for name in ("data", "indices", "indptr")}
    del anndata["var/mz"]
    anndata["var/_index"] = np.array(["400.5", "100", "300", "200"], dtype=object)
    path = write_anndata(tmp_path / "a.h5ad", anndata | parts)
    source = read_hdf5(path)
    mz = np.array([400.5, 100, 300, 200])
    assert source.axis is None
    for rows in (np.arange(6), np.array([0, 2, 3, 5])):
        read = np.zeros((len(rows), 4))
        for load in source.loaders(3, 1, rows):
            block = load()
            row = np.repeat(np.arange(block.rows.start, block.rows.stop), np.diff(block.indptr))
            read[row, np.searchsorted(mz, block.mz, sorter=np.argsort(mz))] = block.intensity
        np.testing.assert_array_equal(read, sparse.toarray()[rows][:, np.argsort(mz)])
    with h5py.File(path, "a") as file:
        file["X/indices"][0] = 9
    with pytest.raises(IngestError, match="X/indices has numbers of peaks that there are not"):
        [load() for load in source.loaders(100, 1)]


def test_anndata_with_coordinates_in_obsm(tmp_path, anndata, contents):
    del anndata["obs/x"], anndata["obs/y"]
    anndata |= {"obsm/spatial": np.stack([contents["x"], contents["y"] + 3.0], axis=1)}
    source = read_hdf5(write_anndata(tmp_path / "a.h5ad", anndata | {"X": contents["intensity"]}))
    np.testing.assert_array_equal(source.y, contents["y"] + 3)


def test_anndata_of_metaspace_has_pixels_in_obs_and_a_photograph_in_obsm(
    tmp_path, anndata, contents
):
    del anndata["obs/x"], anndata["obs/y"]
    x, y = contents["x"], contents["y"]
    anndata |= {"obs/ion_image_pixel_x": x, "obs/ion_image_pixel_y": y}
    anndata |= {"obs/ion_image_shape_x": x * 0 + 9, "obs/ion_image_shape_y": y * 0 + 9}
    anndata |= {"obsm/spatial": np.stack([100 + 12.0 * x, 40 + 12.0 * y], axis=1)}
    source = read_hdf5(write_anndata(tmp_path / "a.h5ad", anndata | {"X": contents["intensity"]}))
    np.testing.assert_array_equal(source.x, x)
    np.testing.assert_array_equal(source.y, y)


def test_anndata_that_cannot_be_read(tmp_path, anndata, contents):
    path = write_anndata(tmp_path / "a.h5ad", anndata | {"X": contents["intensity"][:5]})
    assert "shapes do not fit: X (5, 4), 6 pixels in obs" in message_of(path)
    path = write_anndata(path, anndata | {"X/data": [1.0], "X/indices": [0], "X/indptr": [0] * 7})
    assert "X/indptr does not fit X/data" in message_of(path)
    with h5py.File(path, "a") as file:
        file["X"].attrs["encoding-type"] = "csc_matrix"
    assert "X is stored by peaks (csc_matrix), not by pixels" in message_of(path)
    del anndata["var/mz"]
    path = write_anndata(path, anndata | {"X": contents["intensity"]})
    assert "var has no column mz, and its names are no m/z values" in message_of(path)
    del anndata["obs/x"]
    path = write_anndata(path, anndata | {"X": contents["intensity"], "var/mz": contents["mz"]})
    assert "neither obs has columns x and y nor obsm has spatial" in message_of(path)
