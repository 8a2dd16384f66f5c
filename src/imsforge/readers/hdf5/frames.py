"""pandas frames in HDF5's fixed format, read without pandas: nothing is ever unpickled.

pandas groups columns of one type into blocks: ``block0_values`` (rows x columns of the block), with
their names in ``block0_items``. The index is ``axis1``; with several levels, each has its values in
``axis1_level0`` and which of them each row has in ``axis1_label0``.
"""

from collections import deque
from dataclasses import dataclass
from itertools import count, islice

import h5py
import numpy as np

from imsforge.errors import IngestError
from imsforge.readers.annotations import Annotations
from imsforge.readers.columns import find_coordinates, listed, mz_of, ordered_axis, tell_columns
from imsforge.readers.hdf5.nodes import (
    decoded,
    find,
    find_dataset,
    numbers,
    read_any,
    text_attribute,
    vector,
)
from imsforge.readers.hdf5.spectra import DenseSource
from imsforge.readers.mode import settle_mode
from imsforge.readers.pixels import pixel_coordinates

# How PyTables saves that there is no name.
_NO_NAME = "N."
_MOST_GROUPS, _MOST_LINKS = 1000, 10000
_SLAB_VALUES = 2**22


@dataclass(frozen=True)
class _Frame:
    """What a frame consists of.

    Attributes
    ----------
    path : str, inside the file
    levels : list of (name, values), the index; ``values`` is None where it is pickled
    blocks : list of (path, names) of the blocks of numbers
    pickled : list of str, columns of Python objects
    """

    path: str
    levels: list
    blocks: list
    pickled: list

    @property
    def names(self):
        """The levels of the index, then the columns, block by block."""
        # A level is no ion image, even if its name is a number.
        levels = [name if mz_of(name) is None else f"level {name}" for name, _ in self.levels]
        return levels + [name for _, names in self.blocks for name in names]


def find_frames(file):
    """Return the paths of the frames in a file; links are not followed."""
    frames, seen, waiting = [], set(), deque(["/"])
    while waiting and len(seen) < _MOST_GROUPS:
        path = waiting.popleft()
        group = file[path]
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:
            continue
        seen.add(address)
        if text_attribute(group, "pandas_type").startswith("frame"):
            frames.append(path)
            continue
        for name in islice(group, _MOST_LINKS):
            is_plain = isinstance(group.get(name, getlink=True), h5py.HardLink)
            if is_plain and group.get(name, getclass=True) is h5py.Group:
                waiting.append(f"{path.rstrip('/')}/{name}")
    return frames


def read_frames(file, paths):
    """Index the one frame of a file that can be read and has coordinates."""
    frames, problems = [], []
    for path in paths:
        try:
            frames.append(_open_frame(file, path))
        except IngestError as error:
            problems.append(error)
    if not frames:
        raise problems[0]
    fitting = [frame for frame in frames if find_coordinates(frame.names) is not None]
    if len(fitting) > 1:
        raise IngestError(
            f"{file.filename}: holds several frames with x and y: "
            f"{listed([frame.path for frame in fitting])}; save one in a file of its own"
        )
    return _read_frame(file, (fitting or frames)[0])


def _open_frame(file, path):
    group = find(file, path)
    path.encode()  # the index of the measurement cannot hold names that are not UTF-8
    if text_attribute(group, "pandas_type") != "frame":
        raise _refusal(
            file,
            path,
            "is in pandas' table format, where column names are Python objects, which imsforge "
            "never unpickles; save it with frame.to_hdf(path, key='frame', format='fixed')",
        )
    blocks, pickled = [], []
    for number in count():
        values = find(file, f"block{number}_values", group)
        if values is None:
            break
        items = _labels(file, f"block{number}_items", group)
        if items is None:
            raise _refusal(
                file,
                path,
                "has column names of several levels or types, which are Python objects, and "
                "imsforge never unpickles them; set frame.columns = frame.columns.astype(str) "
                "before saving",
            )
        if not isinstance(values, h5py.Dataset) or values.dtype.kind not in "iuf":
            pickled += items
        elif values.ndim == 2 and values.shape[1] == len(items):
            blocks.append((f"{path}/block{number}_values", items))
        else:
            raise _refusal(
                file,
                path,
                f"is empty or damaged: a block of {len(items)} columns has shape {values.shape}",
            )
    levels = _levels(file, group)
    lengths = {len(find_dataset(file, name)) for name, _ in blocks}
    lengths |= {len(values) for _, values in levels if values is not None}
    if len(lengths) != 1 or 0 in lengths:
        raise _refusal(file, path, f"has columns of {sorted(lengths)} rows; save it again")
    return _Frame(path, levels, blocks, pickled)


def _refusal(file, path, reason):
    return IngestError(f"{file.filename}: frame {path} {reason}")


def _labels(file, name, group):
    """Return the names of columns; None where they are pickled."""
    node = find(file, name, group)
    if not isinstance(node, h5py.Dataset) or node.ndim != 1:
        return None
    labels = read_any(file, name, group)
    if labels is None:
        return None
    return [label if isinstance(label, str) else repr(label) for label in labels.tolist()]


def _levels(file, group):
    """Return names and values of the index, level by level."""
    if find(file, "axis1_level0", group) is None:
        node = find(file, "axis1", group)
        return [] if node is None else [(_name(node), read_any(file, "axis1", group))]
    levels = []
    for number in count():
        node = find(file, f"axis1_level{number}", group)
        if node is None:
            return levels
        values = read_any(file, f"axis1_level{number}", group)
        codes = vector(file, f"axis1_label{number}", group)
        levels.append((_name(node), decoded(file, values, codes)))


def _name(level):
    name = text_attribute(level, "name")
    return "" if name == _NO_NAME else name


def _read_frame(file, frame):
    path, names = file.filename, frame.names
    columns = tell_columns(path, names)
    axis, order, notes = ordered_axis(path, columns.mz)
    spectrum = columns.spectrum if order is None else columns.spectrum[order]
    datasets, order = _spectra(frame, spectrum)
    x, y = (_column(file, frame, column) for column in (columns.x, columns.y))
    if x is None or y is None:
        raise _refusal(
            file,
            frame.path,
            "has coordinates that are Python objects, which imsforge never unpickles; "
            "save them as numbers",
        )
    x, y = pixel_coordinates(path, x, y)
    annotations = Annotations(len(x))
    for column in columns.others:
        annotations.add(names[column], _column(file, frame, column))
    annotations.left += frame.pickled
    mode, mode_notes = settle_mode("centroid", [(axis, None)])
    return DenseSource(
        format="HDF5",
        mode=mode,
        layout="matrix",
        path=path,
        x=x,
        y=y,
        n_points=np.full(len(x), len(axis)),
        mz_dtype="float64",
        intensity_dtype=np.result_type(*(numbers(file, name) for name in datasets)).name,
        axis=axis,
        annotations=annotations.values,
        notes=np.array([*notes, *mode_notes, *annotations.notes()], dtype=str),
        datasets=np.array(datasets),
        order=order,
    )


def _spectra(frame, spectrum):
    """Return the blocks that hold ion images, and where these stand in them, side by side."""
    starts = np.cumsum([len(frame.levels), *(len(names) for _, names in frame.blocks)])
    block = np.searchsorted(starts, spectrum, side="right") - 1
    used = np.unique(block)
    widths = np.diff(starts)[used]
    offset = np.cumsum([0, *widths[:-1]])
    order = spectrum - starts[block] + offset[np.searchsorted(used, block)]
    as_stored = np.array_equal(order, np.arange(widths.sum()))
    return [frame.blocks[k][0] for k in used], None if as_stored else order


def _column(file, frame, column):
    """Read a level of the index or a column, by its number among the names of the frame."""
    if column < len(frame.levels):
        return frame.levels[column][1]
    column -= len(frame.levels)
    for name, names in frame.blocks:
        if column < len(names):
            return _strided(numbers(file, name), column)
        column -= len(names)


def _strided(dataset, column):
    # Whole rows are read: h5py is slow at picking single values.
    values = np.empty(len(dataset), dtype=dataset.dtype)
    step = max(1, _SLAB_VALUES // dataset.shape[1])
    for start in range(0, len(dataset), step):
        values[start : start + step] = dataset[start : start + step][:, column]
    return values
