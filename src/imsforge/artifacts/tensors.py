"""Named tensors with a header in one safetensors file: same content, same bytes."""

import hashlib
import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from imsforge.artifacts.atomic import atomic
from imsforge.artifacts.version import FORMAT_VERSION, check_version
from imsforge.errors import DamagedError, DataError

# One key only: safetensors writes several in no fixed order.
KEY = "imsforge"


def write_tensors(path, tensors, header):
    """Write tensors and a header to ``path``, whole or not at all.

    Parameters
    ----------
    path : path
    tensors : dict of str to tensor, on any device
    header : dict that JSON can hold
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    told = {"format_version": FORMAT_VERSION, "sha256": _digest(tensors)}
    header = json.dumps({**header, **told}, sort_keys=True)
    # The library's own `save_file` leaves files of random names when it is killed.
    content = save(tensors, metadata={KEY: header})
    with atomic(path) as temporary:
        temporary.write_bytes(content)


def read_tensors(path):
    """Return the tensors, on the CPU, and the header of a file of `write_tensors`.

    Raises
    ------
    DataError
        If the file is missing, newer, or was not written by `write_tensors`.
    DamagedError
        If the file is damaged.
    """
    if not Path(path).is_file():
        raise DataError(f"{path}: no such file; run the stage that makes it")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            header = json.loads((file.metadata() or {})[KEY])
    except (SafetensorError, OSError, ValueError) as error:
        raise DamagedError(path, " ".join(str(error).split())) from error
    except KeyError as error:
        raise DataError(f"{path}: not written by imsforge; give a file of imsforge") from error
    check_version(path, header.pop("format_version", None))
    if header.pop("sha256", None) != _digest(tensors):
        raise DamagedError(path, "checksum differs")
    return tensors, header


def read_model(path, kind):
    """Return the tensors and the header of a model's file, as `read_tensors` does.

    Raises
    ------
    DataError
        Also if the header's ``format`` is not ``kind``.
    """
    tensors, header = read_tensors(path)
    if header.get("format") != kind:
        raise DataError(
            f"{path}: holds {header.get('format')!r}, not {kind!r}; train the model again"
        )
    return tensors, header


def under(prefix, tensors):
    """Return the tensors whose names begin with a prefix, by the rest of their names."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _digest(tensors):
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()
