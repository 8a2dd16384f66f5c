import hashlib
import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imsforge.errors import ConfigError, DataError
from imsforge.evaluation.score_tables import SUMMARY_ROWS
from imsforge.evaluation.scores import ALL_SAMPLES
from imsforge.fidelity.assessment import ALL_CLASSES
from imsforge.splits.pixels import SUMMARIES, WHOLE, select_classes, split_pixels
from imsforge.study.config import validate_config

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
    train, test, _ = split(label, test_share=0.2, max_train=60)
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
    train, test, _ = split(label, test_share=test_share, max_train=max_train, seed=seed)
    assert not set(train) & set(test)
    assert len(train) + len(test) == len(label)
    for k, size in enumerate(sizes, start=1):
        assert 0 < np.sum(label[train] == k) <= max_train
        assert np.sum(label[test] == k) >= min(test_share * size, size - 1) - 1e-9


def sizes(label, rows):
    return np.bincount(np.asarray(label)[rows], minlength=4)[1:].tolist()


def test_a_reserve_leaves_all_parts_of_a_random_split_alike():
    label = np.repeat([1, 2, 3], [100, 50, 20])
    train, test, reserve = split(label, test_share=0.3, reserve_share=0.3)
    assert sizes(label, train) == [40, 20, 8]
    assert sizes(label, test) == sizes(label, reserve) == [30, 15, 6]
    assert len(set(train) | set(test) | set(reserve)) == 170


def test_a_reserve_leaves_the_training_pixels_where_they_were():
    label = np.repeat([1, 2], [100, 50])
    without, _, _ = split(label, max_train=20, seed=3)
    within, _, _ = split(label, max_train=20, seed=3, reserve_share=0.4)
    np.testing.assert_array_equal(within, without)


def test_the_surplus_of_a_random_split_with_a_reserve_tests():
    label = np.repeat([1, 2], [100, 50])
    train, test, reserve = split(label, reserve_share=0.5, max_train=10)
    assert [sizes(label, rows)[:2] for rows in (train, test, reserve)] == [
        *([10, 10], [40, 15], [50, 25])
    ]


def test_caps_by_class_name():
    label = np.repeat([1, 2, 3], [100, 50, 40])
    train, _, _ = split(label, max_train={"others": 30, "2": 18, 3: 5})
    assert sizes(label, train) == [30, 18, 5]
    train, _, _ = split(label, max_train={"2": 18})
    assert sizes(label, train) == [80, 18, 32]


def test_a_cap_of_an_unknown_class_is_told_in_one_line():
    with pytest.raises(
        DataError, match=r"split\.max_train: no class '9'; known: 1, 2, 3"
    ) as raised:
        split(np.repeat([1, 2], 40), max_train={"others": 30, "9": 18})
    assert "\n" not in str(raised.value)


@settings(max_examples=30, deadline=None)
@given(
    method=st.sampled_from(["random", "blocks", "samples"]),
    test_share=st.floats(0.05, 0.5),
    reserve_share=st.floats(0.01, 0.49),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_class_has_a_reserve(method, test_share, reserve_share, seed):
    x, y = grid(40, 30)
    label = 1 + np.random.default_rng(seed).integers(3, size=len(x))
    train, test, reserve = split_pixels(
        label,
        x,
        y,
        (x > 20).astype(int),
        samples=("a", "b"),
        classes=[1, 2, 3],
        names=NAMES,
        method=method,
        block_size=2,
        test_share=test_share,
        reserve_share=reserve_share,
        seed=seed,
    )
    assert len(set(train) | set(test) | set(reserve)) == len(label)
    of = len(label) if method == "random" else len(train) + len(reserve)
    assert len(reserve) == pytest.approx(reserve_share * of, abs=2)
    assert min(sizes(label, train) + sizes(label, reserve)) > 0


def test_a_reserve_of_the_smallest_classes():
    """Two pixels: one trains and one tests. Three: one of each."""
    label = np.repeat([1, 2, 3], [2, 3, 40])
    parts = split(label, reserve_share=0.7, minimum_class_size=2)
    assert [sizes(label, rows)[:2] for rows in parts] == [[1, 1], [1, 1], [0, 1]]


def test_same_seed_same_split():
    label = np.repeat([1, 2], 40)
    for first, again in zip(split(label, seed=3), split(label, seed=3), strict=True):
        np.testing.assert_array_equal(first, again)
    assert not np.array_equal(split(label, seed=3)[0], split(label, seed=4)[0])


def test_blocks_stay_together():
    x, y = grid(60, 60)
    label = np.where((x // 5 + y // 5) % 2, 1, 2)
    train, test, _ = split_pixels(
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


@pytest.mark.parametrize("name", ["macro", "weighted", "all"])
def test_a_class_with_the_name_of_a_summary_is_refused_in_one_line(name):
    label = np.repeat([1, 2, 3], 40)
    x, y = grid(120, 1)
    names = np.array(["1", name, "3"])
    with pytest.raises(DataError, match=f"a class is called '{name}', which stands") as raised:
        split_pixels(label, x, y, classes=[1, 2, 3], names=names)
    assert "\n" not in str(raised.value)
    split_pixels(label, x, y, classes=[1, 3], names=names)  # it is not among the classes


def test_a_sample_called_all_is_refused_in_one_line():
    label, sample = np.repeat([1, 2], 40), np.tile([0, 1], 40)
    x, y = grid(80, 1)
    options = {"classes": [1, 2], "names": NAMES}
    with pytest.raises(DataError, match="a sample is called 'all', which stands") as raised:
        split_pixels(label, x, y, sample, samples=("liver", "all"), **options)
    assert "\n" not in str(raised.value)
    split_pixels(label, x, y, samples=("all",), **options)  # one sample has no rows of its own


def test_every_name_of_a_summary_is_reserved():
    assert set(SUMMARIES) == {*SUMMARY_ROWS, ALL_CLASSES}
    assert WHOLE == ALL_SAMPLES


def test_a_class_of_one_pixel_is_refused_in_one_line():
    label = np.array([1] * 30 + [2] * 30 + [3])
    with pytest.raises(DataError, match=r"class '3' \(size 1\)") as raised:
        split(label)
    assert "\n" not in str(raised.value)
    assert "small_classes: drop" in str(raised.value)


def test_a_small_class_is_left_out_when_told_so():
    label = np.array([1] * 30 + [2] * 30 + [3])
    train, test, _ = split(label, small_classes="drop")
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


@settings(max_examples=150, deadline=None)
@given(
    centres=st.lists(st.tuples(st.integers(0, 49), st.integers(0, 39)), min_size=2, max_size=7),
    block_size=st.integers(2, 9),
    test_share=st.floats(0.05, 0.95),
    n_samples=st.integers(1, 2),
    seed=st.integers(0, 2**32 - 1),
)
def test_blocks_test_as_much_of_each_class_as_asked(
    centres, block_size, test_share, n_samples, seed
):
    """Or they stop, and name the class that lies in too few blocks, or the size of the blocks."""
    x, y = grid(50, 40)
    far = [(x - cx) ** 2 + (y - cy) ** 2 * (1 + k) for k, (cx, cy) in enumerate(centres)]
    label = 1 + np.argmin(far, axis=0)
    names = np.array([f"c{k}" for k in range(len(centres))])
    classes = [int(k) for k in np.unique(label) if np.sum(label == k) >= 20]
    if len(classes) < 2:
        return
    try:
        train, test, _ = split_pixels(
            label,
            x,
            y,
            x * n_samples // 50,
            classes=classes,
            names=names,
            samples=("a", "b"),
            method="blocks",
            block_size=block_size,
            test_share=test_share,
            max_train=10**6,
            seed=seed,
        )
    except DataError as error:
        assert "\n" not in str(error)
        assert "lies in too few blocks" in str(error) or "gives" in str(error)
        return
    assert sorted({*train, *test}) == np.flatnonzero(np.isin(label, classes)).tolist()
    assert not set(train) & set(test)
    for k in classes:
        assert np.sum(label[test] == k) >= test_share * np.sum(label == k) - 1e-6
        assert np.sum(label[train] == k) > 0


@pytest.mark.parametrize("test_share", [0.1, 0.2, 0.3, 0.5, 0.6, 0.75, 0.9])
def test_shares_of_blocks_are_about_what_is_asked(test_share):
    x, y = grid(60, 60)
    label = 1 + (x // 3 + y // 3) % 3
    _, test, _ = split_pixels(
        *(label, x, y),
        classes=[1, 2, 3],
        names=NAMES,
        method="blocks",
        block_size=4,
        test_share=test_share,
    )
    assert test_share <= len(test) / len(label) <= test_share + 0.2


def test_blocks_of_a_rare_class_test_it_too():
    """One in a hundred pixels: a fold that is right on average may all but miss it."""
    x, y = grid(80, 80)
    label = np.where((x < 8) & (y < 8), 2, 1)
    for seed in range(20):
        _, test, _ = split_pixels(
            *(label, x, y), classes=[1, 2], names=NAMES, method="blocks", block_size=3, seed=seed
        )
        assert 13 <= np.sum(label[test] == 2) < 64
        assert np.mean(label[test] == 1) > 0.9


def test_a_class_of_one_block_is_named():
    x, y = grid(40, 40)
    label = np.where((x == 7) & (y == 9), 2, 1)
    options = {"method": "blocks", "block_size": 5, "minimum_class_size": 1}
    with pytest.raises(
        DataError, match=r"class '2' lies in too few blocks for 0\.2 of it"
    ) as raised:
        split_pixels(label, x, y, classes=[1, 2], names=NAMES, **options)
    assert "lower split.block_size (5)" in str(raised.value)
    assert "\n" not in str(raised.value)


def digest(rows):
    return hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("options", "sizes", "digests"),
    [
        (
            {"method": "random", "max_train": 300, "seed": 7},
            (852, 315),
            ("b9b17756ac2564c8", "7cee6846908ebba9"),
        ),
        (
            {"method": "blocks", "block_size": 4, "max_train": 300, "seed": 7},
            (848, 244),
            ("a45f107f8cee6fb1", "4d173b9769ad089a"),
        ),
        (
            {"method": "blocks", "block_size": 7, "test_share": 0.3, "seed": 11},
            (758, 409),
            ("22421f1fd37dc20a", "191009a4dc31c2d1"),
        ),
    ],
)
def test_one_sample_splits_as_it_did_before_there_were_samples(options, sizes, digests):
    """Those at random were recorded before coordinates counted within a sample."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(5, 45), np.arange(-3, 27)))
    label = np.where(x < 20, 1, np.where(y < 10, 2, 3))
    label[::37] = 0
    sample = np.zeros(len(x), dtype=np.int16)
    *found, reserve = split_pixels(label, x, y, sample, classes=[1, 2, 3], names=NAMES, **options)
    assert len(reserve) == 0
    assert tuple(map(len, found)) == sizes
    assert tuple(map(digest, found)) == digests


def leave_one_out(label, sample, repeat=1, names=NAMES, **options):
    """Split pixels whose places do not matter."""
    x = y = np.zeros(len(label), dtype=int)
    classes = [int(k) for k in np.unique(label) if k]
    samples = [f"section-{k}" for k in range(max(sample) + 1)]
    options = {"method": "samples", "minimum_class_size": 2, "repeat": repeat, **options}
    return split_pixels(
        np.asarray(label),
        x,
        y,
        np.asarray(sample),
        classes=classes,
        names=names,
        samples=samples,
        **options,
    )


def test_each_sample_tests_in_its_turn():
    label, sample = [1, 2, 2, 1, 0, 2, 1, 1, 2], [0, 0, 1, 1, 1, 2, 2, 0, 1]
    for repeat, inside in ((1, [0, 1, 7]), (2, [2, 3, 8]), (3, [5, 6]), (4, [0, 1, 7])):
        train, test, _ = leave_one_out(label, sample, repeat)
        assert test.tolist() == inside
        assert train.tolist() == sorted({0, 1, 2, 3, 5, 6, 7, 8} - set(inside))


@settings(max_examples=40, deadline=None)
@given(
    n_samples=st.integers(2, 6),
    repeat=st.integers(1, 20),
    max_train=st.integers(2, 40),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_pixel_of_the_test_sample_trains(n_samples, repeat, max_train, seed):
    random = np.random.default_rng(seed)
    sample, label = random.integers(n_samples, size=400), random.integers(4, size=400)
    train, test, _ = leave_one_out(label, sample, repeat, max_train=max_train, seed=seed)
    held_out = (repeat - 1) % n_samples
    assert set(sample[test]) == {held_out}
    assert held_out not in sample[train]
    np.testing.assert_array_equal(test, np.flatnonzero((sample == held_out) & (label > 0)))
    for k in (1, 2, 3):
        outside = np.sum((sample != held_out) & (label == k))
        assert np.sum(label[train] == k) == min(max_train, outside)


def test_one_sample_cannot_be_left_out():
    with pytest.raises(DataError, match="the dataset has one") as raised:
        leave_one_out([1, 2] * 10, [0] * 20)
    assert "\n" not in str(raised.value)


def test_a_phantom_cannot_be_left_out(root):
    experiment = {"split": {"method": "samples"}}
    config = {"datasets": {"kidney": {"phantom": {}, "experiments": {"e": experiment}}}}
    with pytest.raises(ConfigError, match=r"experiments\.e\.split\.method: .* a phantom is one"):
        validate_config(config, root / "workflow" / "schemas" / "config.schema.yaml")


def test_a_class_of_the_test_sample_alone_is_refused_in_one_line():
    label, sample = [1, 2, 3] * 10 + [1, 2] * 10, [0] * 30 + [1] * 20
    wanted = r"class '3' \(size 0\) .* outside sample 'section-0', which repeat 1 tests"
    with pytest.raises(DataError, match=wanted) as raised:
        leave_one_out(label, sample)
    assert "\n" not in str(raised.value)
    train, test, _ = leave_one_out(label, sample, small_classes="drop")
    assert 3 not in np.asarray(label)[np.concatenate([train, test])]


def test_a_class_that_the_test_sample_lacks_trains_and_is_told(caplog):
    label, sample = [1, 2, 3] * 10 + [1, 2] * 10, [0] * 30 + [1] * 20
    with caplog.at_level(logging.WARNING):
        train, test, _ = leave_one_out(label, sample, repeat=2)
    assert set(np.asarray(label)[train]) == {1, 2, 3}
    assert set(np.asarray(label)[test]) == {1, 2}
    assert "sample 'section-1' has no pixels of class '3'" in caplog.text


def test_a_test_sample_without_any_class_is_refused():
    with pytest.raises(DataError, match="sample 'section-1' is to test, but has no pixel"):
        leave_one_out([1, 2] * 10 + [0] * 20, [0] * 10 + [2] * 10 + [1] * 20, repeat=2)


def blocks_of_samples(shift=0):
    """Split six samples of 8 x 8 pixels, all at the same coordinates but for a shift."""
    x, y = (np.tile(axis, 6) for axis in grid(8, 8))
    sample = np.repeat(np.arange(6), 64)
    label = 1 + (x + y) % 2
    options = {"classes": [1, 2], "names": NAMES, "method": "blocks", "block_size": 4, "seed": 5}
    return split_pixels(label, x + shift * sample, y - shift * sample, sample, **options)


def test_blocks_do_not_span_samples():
    _, test, _ = blocks_of_samples()
    side = np.zeros(6 * 64, dtype=bool)
    side[test] = True
    side = side.reshape(6, 64)
    # A block across samples would lie on the same side in all of them.
    assert not (side == side[0]).all()


def test_blocks_count_within_a_sample():
    for here, there in zip(blocks_of_samples(), blocks_of_samples(shift=1000), strict=True):
        np.testing.assert_array_equal(here, there)
