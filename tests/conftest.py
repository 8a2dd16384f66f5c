"""Fixtures of all tests."""

from pathlib import Path

import numpy as np
import pytest
from studies import finished, measurement, workspace

from imsforge.artifacts.contract import Features, Labels, PeakMatrix

__all__ = ["finished", "measurement", "workspace"]

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root():
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real measurements, which is not part of the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real measurements in ../shared/data, which are not there")
    return folder


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def blobs(rng):
    """Three overlapping classes of 60, 30 and 12 rows in four features: X, y."""
    sizes, centres = (60, 30, 12), np.array([[0, 0, 0, 0], [2, 1, 0, 0], [0, 2, 2, 1.0]])
    X = np.concatenate([rng.normal(c, 1, size=(n, 4)) for c, n in zip(centres, sizes, strict=True)])
    return X.astype(np.float32), np.repeat([1, 2, 3], sizes).astype(np.int16)


@pytest.fixture
def features(blobs, rng):
    """The blobs as features, four fifths of them for training."""
    X, y = blobs
    train = rng.permutation(len(X)) < 0.8 * len(X)
    return Features(
        values=X,
        label=y,
        pixel=np.arange(len(X)),
        train=train,
        names=np.array(["cortex", "medulla", "pelvis"]),
    )


@pytest.fixture
def peaks(rng):
    """A measurement of 20 x 15 pixels and 8 peaks; the last pixel is empty."""
    x, y = (axis.ravel().astype(np.int32) for axis in np.meshgrid(np.arange(20), np.arange(15)))
    intensity = rng.gamma(2.0, 50.0, size=(300, 8)).astype(np.float32)
    intensity[(x < 10), :4] *= 5
    intensity[-1] = 0
    annotations = {"tissue": np.where(x < 10, "left", "right")}
    mz, total_ion_current = np.linspace(400, 900, 8), intensity.sum(axis=1)
    return PeakMatrix(intensity, mz, x, y, total_ion_current, annotations)


@pytest.fixture
def labels(peaks):
    """Left half, right half, and no class for the empty pixel."""
    label = np.where(peaks.x < 10, 1, 2).astype(np.int16)
    label[-1] = 0
    return Labels(label, np.array(["left", "right"]))
