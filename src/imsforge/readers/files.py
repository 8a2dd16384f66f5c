"""Raw files as they lie on the disk: their formats, which they are, whether they are whole."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from imsforge.artifacts.checksums import digests
from imsforge.errors import IngestError

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"

IMZML = (".imzml",)
HDF5 = (".h5", ".hdf5", ".h5ad")
TABLES = (".csv", ".tsv", ".txt", ".parquet")
_CONVERTERS = "msconvert and imzMLConverter, or the vendor's imzML export"
_REMEDIES = {
    ".ibd": "give the .imzML file beside it",
    ".d": f"convert it with {_CONVERTERS} (SCiLS Lab, flexImaging or TIMSCONVERT for Bruker)",
    ".raw": f"convert it with {_CONVERTERS} (ImageQuest or raw2imzml for Thermo, HDI for Waters)",
    ".mzml": "convert it with imzMLConverter, which adds the pixels' coordinates",
    ".mzxml": "convert it with imzMLConverter, which adds the pixels' coordinates",
    ".wiff": f"convert it with {_CONVERTERS}",
    ".slx": "export imzML from SCiLS Lab",
    ".mis": f"convert the .d folder beside it with {_CONVERTERS}",
    ".img": f"convert it with {_CONVERTERS}",
}


def name_samples(inputs):
    """Return raw files by the names of their samples.

    Parameters
    ----------
    inputs : path, list of paths, or dict of name to path

    Returns
    -------
    dict of str to Path

    Raises
    ------
    IngestError
        If a file is named twice, or a sample is called "all", which stands for all of them.
    """
    if isinstance(inputs, dict):
        if "all" in inputs:
            raise IngestError("a sample cannot be called 'all', which stands for all of them")
        return {str(name): Path(path) for name, path in inputs.items()}
    paths = [Path(path) for path in (inputs if isinstance(inputs, list | tuple) else [inputs])]
    stems = [path.stem for path in paths]
    clear = len(set(stems)) == len(stems) and "all" not in stems
    names = stems if clear else [str(path) for path in paths]
    if len(set(names)) < len(names):
        raise IngestError(f"{paths[0]} and others: a file is named twice; give each once")
    return dict(zip(names, paths, strict=True))


def raw_files(inputs):
    """Return the files that a measurement consists of, those beside an imzML too.

    Raises
    ------
    IngestError
        If an imzML has no .ibd beside it.
    """
    files = []
    for path in name_samples(inputs).values():
        files.append(path)
        if path.suffix.lower() == ".imzml":
            files.append(find_ibd(path))
    return files


def check_raw_file(path):
    """Refuse a file that is missing, empty or a Git LFS pointer.

    Raises
    ------
    IngestError
        With the reason and the way out.
    """
    path = Path(path)
    if not path.is_file():
        raise IngestError(f"{path}: no such file; check the path in the configuration")
    try:
        with path.open("rb") as file:
            head = file.read(len(_LFS_POINTER))
    except OSError as error:
        raise IngestError(f"{path}: cannot be read ({error.strerror})") from error
    if not head:
        raise IngestError(f"{path}: is empty; copy it again from where it was measured")
    if head == _LFS_POINTER:
        raise IngestError(
            f"{path}: is a Git LFS pointer, not the data; fetch the data with `git lfs pull`"
        )


@contextmanager
def checksums_meanwhile(paths, algorithms):
    """Take checksums in a thread of their own, while the block reads the same files.

    Yields
    ------
    callable
        Waits for the checksums and returns them: a dict of path to a dict of algorithm to text.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        coming = {path: pool.submit(digests, path, *algorithms, stop=stop) for path in paths}
        try:
            yield lambda: {path: future.result() for path, future in coming.items()}
        finally:
            stop.set()


def check_format(path):
    """Refuse a raw file of a format that is not read, and say how to convert it.

    Raises
    ------
    IngestError
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (*IMZML, *HDF5, *TABLES):
        remedy = _REMEDIES.get(suffix, f"convert it, for example with {_CONVERTERS}")
        known = ", ".join((".imzML", *HDF5, *TABLES))
        raise IngestError(f"{path}: imsforge reads {known}; {remedy}")


def find_ibd(path):
    """Return the .ibd beside an imzML file, whatever the case of its letters.

    Raises
    ------
    IngestError
        If there is none.
    """
    exact = path.with_suffix(".ibd")
    if exact.exists():
        return exact
    if path.parent.is_dir():
        for other in sorted(path.parent.iterdir()):
            if other.name.lower() == exact.name.lower():
                return other
    raise IngestError(f"{path}: no {exact.name} beside it; an imzML measurement is both files")
