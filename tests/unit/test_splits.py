import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imsforge.errors import DataError
from imsforge.evaluation.splits import select_classes, split_pixels

NAMES = np.array(["1", "2", "3"])


def grid(width, height):
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return x.ravel(), y.ravel()


def split(label, **options):
    x, y = grid(len(label), 1)
    classes = [int(k) for k in np.unique(label) if k]
    return split_pixels(np.asarray(label), x, y, classes=classes, names=NAMES, **options)


def test_random_split_by_hand():
    label = np.repeat([1, 2], [100, 50])
    train, test = split(label, test_share=0.2, max_train=60)
    assert np.bincount(label[train])[1:].tolist() == [60, 40]
    assert np.bincount(label[test])[1:].tolist() == [40, 10]  # the capped surplus tests


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(20, 200), min_size=2, max_size=3),
    test_share=st.floats(0.05, 0.9),
    max_train=st.integers(2, 150),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_class_is_split_as_asked(sizes, test_share, max_train, seed):
    label = np.repeat(np.arange(1, len(sizes) + 1), sizes)
    train, test = split(label, test_share=test_share, max_train=max_train, seed=seed)
    assert not set(train) & set(test)
    assert len(train) + len(test) == len(label)
    for k, size in enumerate(sizes, start=1):
        assert 0 < np.sum(label[train] == k) <= max_train
        assert np.sum(label[test] == k) >= min(test_share * size, size - 1) - 1e-9


def test_same_seed_same_split():
    label = np.repeat([1, 2], 40)
    for first, again in zip(split(label, seed=3), split(label, seed=3), strict=True):
        np.testing.assert_array_equal(first, again)
    assert not np.array_equal(split(label, seed=3)[0], split(label, seed=4)[0])


def test_blocks_stay_together():
    x, y = grid(60, 60)
    label = np.where((x // 5 + y // 5) % 2, 1, 2)
    train, test = split_pixels(
        label, x, y, classes=[1, 2], names=NAMES, method="blocks", block_size=10, seed=1
    )
    # Neighbours across the border of two blocks exist; most pixels have all neighbours on their
    # own side. In a random split only 0.8^4 = 41 % of training pixels would.
    side = np.zeros((60, 60), dtype=int)
    side[y[train], x[train]] = 1
    side[y[test], x[test]] = 2
    inner = side[1:-1, 1:-1]
    neighbours = [side[:-2, 1:-1], side[2:, 1:-1], side[1:-1, :-2], side[1:-1, 2:]]
    alone = np.mean([np.all([n == inner for n in neighbours], axis=0)[inner == 1].mean()])
    assert alone > 0.7
    assert 0.1 < len(test) / len(label) < 0.35


def test_blocks_that_are_too_large_are_refused():
    x, y = grid(20, 20)
    label = np.where(x < 10, 1, 2)
    with pytest.raises(DataError, match=r"split\.block_size: 50"):
        split_pixels(label, x, y, classes=[1, 2], names=NAMES, method="blocks", block_size=50)


def test_a_class_of_one_pixel_is_refused_in_one_line():
    label = np.array([1] * 30 + [2] * 30 + [3])
    with pytest.raises(DataError, match=r"class '3' \(size 1\)") as raised:
        split(label)
    assert "\n" not in str(raised.value)
    assert "small_classes: drop" in str(raised.value)


def test_a_small_class_is_left_out_when_told_so():
    label = np.array([1] * 30 + [2] * 30 + [3])
    train, test = split(label, small_classes="drop")
    assert 60 not in np.concatenate([train, test])


def test_one_class_is_not_enough():
    with pytest.raises(DataError, match="two are needed"):
        split(np.array([1] * 30 + [2]), small_classes="drop")


def test_class_selection():
    label = np.repeat([0, 1, 2, 3], [5, 10, 30, 20])
    assert select_classes(label, NAMES) == [1, 2, 3]
    assert select_classes(label, NAMES, {"largest": 2}) == [2, 3]
    assert select_classes(label, NAMES, ["3", 1]) == [1, 3]
    with pytest.raises(DataError, match="no class '9'"):
        select_classes(label, NAMES, [9, 1])
    with pytest.raises(DataError, match="there are 3 classes"):
        select_classes(label, NAMES, {"largest": 4})
