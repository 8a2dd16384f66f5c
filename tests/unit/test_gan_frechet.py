import numpy as np
import pytest
from scipy.linalg import sqrtm

from imsforge.errors import DataError
from imsforge.fidelity.frechet import frechet_distance


def by_definition(real, generated):
    S1, S2 = np.cov(real, rowvar=False), np.cov(generated, rowvar=False)
    shift = real.mean(axis=0) - generated.mean(axis=0)
    return np.sqrt(shift @ shift + np.trace(S1 + S2 - 2 * sqrtm(S1 @ S2).real))


def test_one_feature_by_hand():
    # Means 1 and 5, standard deviations 1 and 3: sqrt(4^2 + 2^2).
    real = np.array([[0.0], [1.0], [2.0]])
    generated = np.array([[2.0], [5.0], [8.0]])
    assert frechet_distance(real, generated) == pytest.approx(np.sqrt(20))


def test_agrees_with_the_matrix_square_root():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(6, 6))
    real = rng.normal(size=(300, 6)) @ mixing
    generated = rng.normal(size=(40, 6)) @ mixing.T + 1
    assert frechet_distance(real, generated) == pytest.approx(by_definition(real, generated))


def test_fewer_rows_than_features():
    # Full-rank covariances in the first three features, nothing in the rest.
    rng = np.random.default_rng(1)
    real, generated = rng.normal(size=(8, 3)), 2 * rng.normal(size=(9, 3)) + 1
    rotation = np.linalg.qr(rng.normal(size=(30, 30)))[0]
    embedded = [np.pad(rows, ((0, 0), (0, 27))) @ rotation for rows in (real, generated)]
    assert frechet_distance(*embedded) == pytest.approx(by_definition(real, generated))


def test_many_rows_against_few():
    rng = np.random.default_rng(2)
    real, generated = rng.normal(size=(500, 20)), rng.normal(size=(5, 20))
    S1, S2 = np.cov(real, rowvar=False), np.cov(generated, rowvar=False)
    shift = real.mean(axis=0) - generated.mean(axis=0)
    root = np.sqrt(np.maximum(np.linalg.eigvals(S1 @ S2).real, 0)).sum()
    expected = np.sqrt(shift @ shift + np.trace(S1 + S2) - 2 * root)
    assert frechet_distance(real, generated) == pytest.approx(expected)


def test_float32_rows_are_measured_in_float64():
    rng = np.random.default_rng(3)
    real = (rng.normal(size=(50, 4)) + 1000).astype(np.float32)
    generated = (rng.normal(size=(50, 4)) + 1000).astype(np.float32)
    wide = frechet_distance(real.astype(np.float64), generated.astype(np.float64))
    assert frechet_distance(real, generated) == wide


@pytest.mark.parametrize(
    ("real", "generated", "told"),
    [
        (np.zeros((1, 3)), np.zeros((4, 3)), "real set has shape"),
        (np.zeros((4, 3)), np.zeros(4), "generated set has shape"),
        (np.zeros((4, 3)), np.full((4, 3), np.nan), "generated set holds values"),
        (np.zeros((4, 3)), np.zeros((4, 2)), "3 features against 2"),
    ],
)
def test_impossible_sets_are_told(real, generated, told):
    with pytest.raises(DataError, match=told):
        frechet_distance(real, generated)
