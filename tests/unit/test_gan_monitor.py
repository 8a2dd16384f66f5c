import math

import numpy as np
import pytest
import torch

from imsforge.fidelity.frechet import frechet_distance
from imsforge.gan.display import Means
from imsforge.gan.monitor import ROWS_PER_CLASS, FrechetMonitor


class Imitator:
    """A model whose rows of a class are those of the data, moved by a vector."""

    def __init__(self, X, y, shift):
        self.X, self.y, self.shift, self.asked = X, y, shift, []

    def sample(self, labels, seed):
        self.asked.append((labels.tolist(), seed))
        rows = [np.flatnonzero(self.y == code) for code in np.unique(labels)]
        counts = np.unique(labels, return_counts=True)[1]
        kept = [members[:count] for members, count in zip(rows, counts, strict=True)]
        return self.X[np.concatenate(kept)] + self.shift


def data():
    y = np.array([0] * 5 + [1] * 9 + [2])
    return np.random.default_rng(0).normal(size=(15, 3)) + y[:, None], y


def test_distance_is_the_mean_over_classes():
    X, y = data()
    moved = FrechetMonitor(X, y, Imitator(X, y, np.array([3.0, 4.0, 0.0])), seed=1).distances()[
        "frechet"
    ]
    assert moved == pytest.approx(5)  # the class of one row has no covariance and is left out
    mixed = FrechetMonitor(X, y, Imitator(X[::-1], y, 0.0), seed=1).distances()["frechet"]
    pairs = [(X[:5], X[::-1][:5]), (X[5:14], X[::-1][5:14])]
    assert mixed == pytest.approx(np.mean([frechet_distance(*pair) for pair in pairs]))


def test_rows_and_latent_numbers_stay_the_same():
    X, y = np.zeros((200, 2)), np.zeros(200, dtype=int)
    model = Imitator(X, y, 0.0)
    monitor = FrechetMonitor(X, y, model, seed=7)
    assert monitor.distances() == monitor.distances() == {"frechet": 0, "frechet_0": 0}
    assert model.asked == [([0] * ROWS_PER_CLASS, 7)] * 2


def test_rows_that_are_not_finite_are_infinitely_far():
    X, y = data()
    assert FrechetMonitor(X, y, Imitator(X, y, np.nan), seed=1).distances()["frechet"] == math.inf


def test_each_class_has_its_own_distance():
    X, y = data()
    shift = np.zeros((14, 3))
    shift[5:, 0] = 2.0  # the rows of class 1
    told = FrechetMonitor(X, y, Imitator(X, y, shift), seed=1).distances()
    assert told == pytest.approx({"frechet": 1, "frechet_0": 0, "frechet_1": 2}, abs=1e-6)


def test_only_the_rows_that_may_be_taken_are():
    X, y = data()
    among = np.arange(15) < 5
    monitor = FrechetMonitor(X, y, Imitator(X, y, 0.0), seed=1, among=among)
    assert set(monitor.distances()) == {"frechet", "frechet_0"}


def test_means_begin_anew_when_read():
    means = Means()
    means.add({"a": torch.tensor([[1.0, 2.0], [10.0, 20.0]]), "b": torch.tensor([[5.0], [6.0]])})
    means.add({"a": torch.tensor([[6.0], [0.0]])})
    assert means.read() == [{"a": 3.0, "b": 5.0}, {"a": 10.0, "b": 6.0}]
    means.add({"a": torch.tensor([[7.0], [8.0]])})
    assert means.read() == [{"a": 7.0}, {"a": 8.0}]
