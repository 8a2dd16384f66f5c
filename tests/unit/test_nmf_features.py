"""NMFFeatures: hand-worked cases, scikit-learn's path, scipy's nnls, files, and bad input."""

import warnings

import h5py
import numpy as np
import pytest
import torch
from scipy.optimize import nnls
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

import imsforge.factorization.row_blocks as rows_module
from imsforge.errors import ConfigError
from imsforge.factorization import NMFFeatures
from imsforge.factorization.least_squares import CoordinateDescent
from imsforge.factorization.nndsvd import leading_directions, nndsvd
from imsforge.factorization.row_blocks import Rows


@parametrize_with_checks([NMFFeatures(n_components=2)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


@pytest.fixture
def spectra(rng):
    """150 noisy mixtures of four spectra of 20 peaks."""
    weights, spectra = rng.gamma(0.5, 1.0, size=(150, 4)), rng.gamma(0.3, 1.0, size=(4, 20))
    return weights @ spectra + rng.gamma(0.5, 0.02, size=(150, 20))


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 40 rows, the last of which is shorter."""
    monkeypatch.setattr(rows_module, "BLOCK_ROWS", 40)


def fitted(X, n_components=4, **settings):
    """Run as many iterations as are asked for, without a warning that these are few."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = NMFFeatures(n_components, **settings)
        return model, model.fit_transform(X)


def start_of(X, n_components):
    rows = Rows(X, torch.device("cpu"))
    W, H = nndsvd(rows, *leading_directions(rows, n_components))
    return torch.cat(W, dim=1).T.numpy().copy(), H.numpy().copy()


def scikit_learn(X, n_iter, n_components=4):
    """Scikit-learn's factors from the same start, W and H."""
    W, H = start_of(X, n_components)
    model = NMF(n_components, init="custom", max_iter=n_iter, tol=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit_transform(X, W=W, H=H), model.components_, model.reconstruction_err_


def test_sweep_worked_by_hand():
    # min ||x - w H||, H = [[1, 0], [1, 1]], x = (1, 3): G = [[1, 1], [1, 2]], p = (1, 4).
    # From w = (0, 1): w_1 = max(0, 1 - 1) = 0, then w_2 = (4 - 0) / 2 = 2.
    descent = CoordinateDescent(torch.tensor([[1.0, 1.0], [1.0, 2.0]]))
    W = torch.tensor([[0.0], [1.0]])
    target = torch.tensor([[1.0], [4.0]]) * descent.scale
    descent.sweep(W, target)
    np.testing.assert_allclose(W, [[0.0], [2.0]])
    # The gradient of w_1 is 1 + 1 - 1 - 1 = 0; that of w_2 was 2 - 4 = -2.
    assert descent.violation(torch.tensor([[0.0], [1.0]]), target) == pytest.approx(2.0)


def test_a_bound_that_holds_violates_nothing():
    descent = CoordinateDescent(torch.tensor([[2.0]]))
    W, target = torch.tensor([[0.0, 1.0]]), torch.tensor([[-3.0, -3.0]]) * descent.scale
    before = W.clone()
    descent.sweep(W, target)
    np.testing.assert_array_equal(W, 0)
    # At 0 the gradient 3 points out of bounds; at 1 it is 2 + 3.
    assert descent.violation(before, target) == pytest.approx(5.0)


@pytest.mark.parametrize("n_components", [3, 10, 23])
def test_sweep_agrees_with_a_slow_loop(rng, n_components):
    H, X = rng.random((n_components, 30)), rng.random((7, 30))
    W = rng.random((7, n_components))
    H[1] = 0  # a component of zeros leaves its weights alone
    descent = CoordinateDescent(torch.from_numpy(H @ H.T))
    fast = torch.from_numpy(W.T.copy())
    descent.sweep(fast, torch.from_numpy(H @ X.T) * descent.scale)
    for row, x in zip(W, X, strict=True):
        for t, h in enumerate(H):
            if h @ h > 0:
                row[t] = max(0.0, row[t] - h @ (row @ H - x) / (h @ h))
    np.testing.assert_allclose(fast.T, W, atol=1e-12)


def test_rank_one_worked_by_hand():
    X = np.outer([1.0, 2.0, 2.0], [3.0, 0.0, 4.0])
    model, W = fitted(X, 1, tol=1e-12)
    np.testing.assert_allclose(W @ model.components_, X, atol=1e-12)
    # NNDSVD splits the singular value 15 evenly, and is the solution already.
    np.testing.assert_allclose(W[:, 0], np.array([1, 2, 2]) / 3 * 15**0.5)
    assert model.reconstruction_err_ == pytest.approx(0, abs=1e-12)


def test_start_is_the_one_of_exact_singular_vectors(spectra):
    U, S, Vt = np.linalg.svd(spectra, full_matrices=False)
    W, H = start_of(spectra, 4)
    for k in range(4):
        sides = []
        for sign in (1, -1):
            u, v = np.maximum(sign * U[:, k], 0), np.maximum(sign * Vt[k], 0)
            sides.append((np.linalg.norm(u) * np.linalg.norm(v), u, v))
        product, u, v = max(sides, key=lambda side: side[0])
        scale = np.sqrt(S[k] * product)
        np.testing.assert_allclose(W[:, k], scale * u / np.linalg.norm(u), atol=2e-6)
        np.testing.assert_allclose(H[k], scale * v / np.linalg.norm(v), atol=2e-6)


def test_start_is_scikit_learn_s_where_singular_values_are_apart(rng):
    X = rng.gamma(0.5, 1.0, size=(60, 3)) * [9.0, 3.0, 1.0] @ rng.gamma(0.3, 1.0, size=(3, 12))
    ours = NMFFeatures(3, max_iter=1, tol=0)
    theirs = NMF(3, init="nndsvd", max_iter=1, tol=0, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        np.testing.assert_allclose(ours.fit_transform(X), theirs.fit_transform(X), atol=1e-5)
    np.testing.assert_allclose(ours.components_, theirs.components_, atol=1e-5)


@pytest.mark.parametrize("n_iter", [1, 2, 30, 300])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 2e-4)])
@pytest.mark.usefixtures("small_blocks")
def test_same_path_as_scikit_learn(spectra, n_iter, dtype, tolerance):
    X = spectra.astype(dtype)
    W, H, error = scikit_learn(X, n_iter)
    model, weights = fitted(X, max_iter=n_iter, tol=0)
    assert weights.dtype == model.components_.dtype == dtype
    np.testing.assert_allclose(weights, W, atol=tolerance * W.max())
    np.testing.assert_allclose(model.components_, H, atol=tolerance * H.max())
    assert model.reconstruction_err_ == pytest.approx(error, rel=tolerance)


def test_stops_where_scikit_learn_does(spectra):
    W, H = start_of(spectra, 4)
    theirs = NMF(4, init="custom", max_iter=5000, tol=1e-3)
    theirs.fit_transform(spectra, W=W, H=H)
    ours = NMFFeatures(4, max_iter=5000, tol=1e-3).fit(spectra)
    assert ours.n_iter_ == 10 * -(-theirs.n_iter_ // 10)


def test_error_never_rises(spectra):
    errors = [fitted(spectra, max_iter=n, tol=0)[0].reconstruction_err_ for n in range(1, 30)]
    assert np.all(np.diff(errors) <= 1e-9)


def test_blocks_of_rows_are_one_matrix(spectra, monkeypatch):
    whole, W = fitted(spectra, max_iter=50)
    monkeypatch.setattr(rows_module, "BLOCK_ROWS", 7)
    blocks, weights = fitted(spectra, max_iter=50)
    np.testing.assert_allclose(blocks.components_, whole.components_, rtol=1e-8)
    np.testing.assert_allclose(weights, W, atol=1e-8)


def test_compression_of_full_rank_changes_nothing(spectra):
    exact, _ = fitted(spectra, max_iter=80, tol=0)
    compressed, weights = fitted(spectra, max_iter=80, tol=0, compression=19)
    whole, _ = fitted(spectra, max_iter=80, tol=0, compression=500)
    np.testing.assert_array_equal(whole.components_, exact.components_)
    norm = np.linalg.norm(spectra)
    error = np.linalg.norm(spectra - weights @ compressed.components_)
    assert compressed.reconstruction_err_ == pytest.approx(error, rel=1e-9)
    assert error == pytest.approx(exact.reconstruction_err_, abs=1e-4 * norm)


def test_compression_below_the_number_of_features_keeps_as_many(spectra):
    few, _ = fitted(spectra, max_iter=30, compression=1)
    four, _ = fitted(spectra, max_iter=30, compression=4)
    np.testing.assert_array_equal(few.components_, four.components_)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-6), (np.float32, 3e-3)])
def test_transform_is_nnls(rng, spectra, dtype, tolerance):
    model = NMFFeatures(6, max_iter=30, tol=1).fit(spectra[:100].astype(dtype))
    held_out = spectra[100:].astype(dtype)
    W = model.transform(held_out)
    reference = np.array([nnls(model.components_.T.astype(float), x)[0] for x in held_out])
    np.testing.assert_allclose(W, reference, atol=tolerance * reference.max())


def test_a_row_is_transformed_alone_as_among_others(spectra):
    model = NMFFeatures(4, tol=1e-2).fit(spectra)
    W = model.transform(spectra)
    np.testing.assert_allclose(model.transform(spectra[17:18])[0], W[17], atol=1e-9)
    np.testing.assert_allclose(model.transform(spectra[::-1])[::-1], W, atol=1e-9)


def test_inverse_transform_leads_back_to_spectra(spectra):
    model = NMFFeatures(4, tol=1e-4, max_iter=2000).fit(spectra)
    error = np.linalg.norm(spectra - model.inverse_transform(model.transform(spectra)))
    assert error <= model.reconstruction_err_ * (1 + 1e-6)


def test_order_of_rows_does_not_matter(rng, spectra):
    order = rng.permutation(len(spectra))
    plain, W = fitted(spectra, max_iter=60)
    shuffled, weights = fitted(spectra[order], max_iter=60)
    np.testing.assert_allclose(shuffled.components_, plain.components_, atol=1e-8)
    np.testing.assert_allclose(weights, W[order], atol=1e-8)


def test_units_do_not_matter_beyond_the_start_s_threshold(spectra):
    plain, W = fitted(spectra, max_iter=60)
    scaled, weights = fitted(1e4 * spectra, max_iter=60)
    np.testing.assert_allclose(
        weights @ scaled.components_, 1e4 * (W @ plain.components_), rtol=0.01, atol=10
    )


def test_rows_and_columns_of_zeros_stay_zero(spectra):
    spectra[3], spectra[:, 5] = 0, 0
    model, W = fitted(spectra)
    assert not W[3].any()
    assert not model.components_[:, 5].any()
    assert not model.transform(np.zeros((2, 20))).any()


def test_nothing_but_zeros():
    model, W = fitted(np.zeros((5, 4)), 2)
    assert not W.any()
    assert not model.components_.any()
    assert model.n_iter_ >= 1
    assert not model.transform(np.ones((2, 4))).any()


def test_duplicate_rows_get_the_same_features(spectra):
    spectra[1::2] = spectra[::2]
    _, W = fitted(spectra)
    np.testing.assert_allclose(W[1::2], W[::2], atol=1e-9)


def test_fewer_distinct_rows_than_features():
    X = np.tile([[1.0, 0, 2.0, 1.0], [0, 3.0, 1.0, 0]], (6, 1))
    for dtype in (np.float32, np.float64):
        model, W = fitted(X.astype(dtype), 4, max_iter=200)
        assert np.isfinite(model.components_).all()
        np.testing.assert_allclose(W @ model.components_, X, atol=1e-2)


@pytest.mark.parametrize("settings", [{}, {"compression": 12}])
@pytest.mark.usefixtures("small_blocks")
def test_a_file_is_factorised_as_the_array_it_holds(tmp_path, spectra, settings):
    X = spectra.astype(np.float32)
    with h5py.File(tmp_path / "spectra.h5", "w") as file:
        dataset = file.create_dataset("intensity", data=X, chunks=(16, 20), compression="lzf")
        model, W = fitted(dataset, max_iter=40, **settings)
        expected, weights = fitted(X, max_iter=40, **settings)
        np.testing.assert_array_equal(model.components_, expected.components_)
        np.testing.assert_array_equal(W, weights)
        np.testing.assert_array_equal(model.transform(dataset), expected.transform(X))
        assert model.n_features_in_ == 20
        with pytest.raises(ValueError, match="X has 20 features, but NMFFeatures is expecting 8"):
            NMFFeatures(2).fit(X[:, :8]).transform(dataset)


def test_a_file_of_counts(tmp_path, rng):
    counts = rng.poisson(5, size=(30, 6)).astype(np.uint16)
    with h5py.File(tmp_path / "counts.h5", "w") as file:
        file["counts"] = counts
        model, _ = fitted(file["counts"], 2)
    expected, _ = fitted(counts.astype(np.float32), 2)
    np.testing.assert_array_equal(model.components_, expected.components_)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
@pytest.mark.usefixtures("small_blocks")
def test_impossible_values_in_a_file_are_located(tmp_path, spectra, value):
    spectra[57, 3] = value
    with h5py.File(tmp_path / "spectra.h5", "w") as file:
        file["intensity"] = spectra
        with pytest.raises(ValueError, match=r"Rows 40 to 79 .* NaN, infinite or negative"):
            NMFFeatures(3).fit(file["intensity"])


def test_a_file_of_images_is_refused(tmp_path):
    with h5py.File(tmp_path / "cube.h5", "w") as file:
        file["cube"] = np.ones((4, 4, 4))
        with pytest.raises(ValueError, match="2 dimensions, got 3"):
            NMFFeatures(3).fit(file["cube"])


@pytest.mark.parametrize(
    ("value", "message"),
    [(-1.0, "Negative values"), (np.nan, "contains NaN"), (np.inf, "contains infinity")],
)
def test_impossible_values_are_named(spectra, value, message):
    spectra[3, 4] = value
    with pytest.raises(ValueError, match=message):
        NMFFeatures(3).fit(spectra)


def test_more_features_than_the_smaller_side(spectra):
    with pytest.raises(ValueError, match="n_components=21 should be <= 20"):
        NMFFeatures(21).fit(spectra)


def test_too_few_iterations_warn(spectra):
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        NMFFeatures(3, max_iter=2).fit(spectra)


def test_a_gpu_that_is_not_there(spectra):
    if torch.cuda.is_available():
        pytest.skip("needs a machine without a GPU")
    with pytest.raises(ConfigError, match="torch sees no GPU"):
        NMFFeatures(3, device="cuda").fit(spectra)


def test_not_fitted(spectra):
    with pytest.raises(NotFittedError):
        NMFFeatures(3).transform(spectra)


def test_same_input_same_bytes(spectra):
    first, W = fitted(spectra.astype(np.float32))
    second, weights = fitted(spectra.astype(np.float32))
    np.testing.assert_array_equal(first.components_, second.components_)
    np.testing.assert_array_equal(W, weights)
