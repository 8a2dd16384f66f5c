"""Damaged files of labels: a result, or one line that names the file; nothing else."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

from imsforge.errors import DataError
from imsforge.labels.layers import read_layers

MASK = np.random.default_rng(0).integers(0, 6, (30, 40), dtype=np.uint8)
RING = [[0, 0], [4, 0], [4, 3], [0, 3], [0, 0]]
FEATURE = {
    "type": "Feature",
    "geometry": {"type": "Polygon", "coordinates": [RING]},
    "properties": {"objectType": "annotation", "classification": {"name": "Tumor"}},
}
TABLE = "x,y,tissue\n" + "".join(f"{k},{k},a\n" for k in range(9))

WRITERS = {
    "mask.png": lambda path: Image.fromarray(MASK).save(path),
    "colours.png": lambda path: Image.fromarray(np.dstack([MASK] * 4)).save(path),
    "mask.tif": lambda path: tifffile.imwrite(path, MASK),
    "deflate.tif": lambda path: tifffile.imwrite(path, MASK, compression="zlib"),
    "lzw.tif": lambda path: Image.fromarray(MASK).save(path, compression="tiff_lzw"),
    "mask.npy": lambda path: np.save(path, MASK),
    "regions.geojson": lambda path: path.write_text(json.dumps([FEATURE])),
    "table.csv": lambda path: path.write_text(TABLE),
}


@pytest.fixture(params=WRITERS)
def path(request, tmp_path):
    WRITERS[request.param](tmp_path / request.param)
    return tmp_path / request.param


def read(path):
    """Read a file; where it is refused, return the message."""
    try:
        read_layers(str(path), np.array(["1"]))
    except DataError as error:
        assert "\n" not in str(error)
        assert path.name in str(error)
        return str(error)
    return None


def test_whole_files_are_read(path):
    assert read(path) is None


def test_a_file_that_ends_early_is_refused(path):
    content = path.read_bytes()
    for length in np.linspace(0, 0.8 * len(content), 12, dtype=int):
        path.write_bytes(content[:length])
        # The first rows of a table are a table.
        assert read(path) is not None or path.suffix == ".csv"


def test_changed_bytes_end_in_a_result_or_a_message(path, rng):
    content = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    for _ in range(60):
        changed = content.copy()
        changed[rng.integers(0, len(content), 3)] = rng.integers(0, 256, 3)
        path.write_bytes(changed.tobytes())
        read(path)


@pytest.mark.parametrize("name", WRITERS)
def test_another_kind_of_content_is_refused(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n\x00\xff")
    assert read(path)
    path.unlink()
    path.mkdir()
    assert read(path)


def test_a_shape_that_the_file_cannot_hold_asks_for_no_memory(tmp_path):
    path = tmp_path / "mask.npy"
    np.save(path, MASK)
    path.write_bytes(path.read_bytes().replace(b"(30, 40)", b"(30, 40000)"))
    assert read(path)
