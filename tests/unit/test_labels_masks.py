"""Masks: what images say, and how they lie on the pixel grid."""

import dataclasses

import numpy as np
import pytest
import tifffile
from PIL import Image

from imsforge.artifacts.contract import PeakMatrix
from imsforge.errors import DataError
from imsforge.labels import masks
from imsforge.labels.labelling import label_pixels
from imsforge.labels.layers import Layer, read_layers
from imsforge.labels.masks import image_places, place_image, read_label_image, read_mask

#: A grid of 4 x 3 pixels: 0 means no class.
GRID = np.array([[0, 1, 1, 2], [0, 1, 2, 2], [3, 3, 0, 2]], dtype=np.uint8)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
COLOURS = np.array([(0, 0, 0), RED, GREEN, BLUE], dtype=np.uint8)


@pytest.fixture
def peaks():
    """12 pixels, row by row, coordinates from 1."""
    x, y = (axis.ravel().astype(np.int32) for axis in np.meshgrid(np.arange(1, 5), np.arange(1, 4)))
    intensity = np.ones((12, 2), dtype=np.float32)
    return PeakMatrix(intensity, np.array([400.0, 500.0]), x, y, intensity.sum(axis=1))


def label(peaks, file, **settings):
    layers = read_layers(file, peaks.samples)
    return label_pixels(peaks, layers, method="file", **settings)


def tiff(path, array, **options):
    tifffile.imwrite(path, array, **options)


def pillow_tiff(compression):
    return lambda path, array: Image.fromarray(array).save(path, compression=compression)


def palette_png(path, array):
    image = Image.fromarray(array).convert("P")
    image.frombytes(array.tobytes())
    image.putpalette(COLOURS.tobytes())
    image.save(path)


NUMBERS = {
    "grey.png": lambda path: Image.fromarray(GRID).save(path),
    "grey16.png": lambda path: Image.fromarray(GRID.astype(np.uint16)).save(path),
    "indexed.png": lambda path: palette_png(path, GRID),
    "grey.tif": lambda path: tiff(path, GRID),
    "UPPER.TIFF": lambda path: tiff(path, GRID),
    "int32.tif": lambda path: tiff(path, GRID.astype(np.int32)),
    "float32.tif": lambda path: tiff(path, GRID.astype(np.float32)),
    "big-endian.tif": lambda path: tiff(path, GRID.astype(">u2"), byteorder=">"),
    "deflate.tif": lambda path: tiff(path, GRID.astype(np.uint16), compression="zlib"),
    "predictor.tif": lambda path: tiff(path, GRID, compression="zlib", predictor=2),
    "tiled.tif": lambda path: tiff(path, GRID, tile=(16, 16)),
    "lzw.tif": lambda path: pillow_tiff("tiff_lzw")(path, GRID),
    "lzw16.tif": lambda path: pillow_tiff("tiff_lzw")(path, GRID.astype(np.uint16)),
    "lzw-float.tif": lambda path: pillow_tiff("tiff_lzw")(path, GRID.astype(np.float32)),
    "uint8.npy": lambda path: np.save(path, GRID),
    "int64.npy": lambda path: np.save(path, GRID.astype(np.int64)),
    "big-endian.npy": lambda path: np.save(path, GRID.astype(">i4")),
    "half.npy": lambda path: np.save(path, GRID.astype(np.float16)),
    "channel.npy": lambda path: np.save(path, GRID[..., None]),
}
COLOURED = {
    "rgb.png": lambda path: Image.fromarray(COLOURS[GRID]).save(path),
    "rgb.tif": lambda path: tiff(path, COLOURS[GRID], photometric="rgb"),
    "rgb16.tif": lambda path: tiff(path, COLOURS[GRID].astype(np.uint16) * 257, photometric="rgb"),
    "planes.tif": lambda path: tiff(
        path, np.moveaxis(COLOURS[GRID], 2, 0), photometric="rgb", planarconfig="separate"
    ),
    "lzw.tif": lambda path: pillow_tiff("tiff_lzw")(path, COLOURS[GRID]),
    "rgb.npy": lambda path: np.save(path, COLOURS[GRID]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_classes(name, peaks, tmp_path):
    NUMBERS[name](tmp_path / name)
    found = label(peaks, str(tmp_path / name))
    assert found.names.tolist() == ["1", "2", "3"]
    assert found.label.tolist() == GRID.ravel().tolist()


@pytest.mark.parametrize("name", COLOURED)
def test_colours_are_classes(name, peaks, tmp_path):
    COLOURED[name](tmp_path / name)
    names = {"#FF0000": "cortex", "#0f0": "medulla", "#0000ff": "pelvis"}
    found = label(peaks, str(tmp_path / name), names=names)
    assert found.names.tolist() == ["cortex", "medulla", "pelvis"]
    assert found.label.tolist() == GRID.ravel().tolist()
    unnamed = label(peaks, str(tmp_path / name))
    assert unnamed.names.tolist() == ["#0000ff", "#00ff00", "#ff0000"]


@pytest.mark.parametrize("mask", [*NUMBERS, "rgb.png", "lzw.tif"])
def test_a_mask_of_one_class_is_inside_where_it_is_not_zero(mask, tmp_path):
    (NUMBERS | COLOURED)[mask](tmp_path / mask)
    np.testing.assert_array_equal(read_mask(tmp_path / mask), GRID > 0)


@pytest.mark.parametrize("compression", ["group4", "tiff_lzw", None])
def test_one_bit_is_inside_or_outside(compression, tmp_path):
    path = tmp_path / "bit.tif"
    Image.fromarray(GRID > 1).save(path, compression=compression)
    np.testing.assert_array_equal(read_mask(path), GRID > 1)


@pytest.mark.parametrize("compression", ["tiff_lzw", None])
def test_values_are_taken_as_stored_where_zero_is_drawn_white(compression, peaks, tmp_path):
    path = tmp_path / "inverted.tif"
    options = {"tiffinfo": {262: 0}, "compression": compression}
    Image.fromarray(255 - GRID).save(path, **options)
    assert tifffile.imread(path)[0, 1] == 1 if compression is None else True
    np.testing.assert_array_equal(read_label_image(path).array, GRID)


def test_an_index_is_found_by_its_number_and_by_its_colour(peaks, tmp_path):
    palette_png(tmp_path / "indexed.png", GRID)
    names = {1: "cortex", "#00ff00": "medulla"}
    found = label(peaks, str(tmp_path / "indexed.png"), names=names)
    assert found.names.tolist() == ["cortex", "medulla"]
    assert found.label.tolist() == np.where(GRID == 3, 0, GRID).ravel().tolist()


def test_a_coloured_index_zero_is_no_class_but_told(peaks, tmp_path, caplog):
    image = Image.fromarray(GRID).convert("P")
    image.putpalette(np.roll(COLOURS, 1, axis=0).tobytes())
    image.frombytes(GRID.tobytes())
    image.save(tmp_path / "indexed.png")
    found = label(peaks, str(tmp_path / "indexed.png"))
    assert found.names.tolist() == ["2", "3"]  # index 1 is black
    assert "index 0, drawn in #0000ff, means no class" in caplog.text


def test_an_indexed_tiff_has_its_colours(peaks, tmp_path):
    colormap = np.zeros((3, 256), dtype=np.uint16)
    colormap[:, :4] = COLOURS.T.astype(np.uint16) * 257
    tiff(tmp_path / "indexed.tif", GRID, photometric="palette", colormap=colormap)
    names = {"#f00": "cortex", "#00f": "pelvis"}
    assert label(peaks, str(tmp_path / "indexed.tif"), names=names).label.max() == 2


@pytest.mark.parametrize("shown", [COLOURS[GRID], GRID[..., None]], ids=["RGBA", "LA"])
def test_what_is_transparent_has_no_class(shown, peaks, tmp_path):
    opacity = np.where(GRID == 3, 0, 255).astype(np.uint8)[..., None]
    Image.fromarray(np.concatenate([shown, opacity], axis=2)).save(tmp_path / "clear.png")
    found = label(peaks, str(tmp_path / "clear.png"))
    assert len(found.names) == 2
    assert ((found.label > 0) == np.isin(GRID, [1, 2]).ravel()).all()


@pytest.mark.parametrize("transparency", [3, bytes([255, 255, 255, 0])])
def test_an_index_can_be_transparent(transparency, peaks, tmp_path):
    path = tmp_path / "indexed.png"
    palette_png(path, GRID)
    with Image.open(path) as image:
        image.load()
    image.save(path, transparency=transparency)
    assert label(peaks, str(path)).names.tolist() == ["1", "2"]


@pytest.mark.parametrize(("array", "clear"), [(GRID, 3), (COLOURS[GRID], BLUE)])
def test_a_value_can_be_transparent(array, clear, peaks, tmp_path):
    path = tmp_path / "clear.png"
    Image.fromarray(array).save(path, transparency=clear)
    assert len(label(peaks, str(path)).names) == 2


def test_negative_numbers_are_no_classes(peaks, tmp_path):
    np.save(tmp_path / "a.npy", GRID.astype(int) - 1)
    found = label(peaks, str(tmp_path / "a.npy"))
    assert found.names.tolist() == ["1", "2"]
    with_all = label(peaks, str(tmp_path / "a.npy"), background=[])
    assert with_all.names.tolist() == ["-1", "0", "1", "2"]


def test_booleans_name_two_classes(peaks, tmp_path):
    np.save(tmp_path / "a.npy", GRID == 2)
    found = label(peaks, str(tmp_path / "a.npy"), names={0: "healthy", 1: "tumour"})
    assert found.label.tolist() == np.where(GRID == 2, 2, 1).ravel().tolist()


def test_nan_is_no_class(peaks, tmp_path):
    np.save(tmp_path / "a.npy", np.where(GRID == 3, np.nan, GRID))
    assert label(peaks, str(tmp_path / "a.npy")).names.tolist() == ["1", "2"]


def test_white_can_be_background_and_black_a_class(peaks, tmp_path):
    colours = np.array([(255, 255, 255), (0, 0, 0), GREEN, BLUE], dtype=np.uint8)
    Image.fromarray(colours[GRID]).save(tmp_path / "a.png")
    found = label(peaks, str(tmp_path / "a.png"), background=["#ffffff"])
    assert found.names.tolist() == ["#000000", "#0000ff", "#00ff00"]


def test_named_masks_are_painted_in_their_order(peaks, tmp_path, caplog):
    cortex, medulla = GRID > 0, GRID == 2
    np.save(tmp_path / "cortex.npy", cortex)
    Image.fromarray(medulla).save(tmp_path / "medulla.png")
    file = {
        name: str(tmp_path / path)
        for name, path in {"medulla": "medulla.png", "cortex": "cortex.npy"}.items()
    }
    with caplog.at_level("INFO"):
        covered = label(peaks, dict(reversed(file.items())))
    assert covered.names.tolist() == ["cortex", "medulla"]
    assert covered.label.tolist() == np.where(medulla, 2, cortex).ravel().tolist()
    assert "medulla.png: 4 pixels get a class, 4 of them had another" in caplog.text
    with pytest.raises(DataError, match=r"1 class\(es\) of measured pixels \(cortex\)"):
        label(peaks, file)


def test_soft_edges_are_inside_a_named_mask(peaks, tmp_path):
    ramp = np.arange(300).reshape(15, 20)  # five times the grid
    np.save(tmp_path / "ramp.npy", ramp)
    np.save(tmp_path / "left.npy", GRID == 1)
    found = label(peaks, {"all": str(tmp_path / "ramp.npy"), "left": str(tmp_path / "left.npy")})
    assert (found.label > 0).all()


def test_a_photograph_is_refused(peaks, tmp_path, rng):
    Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(tmp_path / "photo.png")
    with pytest.raises(DataError, match=r"photo\.png: 1\d{3} different colours: a photograph"):
        label(peaks, str(tmp_path / "photo.png"))


def test_fractions_are_refused(peaks, tmp_path):
    np.save(tmp_path / "a.npy", GRID / 4)
    with pytest.raises(DataError, match=r"a\.npy: holds fractions"):
        label(peaks, str(tmp_path / "a.npy"))


def test_several_pages_are_refused(peaks, tmp_path):
    tiff(tmp_path / "stack.tif", np.stack([GRID, GRID, GRID]), photometric="minisblack")
    with pytest.raises(
        DataError, match=r"stack\.tif: 3 page\(s\) of the shape 3 x 4; a mask has one"
    ):
        label(peaks, str(tmp_path / "stack.tif"))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_a_huge_image_is_refused_before_it_is_read(suffix, peaks, tmp_path, monkeypatch):
    path = tmp_path / f"huge{suffix}"
    NUMBERS["uint8.npy" if suffix == ".npy" else f"grey{suffix}"](path)
    monkeypatch.setattr(masks, "MAX_PIXELS", 11)
    with pytest.raises(DataError, match=r"4 x 3 pixels are too many for a mask; scale it down"):
        label(peaks, str(path))


def test_a_decompression_bomb_is_refused(peaks, tmp_path, monkeypatch):
    NUMBERS["grey.png"](tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    with pytest.raises(DataError, match=r"bomb\.png: too large for a mask"):
        label(peaks, str(tmp_path / "bomb.png"))


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((2, 3, 5), np.uint8), "has the shape 2 x 3 x 5"),
        (np.zeros(12), "has the shape 12"),
        (np.zeros((0, 4)), "has the shape 0 x 4"),
        (np.zeros((3, 4), complex), "holds complex128"),
        (np.zeros((3, 4), "U3"), "holds <U3"),
        (np.zeros((3, 4, 3)), "colours of type float64"),
        (np.array([[None]]), "not a PNG, TIFF or .npy mask"),
    ],
)
def test_arrays_that_are_no_masks_are_refused(array, says, peaks, tmp_path):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(DataError, match=says):
        label(peaks, str(tmp_path / "a.npy"))


def test_a_jpeg_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"save it as PNG \(JPEG would blur the classes\)"):
        read_mask(tmp_path / "mask.jpg")


# How masks lie on the grid.


def places(shape, x, y):
    rows, columns, area = image_places(shape, np.array(x), np.array(y), "mask")
    return list(zip(rows.tolist(), columns.tolist(), strict=True)), area


def test_a_mask_of_the_grid_s_size_begins_at_the_smallest_coordinates():
    assert places((3, 2), [7, 8], [4, 6]) == ([(0, 0), (2, 1)], 1)


@pytest.mark.parametrize(("shape", "first"), [((6, 8), (3, 6)), ((7, 9), (4, 7))])
def test_a_mask_can_begin_at_one_or_zero(shape, first):
    assert places(shape, [7, 8], [4, 6])[0][0] == first


def test_an_enlarged_mask_is_read_at_the_centres_of_pixels():
    # Twice as large, the centre lies between four places; the lower right one is taken.
    assert places((6, 4), [7, 8], [4, 6]) == ([(1, 1), (5, 3)], 4)
    assert places((9, 6), [7, 8], [4, 6]) == ([(1, 1), (7, 4)], 9)


def test_an_enlargement_need_not_be_whole():
    (found, area) = places((25, 38), [1, 15], [1, 10])  # 2.5 times 15 x 10, rounded up
    assert found == [(1, 1), (23, 36)]
    assert area == pytest.approx(2.5**2, rel=0.02)


def test_whole_enlargements_come_first():
    # 10.1 times the 99 x 99 pixels measured, or 10 times the 100 x 100 from zero.
    x = np.arange(1, 100)
    rows, _, area = image_places((1000, 1000), x, x, "mask")
    assert area == 100
    assert rows[0] == 15


@pytest.mark.parametrize(("factor", "other"), [(2, 1), (4, 2), (6, 3)])
def test_a_mask_that_fits_two_grids_needs_an_offset(factor, other):
    """Pixels from 100 to 199: twice their grid is as large as the grid from 0 on."""
    y, x = (axis.ravel() for axis in np.mgrid[100:200, 100:200])
    shape = 100 * factor, 100 * factor
    with pytest.raises(DataError, match=r"fit the measurement's grid in 2 ways: ") as raised:
        image_places(shape, x, y, "a.png")
    text = str(raised.value)
    assert f"{factor} times enlarged from x 100, y 100 on" in text
    assert f"{other} times enlarged from x 0, y 0 on; say by labels.offset" in text
    rows, columns, area = image_places(shape, x, y, "a.png", offset=[100, 100])
    assert (rows[0], columns[-1], area) == (factor // 2, shape[1] - factor // 2, factor**2)
    rows, _, area = image_places(shape, x, y, "a.png", offset=[0, 0])
    assert (rows[0], area) == (100 * other + other // 2, other**2)


def test_a_mask_cannot_begin_after_the_first_pixel():
    with pytest.raises(DataError, match=r"labels\.offset: \[2, 1\]: .* begins before, at x 1, y 1"):
        image_places((3, 3), np.array([1, 3]), np.array([1, 3]), "a.png", offset=[2, 1])


@pytest.mark.parametrize(
    "shape", [(10, 13), (12, 14), (10, 11), (20, 26), (5, 6), (1, 1), (40, 24)]
)
def test_other_sizes_are_refused_with_both_sizes(shape):
    x, y = np.arange(12) + 1, np.arange(12) % 10 + 1
    with pytest.raises(DataError) as raised:
        image_places(shape, x, y, "a.png")
    assert f"a.png: {shape[1]} x {shape[0]} pixels, but" in str(raised.value)
    assert "grid has 12 x 10 (width x height; x 1 to 12, y 1 to 10)" in str(raised.value)


def test_extents_count_what_was_not_measured_too(tmp_path):
    NUMBERS["uint8.npy"](tmp_path / "a.npy")
    image = read_label_image(tmp_path / "a.npy")
    placed = place_image(image, np.array([1, 4]), np.array([1, 3]), "a.npy")
    assert placed.keys == [("0",), ("1",), ("2",), ("3",)]
    assert placed.extent.tolist() == [3, 3, 4, 2]
    assert placed.code.tolist() == [0, 2]


def test_several_samples_need_a_mask_each(peaks, tmp_path):
    twice = {name: np.tile(getattr(peaks, name), 2) for name in ("x", "y", "total_ion_current")}
    two = dataclasses.replace(
        peaks,
        intensity=np.tile(peaks.intensity, (2, 1)),
        sample=np.repeat([0, 1], 12).astype(np.int16),
        samples=np.array(["left", "right"]),
        **twice,
    )
    np.save(tmp_path / "left.npy", GRID)
    with pytest.raises(DataError, match=r"2 samples \(left, right\), each with a grid"):
        label(two, str(tmp_path / "left.npy"))
    pattern = str(tmp_path / "{sample}.npy")
    assert label(two, pattern).label.tolist() == GRID.ravel().tolist() + [0] * 12
    np.save(tmp_path / "right.npy", np.repeat(np.repeat(GRID[:, ::-1], 3, 0), 3, 1))
    assert label(two, pattern).label[12:].tolist() == GRID[:, ::-1].ravel().tolist()


def test_a_sample_without_a_file_is_warned_of(peaks, tmp_path, caplog):
    with pytest.raises(DataError, match=r"no file for any sample \(1\)"):
        read_layers(str(tmp_path / "{sample}.npy"), np.array(["1"]))
    np.save(tmp_path / "1.npy", GRID)
    layers = read_layers(str(tmp_path / "{sample}.npy"), np.array(["1", "2"]))
    assert [layer.sample for layer in layers] == ["1"]
    assert isinstance(layers[0], Layer)
    assert "no file for 1 sample(s)" in caplog.text
