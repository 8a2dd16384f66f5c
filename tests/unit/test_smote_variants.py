import logging

import numpy as np
import pytest

from imsforge.oversampling.smote_variants import ADASYN, SVMSMOTE, BorderlineSMOTE, KMeansSMOTE

VARIANTS = (BorderlineSMOTE, SVMSMOTE, ADASYN, KMeansSMOTE)
NEAR_OTHERS = (BorderlineSMOTE, SVMSMOTE, ADASYN)


@pytest.fixture
def touching(rng):
    """Two classes of one feature that touch at 0, of 300 and 100 rows."""
    X = np.concatenate([rng.uniform(-3, 0.1, 300), rng.uniform(-0.1, 3, 100)])[:, None]
    return np.hstack([X, rng.normal(size=X.shape)]), np.repeat([0, 1], [300, 100])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("n", [0, 1, 2, 99, 100, 700])
def test_as_many_rows_as_are_asked_for(variant, n, touching):
    drawn = variant(random_state=0).fit(*touching).sample(n, 1)
    assert drawn.shape == (n, 2)


@pytest.mark.parametrize("variant", NEAR_OTHERS)
def test_rows_lie_nearer_to_the_other_class_than_the_class_does(variant, touching):
    X, y = touching
    drawn = variant(random_state=0).fit(X, y).sample(400, 1)
    assert np.median(drawn[:, 0]) < np.median(X[y == 1, 0]) - 0.3


def test_clusters_of_the_other_class_are_left_alone(rng):
    """A stray row amid the others is no place to interpolate towards."""
    X = np.concatenate([rng.normal(0, 1, (200, 2)), rng.normal(20, 1, (60, 2)), [[0.0, 0.0]]])
    y = np.repeat([0, 1], [200, 61])
    drawn = KMeansSMOTE(random_state=0).fit(X, y).sample(300, 1)
    assert drawn.min() > 15


@pytest.mark.parametrize("variant", [BorderlineSMOTE, ADASYN])
def test_a_class_without_a_border_is_drawn_by_smote_and_the_log_says_so(variant, rng, caplog):
    X = np.concatenate([rng.normal(0, 1, (40, 2)), rng.normal(50, 1, (30, 2))])
    y = np.repeat([0, 1], [40, 30])
    with caplog.at_level(logging.WARNING):
        drawn = variant(random_state=0).fit(X, y).sample(20, 1)
    assert drawn.shape == (20, 2)
    assert drawn.min() > 40
    (told,) = caplog.messages
    assert told.startswith(f"{variant.__name__}: class 1 is drawn by SMOTE: ")
    assert "\n" not in told


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_tiny_class(variant, size, rng):
    X = np.concatenate([rng.normal(size=(20, 3)), rng.normal(2, 1, size=(size, 3))])
    y = np.repeat([0, 1], [20, size])
    drawn = variant(random_state=0).fit(X, y).sample(7, 1)
    assert drawn.shape == (7, 3)
    assert np.isfinite(drawn).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_few_rows_in_all(variant, rng):
    X, y = rng.normal(size=(5, 3)), np.array([0, 0, 0, 1, 1])
    assert variant(random_state=0).fit(X, y).sample(4, 1).shape == (4, 3)
