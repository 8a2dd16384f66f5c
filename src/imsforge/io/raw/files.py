"""Raw files as they lie on the disk: which they are, whether they are whole, their checksums."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from imsforge.errors import IngestError
from imsforge.io.imzml.ibd import find_ibd

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_CHUNK = 2**22


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


def digests(path, *algorithms, stop=None):
    """Return the checksums of a file as hexadecimal text, by algorithm, in one pass.

    Parameters
    ----------
    path : path
    *algorithms : str, names that `hashlib` knows
    stop : threading.Event, optional
        Once it is set, the pass ends early.
    """
    path = Path(path)
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    progress = tqdm(
        desc=f"checksums of {path.name}",
        total=path.stat().st_size,
        unit="B",
        unit_scale=True,
        position=1,
        leave=False,
        disable=None,
    )
    with path.open("rb") as file, progress:
        while chunk := file.read(_CHUNK):
            if stop is not None and stop.is_set():
                break
            for digest in hashes.values():
                digest.update(chunk)
            progress.update(len(chunk))
    return {name: digest.hexdigest() for name, digest in hashes.items()}


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
