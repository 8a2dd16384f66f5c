"""New HDF5 files that appear whole or not at all, on a full disk too."""

from contextlib import contextmanager

import h5py

from imsforge.io.atomic import atomic


@contextmanager
def new_hdf5(path):
    """Open a new HDF5 file, which takes its place when the block succeeds.

    Yields
    ------
    file : h5py.File
    check : callable
        Raises what kept earlier data from being written; for writers that take long.

    Raises
    ------
    OutputError
        If there is no room.
    """
    with atomic(path) as temporary, temporary.open("w+b", buffering=0) as raw:
        sink = _Sink(raw)
        with h5py.File(sink, "w") as file:
            yield file, sink.check
        sink.check()


class _Sink:
    """A file that keeps its first failure to itself: HDF5 crashes where a write fails."""

    def __init__(self, raw):
        self.raw = raw
        self.error = None
        self.read, self.readinto = raw.read, raw.readinto
        self.seek, self.tell, self.flush = raw.seek, raw.tell, raw.flush

    def write(self, data):
        rest = memoryview(data)
        while self.error is None and len(rest):
            try:
                rest = rest[self.raw.write(rest) :]
            except OSError as error:
                self.error = error
        return len(data)

    def truncate(self, size=None):
        try:
            return self.raw.truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size

    def check(self):
        if self.error is not None:
            raise self.error
