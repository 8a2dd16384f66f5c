"""Many arrays out of one binary file, with few reads."""

import numpy as np

# Reading over a gap of this size costs less than a second read.
_GAP = 1024


def read_spans(file, offset, size):
    """Read byte ranges of a file, neighbours together.

    Parameters
    ----------
    file : binary file, unbuffered or buffered
    offset, size : (n_spans,) int64 arrays
        Where each span begins and how many bytes it has, in any order.

    Returns
    -------
    buffer : uint8 array
    position : (n_spans,) int64 array
        Span ``i`` is ``buffer[position[i] : position[i] + size[i]]``.

    Raises
    ------
    EOFError
        If the file ends before a span does.
    """
    order = np.argsort(offset, kind="stable")
    start = offset[order]
    end = np.maximum.accumulate(start + size[order])
    run = np.concatenate(([0], np.cumsum(start[1:] > end[:-1] + _GAP)))
    first = np.flatnonzero(np.diff(run, prepend=-1))
    last = np.append(first[1:], len(run)) - 1
    run_bytes = end[last] - start[first]
    run_begin = np.cumsum(run_bytes) - run_bytes

    buffer = np.empty(run_bytes.sum(), dtype=np.uint8)
    for at, begin, count in zip(
        start[first].tolist(), run_begin.tolist(), run_bytes.tolist(), strict=True
    ):
        file.seek(at)
        if file.readinto(memoryview(buffer)[begin : begin + count]) != count:
            raise EOFError(f"ends before byte {at + count}")
    position = np.empty_like(offset)
    position[order] = start - start[first][run] + run_begin[run]
    return buffer, position


def gather(buffer, position, count, dtype):
    """Concatenate arrays of ``count[i]`` numbers that begin at byte ``position[i]``."""
    size = count * np.dtype(dtype).itemsize
    if np.array_equal(position[1:], position[:-1] + size[:-1]):
        return buffer[position[0] : position[-1] + size[-1]].view(dtype)
    return np.concatenate(
        [
            buffer[begin:end].view(dtype)
            for begin, end in zip(position.tolist(), (position + size).tolist(), strict=True)
        ]
    )
