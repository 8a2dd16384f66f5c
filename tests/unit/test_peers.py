"""Samplers by packages of others; those that are not installed are skipped."""

import importlib.util
import sys

import numpy as np
import pytest
from imblearn.utils.estimator_checks import parametrize_with_checks

from imsforge.errors import ConfigError, DataError
from imsforge.oversampling import sampler_class
from imsforge.oversampling.registry import PEERS

QUICK = {
    "ctgan": {"epochs": 2},
    "tvae": {"epochs": 150},
    "forest-flow": {"times": 2, "noises": 2, "trees": 2},
}


def installed(name):
    return importlib.util.find_spec(PEERS[name]) is not None


def with_package(names):
    """Each name, skipped where its package is not installed."""
    return [
        pytest.param(
            name, marks=pytest.mark.skipif(not installed(name), reason=f"needs {PEERS[name]}")
        )
        for name in names
    ]


def make(name, **options):
    return sampler_class(name)(**QUICK.get(name, {}), **options)


@pytest.mark.parametrize("name", PEERS)
def test_a_package_that_is_absent_is_told_in_one_line(name, blobs, monkeypatch):
    for module in [PEERS[name], f"{PEERS[name]}.multivariate"]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=r"^[^\n]* run `pip install [\w-]+`$"):
        make(name).fit(*blobs)


@pytest.mark.parametrize("name", with_package(PEERS))
def test_rows_of_the_class_that_is_asked_for(name, blobs):
    X, y = blobs
    sampler = make(name, random_state=0).fit(X, y)
    for n in (0, 1, 45):
        drawn = sampler.sample(n, 2)
        assert drawn.shape == (n, 4)
        assert drawn.dtype == X.dtype
    assert np.isfinite(drawn).all()
    spread = X[y == 2].std(axis=0)
    if name not in ("ctgan", "tvae"):  # two epochs teach them nothing
        np.testing.assert_allclose(
            drawn.mean(axis=0) / spread, X[y == 2].mean(axis=0) / spread, atol=1
        )


@pytest.mark.parametrize("name", with_package(PEERS))
def test_same_seed_same_rows(name, blobs):
    first, again, other = (make(name, random_state=s).fit(*blobs).sample(30, 2) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", with_package(PEERS))
def test_the_global_random_state_of_numpy_is_left_alone(name, blobs):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make(name, random_state=0).fit(*blobs).sample(5, 1)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("name", with_package(["polynom-fit-smote", "prowsyn", "gaussian-smote"]))
def test_the_largest_class_is_drawn_too(name, blobs):
    X, y = blobs
    sampler = make(name, random_state=0).fit(X[y != 3], y[y != 3])
    assert sampler.sample(130, 1).shape == (130, 4)


@pytest.mark.parametrize("name", with_package(["forest-flow"]))
def test_what_takes_too_long_is_given_up_in_one_line(name, rng):
    X, y = rng.normal(size=(200, 20)), np.repeat([0, 1], 100)
    with pytest.raises(
        DataError, match=r"^forest-flow: not fitted within 0\.5 s of CPU time; [^\n]*$"
    ):
        sampler_class(name)(random_state=0, seconds=0.5).fit(X, y)


def checked():
    """What learns in a moment; networks of tables take longer until they draw every class."""
    quick = [name for name in PEERS if name not in ("ctgan", "tvae")]
    return [make(name, random_state=0) for name in quick if installed(name)]


@parametrize_with_checks(checked())
def test_follows_imbalanced_learn(estimator, check):
    check(estimator)
