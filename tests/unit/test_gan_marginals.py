import numpy as np
import torch

from imsforge.gan.marginals import LEVELS, Marginals


def learned(drawn, wanted):
    marginals = Marginals(drawn.shape[1])
    marginals.learn(torch.from_numpy(drawn), torch.from_numpy(wanted))
    return lambda rows: marginals(torch.from_numpy(rows)).numpy()


def test_values_keep_their_rank_and_take_the_distribution_that_is_wanted(rng):
    drawn = rng.normal(size=(5000, 2)).astype(np.float32)
    wanted = np.exp(rng.normal([0, 2], size=(3000, 2))).astype(np.float32)
    rows = learned(drawn, wanted)(drawn)
    np.testing.assert_allclose(np.median(rows, axis=0), np.median(wanted, axis=0), rtol=0.02)
    for j in range(2):
        order = np.argsort(drawn[:, j], kind="stable")
        assert (np.diff(rows[order, j]) >= 0).all()
        np.testing.assert_array_equal(
            rows[order[[0, -1]], j], [wanted[:, j].min(), wanted[:, j].max()]
        )


def test_zeros_are_as_frequent_as_wanted_and_nothing_lies_in_the_gap(rng):
    drawn = rng.normal(size=(4000, 2)).astype(np.float32)
    detected = rng.uniform(size=(3000, 2)) < [0.3, 0.9]
    wanted = np.where(detected, rng.uniform(5, 6, size=(3000, 2)), 0).astype(np.float32)
    rows = learned(drawn, wanted)(rng.normal(size=(4000, 2)).astype(np.float32))
    np.testing.assert_allclose((rows == 0).mean(axis=0), (wanted == 0).mean(axis=0), atol=0.02)
    assert ((rows == 0) | (rows >= 5)).all()


def test_by_hand():
    drawn, wanted = np.float32([[0], [1]]), np.float32([[10], [20]])
    # Half of the levels stand for either value: between them the larger rank decides, since
    # the smallest value may be that of what was not detected.
    rows = np.float32([[-5], [0], [0.4], [0.6], [1], [7]])
    assert learned(drawn, wanted)(rows).ravel().tolist() == [10, 10, 10, 20, 20, 20]
    even = np.linspace(0, 1, LEVELS, dtype=np.float32)[:, None]
    rows = np.float32([[0.25], [0.5], [0.75]])
    np.testing.assert_allclose(learned(even, 100 * even)(rows), 100 * rows, rtol=1e-4)


def test_few_or_equal_rows_are_no_trouble():
    one = np.ones((2, 1), dtype=np.float32)
    for drawn, wanted in ((one, one), (one, 2 * one), (one * [[1], [2]], one)):
        drawn, wanted = drawn.astype(np.float32), wanted.astype(np.float32)
        rows = learned(drawn, wanted)(np.float32([[0], [1], [1.5], [3]]))
        np.testing.assert_array_equal(rows, np.full((4, 1), wanted[0, 0]))
