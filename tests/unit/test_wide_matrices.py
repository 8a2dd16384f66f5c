"""More peaks than a matrix of peaks x peaks allows for."""

import time

import numpy as np
import pytest
import torch

from imsforge.factorization import NMFFeatures, SemiOrthogonalNMF, subspace
from imsforge.factorization.nndsvd import leading_directions
from imsforge.factorization.row_blocks import Rows
from imsforge.factorization.spherical import leading_direction
from imsforge.factorization.swaps import Projection
from imsforge.labels.clustering import cluster_pixels


@pytest.fixture
def spectra(rng):
    """Four classes of spectra of 300 peaks, with counting noise."""
    base = rng.gamma(0.5, 100, (4, 300))
    counts = rng.poisson(base[np.arange(200) % 4] * rng.uniform(0.5, 2, (200, 1)))
    return counts.astype(np.float32)


@pytest.fixture
def as_if_wide(monkeypatch):
    """Take 300 columns for too many to be exact."""
    monkeypatch.setattr(subspace, "_EXACT_COLUMNS", 10)
    monkeypatch.setattr(subspace, "_EXACT_PART", 1)


def test_directions_are_those_of_the_singular_value_decomposition(spectra, as_if_wide):
    _, values, directions = np.linalg.svd(spectra.astype(np.float64))
    found, vectors = leading_directions(Rows(spectra, torch.device("cpu")), 4)
    np.testing.assert_allclose(found, values[:4], rtol=1e-5)
    np.testing.assert_allclose(np.abs((directions[:4] @ vectors.numpy()).diagonal()), 1, rtol=1e-5)
    np.testing.assert_allclose(np.abs(directions[0] @ leading_direction(spectra)), 1, rtol=1e-5)


@pytest.mark.parametrize("n_rows", [1, 3, 200])
def test_a_projection_keeps_products_of_rows(spectra, as_if_wide, n_rows):
    rows = spectra[:n_rows]
    projected = Projection(rows, np.arange(n_rows), n_clusters=2).rows
    assert projected.shape == (n_rows, min(50, n_rows))
    assert np.linalg.norm(projected) == pytest.approx(np.linalg.norm(rows), rel=0.03)


def test_classes_are_those_of_the_exact_directions(spectra, monkeypatch):
    exact = SemiOrthogonalNMF(4, random_state=0).fit(spectra)
    monkeypatch.setattr(subspace, "_EXACT_COLUMNS", 10)
    monkeypatch.setattr(subspace, "_EXACT_PART", 1)
    found = SemiOrthogonalNMF(4, random_state=0).fit(spectra)
    np.testing.assert_allclose(found.reconstruction_err_, exact.reconstruction_err_, rtol=1e-5)


@pytest.mark.parametrize("compression", [None, 8])
def test_features_fit_as_well_as_from_the_exact_directions(spectra, monkeypatch, compression):
    exact = NMFFeatures(4, compression=compression).fit(spectra)
    monkeypatch.setattr(subspace, "_EXACT_COLUMNS", 10)
    monkeypatch.setattr(subspace, "_EXACT_PART", 1)
    found = NMFFeatures(4, compression=compression).fit(spectra)
    np.testing.assert_allclose(found.reconstruction_err_, exact.reconstruction_err_, rtol=1e-3)


def test_few_pixels_of_very_many_peaks_get_classes_and_features(rng):
    """A matrix of peaks x peaks would take 9.8 GB, its decomposition hours."""
    started = time.process_time()
    base = rng.gamma(0.3, 100, (2, 35_000))
    X = rng.poisson(base[np.arange(20) % 2]).astype(np.float32)
    label, components, _ = cluster_pixels(X, method="semi-orthogonal-nmf", n_classes=2)
    assert len(set(label[::2])) == len(set(label[1::2])) == 1
    assert label[0] != label[1]
    assert components.shape == (2, 35_000)
    model = NMFFeatures(2, compression=100)
    W = model.fit_transform(X)
    assert np.linalg.norm(W @ model.components_ - X) < 0.3 * np.linalg.norm(X)
    assert time.process_time() - started < 60


def test_blocks_of_wide_rows_are_short():
    assert subspace.block_rows(240, 8192) == 8192
    assert subspace.block_rows(71_549, 16_384) * 71_549 <= 2**25
    assert subspace.block_rows(2**30, 8192) == 1
