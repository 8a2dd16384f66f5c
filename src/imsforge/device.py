"""Where the networks run."""

from pathlib import Path

from imsforge.errors import ConfigError


def gpu_present():
    """Tell, without importing torch, whether an NVIDIA driver serves a GPU on this machine."""
    return any(Path("/proc/driver/nvidia/gpus").glob("*")) or Path("/dev/nvidia0").exists()


def gpus_to_ask(device):
    """Return how many GPUs a training on ``auto``, ``cpu`` or ``cuda`` asks the workflow for."""
    return {"cpu": 0, "cuda": 1, "auto": int(gpu_present())}[device]


def resolve_device(device="auto"):
    """Return the torch device that ``auto``, ``cpu`` or ``cuda`` stands for on this machine.

    Raises
    ------
    ConfigError
        If ``cuda`` is asked for and torch sees no GPU.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "device: cuda, but torch sees no GPU on this machine; use `device: auto` or `cpu`"
        )
    return torch.device(device)
