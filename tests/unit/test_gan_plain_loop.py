"""The training engine against the plain loop that the benchmark times it by."""

import importlib.util

import numpy as np
import pytest
import torch

from imsforge.gan.settings import GANSettings
from imsforge.stage import limited_threads


@pytest.fixture(scope="module")
def benchmark_script(root):
    path = root / "benchmarks" / "gan_training.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 2e-2)], ids=str
)
def test_a_hundred_updates_have_the_losses_of_a_plain_loop(benchmark_script, dtype, tolerance):
    # In float32 the rounding of each update grows in those that follow.
    random = np.random.default_rng(0)
    X = torch.tensor(random.normal(size=(300, 9)), dtype=dtype)
    y = torch.tensor(random.integers(benchmark_script.N_CLASSES, size=300))
    settings = GANSettings(updates=100, critic_steps=5, batch_size=16, latent_size=8).resolved()
    with limited_threads(1):
        assert benchmark_script.losses_apart(X, y, settings) < tolerance
