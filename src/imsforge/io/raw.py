"""Raw files as they lie on the disk: present, whole, and what their checksums are."""

import hashlib
from pathlib import Path

from tqdm import tqdm

from imsforge.errors import IngestError

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_CHUNK = 2**22


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


def digests(path, *algorithms):
    """Return the checksums of a file as hexadecimal text, by algorithm, in one pass."""
    path = Path(path)
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    progress = tqdm(
        desc=f"checksums of {path.name}",
        total=path.stat().st_size,
        unit="B",
        unit_scale=True,
        disable=None,
    )
    with path.open("rb") as file, progress:
        while chunk := file.read(_CHUNK):
            for digest in hashes.values():
                digest.update(chunk)
            progress.update(len(chunk))
    return {name: digest.hexdigest() for name, digest in hashes.items()}
