from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import NMF

from imsforge.artifacts.contract import Resampled, Split
from imsforge.errors import DataError
from imsforge.factorization.features import make_features, reduce_spectra
from imsforge.fidelity.rarest_class import spectra_of_rarest_class
from imsforge.oversampling import Duplicate
from imsforge.oversampling import replace as replaced
from imsforge.scaling import scale_features


@pytest.fixture
def split():
    """Every third pixel tests; the empty pixel takes no part."""
    pixels = np.arange(299)
    return Split(train=pixels[pixels % 3 > 0], test=pixels[pixels % 3 == 0])


def test_rows_keep_their_pixels_and_labels(peaks, labels, split):
    features = make_features(peaks, labels, split, n_features="full")
    np.testing.assert_array_equal(features.values, peaks.intensity[features.pixel])
    np.testing.assert_array_equal(features.label, labels.label[features.pixel])
    np.testing.assert_array_equal(features.pixel[features.train], split.train)
    assert features.components is None


def test_nmf_features_are_scikit_learn_s(peaks, labels, split):
    features = make_features(peaks, labels, split, n_features=3)
    model = NMF(3, init="nndsvd", max_iter=500, random_state=0)
    weights = model.fit_transform(peaks.intensity[split.train])
    # Both stop at the same tolerance, but round on the way as the processor has it.
    np.testing.assert_allclose(features.training_set[0], weights, rtol=2e-3, atol=1e-2)
    np.testing.assert_allclose(features.components, model.components_, rtol=2e-3, atol=1e-2)


def test_test_pixels_do_not_shape_the_features(peaks, labels, split):
    changed = peaks.intensity.copy()
    changed[split.test] = changed[split.test][::-1] * 7
    first = make_features(peaks, labels, split, n_features=3)
    second = make_features(replace(peaks, intensity=changed), labels, split, n_features=3)
    np.testing.assert_array_equal(first.components, second.components)
    np.testing.assert_array_equal(first.training_set[0], second.training_set[0])


def test_reserved_pixels_neither_train_nor_test(peaks, labels, split):
    parts = Split(split.train[:-50], split.test, reserve=split.train[-50:])
    features = make_features(peaks, labels, parts, n_features=3)
    np.testing.assert_array_equal(features.pixel[features.reserve], parts.reserve)
    np.testing.assert_array_equal(features.pixel[features.test], parts.test)
    assert len(features.training_set[0]) + len(features.test_set[0]) + 50 == 299
    X, y = features.reserve_set
    assert X.shape == (50, 3)
    np.testing.assert_array_equal(y, labels.label[parts.reserve])
    changed = peaks.intensity.copy()
    changed[parts.reserve] *= 7
    again = make_features(replace(peaks, intensity=changed), labels, parts, n_features=3)
    np.testing.assert_array_equal(again.components, features.components)


def test_without_a_reserve_its_set_is_empty(peaks, labels, split):
    features = make_features(peaks, labels, split, n_features="full")
    assert features.reserve is None
    assert features.reserve_set[0].shape == (0, 8)


def test_fitting_on_all_pixels_leaks(peaks, labels, split):
    fair = make_features(peaks, labels, split, n_features=3)
    leaky = make_features(peaks, labels, split, n_features=3, fit_on="all")
    assert not np.allclose(fair.components, leaky.components)


def test_features_lead_back_to_spectra(peaks, labels, split):
    features = make_features(peaks, labels, split, n_features=8)
    scaled = scale_features(features, "standard")
    spectra = scaled.to_spectra(scaled.values)
    error = np.linalg.norm(spectra - peaks.intensity[:299]) / np.linalg.norm(peaks.intensity)
    assert error < 0.02  # eight features of eight peaks


def test_too_many_features_are_refused():
    with pytest.raises(DataError, match=r"features: 9 is more than the 5 .* choose at most 5"):
        reduce_spectra(np.ones((20, 8)), np.arange(20) < 5, 9)


def test_the_rarest_class_is_shown(features):
    scaled = scale_features(features, "standard")
    X, y = scaled.training_set
    made = Resampled({"replace": replaced(Duplicate(random_state=0).fit(X, y), X, y)})
    name, real, generated = spectra_of_rarest_class(scaled, {"duplicate": made})
    assert name == "pelvis"
    np.testing.assert_allclose(real, features.test_set[0][features.test_set[1] == 3], atol=1e-5)
    own = features.training_set[0][features.training_set[1] == 3]
    nearest = np.abs(generated["duplicate"][:, None] - own[None]).max(axis=2).min(axis=1)
    assert nearest.max() < 1e-5  # duplicates are training rows of the class, in their own units
