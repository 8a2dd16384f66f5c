"""Semi-orthogonal NMF: hand-worked cases, slow references, scikit-learn's own checks."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from imsforge.factorization import SemiOrthogonalNMF
from imsforge.factorization.spherical import (
    _reseed_empty,
    expectation_maximisation,
    squared_lengths,
)
from imsforge.factorization.swaps import Projection, search
from imsforge.phantom import make_phantom

STANDARDISED = "clusters standardised blobs, which are negative; here X >= 0"


@parametrize_with_checks(
    [SemiOrthogonalNMF(n_clusters=2)],
    expected_failed_checks=lambda _: {"check_clustering": STANDARDISED},
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


@pytest.fixture
def spectra(rng):
    """300 noisy multiples of three directions in 12 peaks: X, labels."""
    directions = rng.gamma(0.6, 1.0, size=(3, 12))
    label = rng.integers(0, 3, size=300)
    gain = rng.lognormal(0, 1, size=(300, 1))
    return gain * np.abs(directions[label] + rng.normal(0, 0.03, size=(300, 12))), label


def test_worked_by_hand():
    # Rows on two axes: H is the axes, W the rows' lengths; (3, 4) is 4/5 in the second direction.
    X = np.array([[2.0, 0, 0], [4.0, 0, 0], [0, 3.0, 4.0], [0, 6.0, 8.0]])
    model = SemiOrthogonalNMF(n_clusters=2, random_state=0).fit(X)
    first, second = model.labels_[0], model.labels_[2]
    np.testing.assert_array_equal(model.labels_, [first, first, second, second])
    np.testing.assert_allclose(model.components_[[first, second]], [[1, 0, 0], [0, 0.6, 0.8]])
    np.testing.assert_allclose(model.transform(X)[:, [first, second]].sum(1), [2, 4, 5, 10])
    assert model.reconstruction_err_ == pytest.approx(0, abs=1e-6)


def test_one_cluster_is_the_leading_singular_vector(spectra):
    X, _ = spectra
    model = SemiOrthogonalNMF(n_clusters=1, tol=1e-12, random_state=0).fit(X)
    _, values, vectors = np.linalg.svd(X, full_matrices=False)
    np.testing.assert_allclose(model.components_[0], np.abs(vectors[0]), atol=1e-4)
    assert model.reconstruction_err_ == pytest.approx(np.sqrt(np.sum(values[1:] ** 2)), rel=1e-6)


def test_components_are_the_singular_vectors_of_their_clusters(spectra):
    X, _ = spectra
    model = SemiOrthogonalNMF(n_clusters=3, tol=1e-14, random_state=0).fit(X)
    for k, component in enumerate(model.components_):
        leading = np.linalg.svd(X[model.labels_ == k], full_matrices=False)[2][0]
        np.testing.assert_allclose(component, np.abs(leading), atol=1e-5)


def test_finds_directions_whatever_the_gain(spectra):
    X, label = spectra
    model = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X)
    assert adjusted_rand_score(label, model.labels_) > 0.95
    # Plain k-means sorts by intensity instead.
    by_intensity = KMeans(3, n_init=5, random_state=0).fit_predict(X)
    assert adjusted_rand_score(label, by_intensity) < 0.5


def test_agrees_with_a_slow_loop(spectra):
    X, _ = spectra
    H = X[[0, 1, 2]] / np.linalg.norm(X[[0, 1, 2]], axis=1, keepdims=True)
    fast = expectation_maximisation(X, np.sum(X**2, axis=1), H, max_iter=4, tol=0)
    for _ in range(fast.n_iter):
        label = np.array([np.argmax([row @ h for h in H]) for row in X])
        for k in range(3):
            members = X[label == k]
            if len(members):
                step = members.T @ (members @ H[k])
                H[k] = step / np.linalg.norm(step)
    label = np.array([np.argmax([row @ h for h in H]) for row in X])
    np.testing.assert_array_equal(fast.labels, label)
    np.testing.assert_allclose(fast.components, H)
    rest = X - np.array([(row @ H[k]) * H[k] for row, k in zip(X, label, strict=True)])
    assert fast.error == pytest.approx(np.linalg.norm(rest))


def test_error_never_rises(spectra):
    X, _ = spectra
    start = np.eye(12)[:5]
    norms = np.sum(X**2, axis=1)
    errors = [
        expectation_maximisation(X, norms, start, max_iter=n, tol=0).error for n in range(1, 20)
    ]
    assert np.all(np.diff(errors) <= 1e-9)


def test_empty_cluster_takes_the_worst_fitted_row():
    X = np.array([[4.0, 0, 0], [3.0, 0, 1.0], [2.0, 2.0, 0], [0, 0, 0]])
    components = np.array([[1.0, 0, 0], [0, 0, 1.0]])
    norms = np.sum(X**2, axis=1)
    seeded = _reseed_empty(X, norms, np.zeros(4, int), X[:, 0].copy(), components)
    np.testing.assert_allclose(seeded, [[1, 0, 0], [0.5**0.5, 0.5**0.5, 0]])


def test_rows_of_zeros_weigh_nothing(spectra):
    X, _ = spectra
    model = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X)
    padded = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(np.vstack([X, np.zeros((7, 12))]))
    np.testing.assert_allclose(padded.components_, model.components_)
    np.testing.assert_array_equal(padded.labels_, [*model.labels_, *[0] * 7])
    assert not padded.transform(np.zeros((2, 12))).any()


def test_square_root_is_a_factorisation_of_the_root(spectra):
    X, _ = spectra
    stabilised = SemiOrthogonalNMF(n_clusters=3, stabilise="sqrt", random_state=0).fit(X)
    plain = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(np.sqrt(X))
    np.testing.assert_array_equal(stabilised.components_, plain.components_)
    np.testing.assert_array_equal(stabilised.predict(X), plain.predict(np.sqrt(X)))


def test_stabilising_recovers_classes_from_counts(rng):
    # Two classes differ in small peaks alone; the noise of the large peak hides them.
    expected = np.array([[900.0, 30, 5], [900.0, 5, 30]])
    label = np.repeat([0, 1], 400)
    X = rng.poisson(expected[label]).astype(float)
    plain, stabilised = (
        adjusted_rand_score(
            label, SemiOrthogonalNMF(2, stabilise=how, random_state=0).fit_predict(X)
        )
        for how in ("none", "sqrt")
    )
    assert stabilised > 0.95
    assert stabilised >= plain


def test_order_of_rows_does_not_matter(rng, spectra):
    X, _ = spectra
    order = rng.permutation(len(X))
    plain = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X)
    shuffled = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X[order])
    assert adjusted_rand_score(plain.labels_[order], shuffled.labels_) == 1
    assert shuffled.reconstruction_err_ == pytest.approx(plain.reconstruction_err_)


def test_order_of_columns_does_not_matter(rng, spectra):
    X, _ = spectra
    order = rng.permutation(X.shape[1])
    plain = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X)
    permuted = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X[:, order])
    np.testing.assert_array_equal(permuted.labels_, plain.labels_)
    np.testing.assert_allclose(permuted.components_, plain.components_[:, order])


def test_gains_of_exact_multiples_do_not_matter(rng):
    label = rng.integers(0, 3, size=90)
    X = rng.gamma(0.5, 1.0, size=(3, 12))[label]
    gain = rng.lognormal(0, 2, size=(90, 1))
    for Z in (X, gain * X):
        model = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(Z)
        assert adjusted_rand_score(label, model.labels_) == 1
        assert model.reconstruction_err_ < 1e-6 * np.linalg.norm(Z)


def test_columns_of_zeros_stay_zero(spectra):
    X, _ = spectra
    X[:, 4] = 0
    model = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X)
    assert not model.components_[:, 4].any()


def test_duplicate_rows_share_a_cluster(spectra):
    X, _ = spectra
    X[1::2] = X[::2]
    model = SemiOrthogonalNMF(n_clusters=4, random_state=0).fit(X)
    np.testing.assert_array_equal(model.labels_[1::2], model.labels_[::2])


def test_float32_and_float64_agree(spectra):
    X, _ = spectra
    double = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X)
    single = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X.astype(np.float32))
    assert adjusted_rand_score(double.labels_, single.labels_) == 1
    assert single.reconstruction_err_ == pytest.approx(double.reconstruction_err_, rel=1e-4)


@pytest.fixture
def many_directions(rng):
    """2,000 rows around 12 directions of very different sizes, in 80 peaks."""
    directions = rng.gamma(0.3, 1.0, size=(12, 80))
    label = np.minimum(rng.geometric(0.3, size=2000) - 1, 11)
    return np.abs(directions[label] + rng.normal(0, 0.05, size=(2000, 80)))


def test_swaps_find_what_starts_miss():
    X = make_phantom(n_pixels=1500, n_peaks=60).intensity()
    norms = squared_lengths(X)

    def errors_after(n_swaps):
        settings = {"n_init": 1, "n_swaps": n_swaps, "max_iter": 50}
        starts = [search(X, norms, 12, **settings, rng=np.random.RandomState(k)) for k in range(4)]
        return [expectation_maximisation(X, norms, H, max_iter=50, tol=0).error for H in starts]

    # The best of several starts is worse than the worst of as many searches.
    assert max(errors_after(200)) < min(errors_after(0))


def test_a_projection_loses_little(many_directions):
    X = many_directions
    projection = Projection(X, np.arange(0, 2000, 2), n_clusters=2)
    assert projection.rows.shape == (1000, 50)
    kept = squared_lengths(projection.rows).sum() / squared_lengths(X[::2]).sum()
    assert 0.99 < kept < 1
    lifted = projection.lift(
        projection.rows[:3] / np.linalg.norm(projection.rows[:3], axis=1)[:, None]
    )
    assert (lifted >= 0).all()
    np.testing.assert_allclose(np.linalg.norm(lifted, axis=1), 1)
    assert (np.sum(lifted * X[:6:2], axis=1) > 0.97 * np.linalg.norm(X[:6:2], axis=1)).all()


def test_few_peaks_are_not_projected(spectra):
    X, _ = spectra
    projection = Projection(X, np.arange(10), n_clusters=2)
    np.testing.assert_array_equal(projection.rows, X[:10])
    np.testing.assert_array_equal(projection.lift(X[:2]), X[:2])


def test_restarts_on_a_subset_then_all_rows(rng):
    directions = rng.gamma(0.5, 1.0, size=(4, 10))
    label = rng.integers(0, 4, size=5000)
    X = np.abs(directions[label] + rng.normal(0, 0.02, size=(5000, 10)))
    model = SemiOrthogonalNMF(n_clusters=4, random_state=0).fit(X)
    assert adjusted_rand_score(label, model.labels_) > 0.95
    np.testing.assert_array_equal(model.labels_, model.predict(X))
    W = model.transform(X)
    error = np.linalg.norm(X - W @ model.components_)
    assert model.reconstruction_err_ == pytest.approx(error)


def test_same_seed_same_factors(spectra):
    X = spectra[0].astype(np.float32)
    first, second = (SemiOrthogonalNMF(n_clusters=5, random_state=3).fit(X) for _ in range(2))
    np.testing.assert_array_equal(first.components_, second.components_)
    np.testing.assert_array_equal(first.labels_, second.labels_)
    assert first.components_.dtype == first.transform(X).dtype == np.float32


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_float32_survives_extreme_units(spectra, scale):
    X = spectra[0].astype(np.float32)
    model = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X)
    scaled = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X * np.float32(scale))
    np.testing.assert_allclose(scaled.components_, model.components_, atol=1e-5)
    assert scaled.reconstruction_err_ == pytest.approx(scale * model.reconstruction_err_, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [(-1.0, "Negative values"), (np.nan, "contains NaN"), (np.inf, "contains infinity")],
)
def test_impossible_intensities_are_named(spectra, change, message):
    X, _ = spectra
    X[3, 4] = change
    with pytest.raises(ValueError, match=message):
        SemiOrthogonalNMF(n_clusters=2).fit(X)


def test_more_clusters_than_rows_with_signal():
    X = np.vstack([np.eye(3), np.zeros((5, 3))])
    with pytest.raises(ValueError, match=r"n_samples=3 .* n_clusters=4"):
        SemiOrthogonalNMF(n_clusters=4).fit(X)


def test_fewer_directions_than_clusters_warns():
    X = np.outer(np.arange(1.0, 9), [1.0, 2.0])
    with pytest.warns(ConvergenceWarning, match="clusters hold a row"):
        model = SemiOrthogonalNMF(n_clusters=3, random_state=0).fit(X)
    assert np.isfinite(model.components_).all()


def test_too_few_iterations_warn(spectra):
    with pytest.warns(ConvergenceWarning, match="max_iter=1"):
        SemiOrthogonalNMF(n_clusters=8, max_iter=1, tol=0, random_state=0).fit(spectra[0])


def test_not_fitted():
    with pytest.raises(NotFittedError):
        SemiOrthogonalNMF().predict(np.ones((3, 3)))
