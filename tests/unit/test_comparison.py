from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from imsforge.artifacts.contract import Features
from imsforge.evaluation.comparison import (
    AVERAGES,
    COMPARISON_COLUMNS,
    Resampling,
    compare_methods,
    mean_difference,
    resampling_of,
    share_of_gain,
)
from imsforge.evaluation.score_tables import readable_comparisons
from imsforge.evaluation.scores import SCORE_COLUMNS


def independent(n=20, test_to_train=0.0):
    """Repeats that are each a unit of their own."""
    return Resampling({repeat: repeat for repeat in range(1, n + 1)}, test_to_train)


def compared(scores, resampling=None):
    return compare_methods(scores, resampling or independent())


def course(method, values, task="oversample", priors="observed", sample="all"):
    rows = [
        ("d", "e", task, method, "lda", priors, repeat, class_, metric, value, 9, sample)
        for repeat, value in enumerate(values, start=1)
        for class_, metric in (*AVERAGES, ("a", "recall"), ("weighted", "accuracy"))
    ]
    return pd.DataFrame(rows, columns=SCORE_COLUMNS)


def macro_recall(comparison, method, priors="observed", task="oversample"):
    chosen = comparison.query(
        "method == @method and priors == @priors and task == @task"
        " and `class` == 'macro' and metric == 'recall'"
    )
    assert len(chosen) == 1
    return chosen.iloc[0]


SCORES = pd.concat(
    [
        course("none", [0.5, 0.6, 0.7]),
        course("none", [0.6, 0.8, 0.7], priors="balanced"),
        course("smote", [0.6, 0.6, 0.9]),
        course("oracle", [0.7, 0.9, 1.0]),
        course("oracle", [0.9, 0.9, 1.0], priors="balanced"),
        course("none", [0.8, 0.9, 1.0], task="replace"),
        course("smote", [0.4, 0.5, 0.9], task="replace"),
        course("oracle", [0.8, 0.9, 0.7], task="replace"),
    ]
)


def test_paired_differences_by_hand():
    """0.1, 0 and 0.2 have the mean 0.1 and the deviation 0.1; t at 0.975 and 2 is 4.302653."""
    row = macro_recall(compared(SCORES), "smote")
    assert row["repeats"] == 3
    assert row["mean"] == pytest.approx(0.7)
    assert row["std"] == pytest.approx(np.std([0.6, 0.6, 0.9], ddof=1))
    half = 4.302653 * 0.1 / np.sqrt(3)
    found = row[["difference", "difference_low", "difference_high"]].tolist()
    assert found == pytest.approx([0.1, 0.1 - half, 0.1 + half])
    assert row["p"] == pytest.approx(stats.ttest_rel([0.6, 0.6, 0.9], [0.5, 0.6, 0.7]).pvalue)
    assert row["gap_closed"] == pytest.approx(0.3 / 0.8)  # the oracle gains 0.2, 0.3 and 0.3
    assert np.isnan(row["share_of_real"])


def test_intervals_allow_for_shared_pixels_by_hand():
    """A quarter as many test as training pixels: variances are (1/3 + 1/4) / (1/3) as large."""
    plain = macro_recall(compared(SCORES), "smote")
    shared = macro_recall(compared(SCORES, independent(3, 0.25)), "smote")
    wider = np.sqrt((1 / 3 + 1 / 4) * 3)
    assert shared["difference"] == plain["difference"]
    for bound in ("difference_low", "difference_high"):
        assert shared[bound] - 0.1 == pytest.approx(wider * (plain[bound] - 0.1))
    t = 0.1 / (0.1 * np.sqrt(1 / 3 + 1 / 4))
    assert shared["p"] == pytest.approx(2 * stats.t.sf(t, 2))
    # Fieller's bounds are the ratios that the same test begins to doubt.
    gain, possible = np.array([0.1, 0.0, 0.2]), np.array([0.2, 0.3, 0.3])
    _, low, high = share_of_gain(gain, possible, 0.05)
    for bound in (low, high):
        assert mean_difference(gain - bound * possible, 0.05)[3] == pytest.approx(0.05)


def rows_of(train, test, sample=None):
    """Rows of one feature of an experiment: as many train, as many test."""
    n = train + test
    return Features(
        values=np.zeros((n, 1), dtype=np.float32),
        label=np.ones(n, dtype=np.int16),
        pixel=np.arange(n),
        train=np.arange(n) < train,
        names=np.array(["a"]),
        sample=None if sample is None else np.array(sample, dtype=np.int16),
    )


def test_repeats_share_as_much_as_their_rows_say():
    found = resampling_of([rows_of(8, 2), rows_of(5, 5)])
    assert found == Resampling({1: 1, 2: 2}, pytest.approx((0.25 + 1) / 2))


def test_a_reserve_is_no_part_of_what_repeats_share():
    one = rows_of(4, 6)
    one = replace(one, reserve=np.arange(10) >= 6)
    assert resampling_of([one]).test_to_train == pytest.approx(2 / 4)


def test_samples_that_are_left_out_are_the_units():
    """Samples 0, 1 and 2 test in turn, 0 twice; two others train each time."""
    left_out = [rows_of(4, 2, [(k + 1) % 3, (k + 2) % 3] * 2 + [k, k]) for k in (0, 1, 2, 0)]
    found = resampling_of(left_out)
    assert found == Resampling({1: 0, 2: 1, 3: 2, 4: 0}, pytest.approx(1 / 2))
    scores = pd.concat([course("none", [0, 0, 0, 0]), course("smote", [0.1, 0.2, 0.4, 0.3])])
    row = macro_recall(compared(scores, found), "smote")
    assert row["repeats"] == 3
    assert row["difference"] == pytest.approx(0.8 / 3)  # 0.2, 0.2 and 0.4
    by_hand = mean_difference(np.array([0.2, 0.2, 0.4]), 1 / 2)
    assert row["p"] == pytest.approx(by_hand[3])


def test_samples_that_train_and_test_are_no_units():
    mixed = rows_of(4, 2, [0, 1, 0, 1, 0, 0])
    both = rows_of(4, 2, [2, 2, 2, 2, 0, 1])
    for repeats in ([mixed] * 2, [both] * 2):
        assert resampling_of(repeats) == Resampling({1: 1, 2: 2}, pytest.approx(0.5))


def misses(n_data_sets, n_repeats, seed, corrected, n=100, share=0.3):
    """Share of intervals that miss the true difference between two classifiers.

    The classifiers know one of two features each and take the nearer of two class means; repeats
    are random splits of one data set. The truth is the mean over all data sets.
    """
    random = np.random.default_rng(seed)
    n_test = round(share * n)
    differences = np.empty((n_data_sets, n_repeats))
    for of_data_set in differences:
        y = np.repeat([-1.0, 1.0], n // 2)
        X = random.normal(size=(n, 2)) + 0.5 * y[:, None] * [1.0, 0.8]
        order = random.permuted(np.tile(np.arange(n), (n_repeats, 1)), axis=1)
        test, train = order[:, :n_test], order[:, n_test:]
        means = [
            (X[train] * (y[train] == k)[:, :, None]).sum(axis=1)
            / (y[train] == k).sum(axis=1)[:, None]
            for k in (-1, 1)
        ]
        centre, towards = (means[0] + means[1]) / 2, np.sign(means[1] - means[0])
        right = np.sign(X[test] - centre[:, None]) * towards[:, None] == y[test][:, :, None]
        of_data_set[:] = np.subtract(*right.mean(axis=1).T)
    ratio = n_test / (n - n_test) if corrected else 0
    bounds = np.array([mean_difference(row, ratio)[1:3] for row in differences])
    truth = differences.mean()
    return np.mean((bounds[:, 0] > truth) | (bounds[:, 1] < truth))


def test_intervals_over_splits_of_one_data_set_cover_the_truth():
    """As they say, where plain t intervals miss it several times as often."""
    assert misses(600, 10, seed=1, corrected=True) < 0.09
    assert misses(600, 10, seed=1, corrected=False) > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("n_repeats", [3, 5, 20])
@pytest.mark.parametrize("share", [0.2, 0.3, 0.5])
def test_intervals_cover_the_truth_for_any_number_of_splits(n_repeats, share):
    assert 0.01 < misses(4000, n_repeats, seed=2, corrected=True, share=share) < 0.09


def test_the_reference_of_oversampling_keeps_observed_priors():
    comparison = compared(SCORES)
    row = macro_recall(comparison, "none", "balanced")
    assert row["difference"] == pytest.approx(0.1)
    assert row["gap_closed"] == pytest.approx(0.1 / (2.8 / 3 - 0.6))
    reference = macro_recall(comparison, "none")
    assert reference[COMPARISON_COLUMNS[9:]].isna().all()
    assert macro_recall(comparison, "oracle")["gap_closed"] == pytest.approx(1)


def test_replacement_is_told_as_a_share_of_the_real_score():
    comparison = compared(SCORES)
    row = macro_recall(comparison, "smote", task="replace")
    assert row["share_of_real"] == pytest.approx(0.6 / 0.9)
    assert row["difference"] == pytest.approx(-0.3)
    assert np.isnan(row["gap_closed"])
    assert macro_recall(comparison, "none", task="replace")["share_of_real"] == 1
    assert row["share_of_oracle"] == pytest.approx(0.6 / 0.8)
    assert np.isnan(macro_recall(comparison, "smote")["share_of_oracle"])


def test_of_a_loss_less_is_better():
    """The oracle loses 0.2, 0.3 and 0.3 of it; what smote loses is a share of that."""
    loss = [
        course("none", [1.5, 1.6, 1.7]),
        course("smote", [1.4, 1.6, 1.5]),
        course("oracle", [1.3, 1.3, 1.4]),
    ]
    comparison = compared(pd.concat(loss)).set_index(["metric", "method"])
    row = comparison.loc[("log_loss", "smote")]
    assert row["difference"] == pytest.approx(-0.1)
    assert row["gap_closed"] == pytest.approx(0.3 / 0.8)
    assert np.isnan(comparison.loc[("f1", "smote"), "gap_closed"])


def test_a_loss_is_told_as_a_multiple_and_the_oracle_where_it_is_worse():
    scores = [
        course("none", [0.8, 0.9, 1.0], task="replace"),
        course("smote", [0.4, 0.5, 0.9], task="replace"),
        course("oracle", [0.8, 0.9, 0.7], task="replace"),
    ]
    changed, probable = readable_comparisons(compared(pd.concat(scores))).values()
    assert changed["macro recall"][1].endswith("], 67 %, 75 % of the oracle's")
    assert changed["macro recall"][2].endswith("], 89 %")
    # Of the loss, the oracle's is the smaller one.
    assert probable["log loss"][1].endswith("], 0.67 times")


def test_replacement_is_compared_under_the_same_priors():
    scores = pd.concat(
        [
            SCORES,
            course("none", [0.5, 0.6, 0.4], task="replace", priors="balanced"),
            course("smote", [0.5, 0.7, 0.3], task="replace", priors="balanced"),
        ]
    )
    row = macro_recall(compared(scores), "smote", "balanced", "replace")
    assert row["difference"] == pytest.approx(0)


def test_balanced_priors_alone_are_their_own_reference():
    scores = SCORES[SCORES["priors"] == "balanced"]
    row = macro_recall(compared(scores), "oracle", "balanced")
    assert row["difference"] == pytest.approx(2.8 / 3 - 0.7)


def test_scores_of_samples_and_of_classes_are_left_out():
    comparison = compared(pd.concat([SCORES, course("none", [0, 0, 0], sample="s1")]))
    pd.testing.assert_frame_equal(comparison, compared(SCORES))
    assert set(zip(comparison["class"], comparison["metric"], strict=True)) == set(AVERAGES)


def test_without_real_training_sets_there_is_nothing_to_compare():
    comparison = compared(SCORES[SCORES["method"] != "none"])
    assert comparison.columns.tolist() == COMPARISON_COLUMNS
    assert comparison.empty
    assert readable_comparisons(comparison) == {}


def test_one_repeat_has_a_difference_and_no_interval():
    row = macro_recall(compared(SCORES[SCORES["repeat"] == 1]), "smote")
    assert row["difference"] == pytest.approx(0.1)
    assert row["gap_closed"] == pytest.approx(0.5)
    assert row[["difference_low", "p", "gap_closed_low", "std"]].isna().all()


def test_equal_differences_have_no_interval():
    assert mean_difference(np.zeros(4), 0)[0] == 0
    assert np.isnan(mean_difference(np.zeros(4), 0)[1:]).all()
    assert np.isnan(mean_difference(np.array([0.3 - 0.2, 0.1, 0.7 - 0.6]), 0)[1:]).all()


def test_a_share_of_a_doubtful_gain_is_not_shown():
    scores = pd.concat(
        [
            course("none", [0.5, 0.6, 0.7]),
            course("smote", [0.6, 0.6, 0.9]),
            course("oracle", [0.9, 0.5, 0.7]),
        ]
    )
    table, _ = readable_comparisons(compared(scores)).values()
    assert "%" not in "".join(table["macro f1"])


@given(
    gains=st.lists(st.tuples(st.floats(-1, 1), st.floats(0.2, 0.4)), min_size=3, max_size=12),
)
def test_the_bounds_of_a_share_are_where_a_paired_test_begins_to_doubt(gains):
    gain, possible = np.array(gains).T
    share, low, high = share_of_gain(gain, possible, 0)
    assert share == pytest.approx(gain.sum() / possible.sum())
    if np.isnan(low) or high - low < 1e-6:
        return
    assert low <= share <= high
    for bound in (low, high):
        assert stats.ttest_1samp(gain - bound * possible, 0).pvalue == pytest.approx(0.05, abs=1e-6)
    inside, outside = (stats.ttest_1samp(gain - r * possible, 0).pvalue for r in (share, high + 1))
    assert inside > 0.05 > outside


def test_a_share_of_what_cannot_be_told_from_zero_has_no_interval():
    gain, possible = np.array([0.1, 0.1, 0.2]), np.array([0.5, -0.3, 0.1])
    share, low, high = share_of_gain(gain, possible, 0)
    assert share == pytest.approx(4 / 3)
    assert np.isnan([low, high]).all()


@pytest.mark.parametrize("possible", [np.zeros(3), np.array([0.1, -0.1, -0.2])])
def test_no_share_of_nothing(possible):
    assert np.isnan(share_of_gain(np.array([0.1, 0.2, 0.3]), possible, 0)).all()


def test_intervals_cover_the_truth_as_often_as_they_say(rng):
    """True mean 0.1, true share 0.5, over 2,000 made-up experiments of five repeats."""
    possible = rng.normal(0.2, 0.03, size=(2000, 5))
    gain = 0.5 * possible + rng.normal(0, 0.05, size=possible.shape)
    shares = np.array([share_of_gain(*pair, 0) for pair in zip(gain, possible, strict=True)])
    means = np.array([mean_difference(row, 0) for row in gain])
    assert np.mean((shares[:, 1] < 0.5) & (shares[:, 2] > 0.5)) == pytest.approx(0.95, abs=0.015)
    assert np.mean((means[:, 1] < 0.1) & (means[:, 2] > 0.1)) == pytest.approx(0.95, abs=0.015)


def test_a_comparison_reads_by_priors_and_methods():
    filled, probable, replaced, _ = readable_comparisons(compared(SCORES)).values()
    assert probable.columns.tolist()[2:] == ["macro average precision", "log loss", "Brier score"]
    assert filled.columns.tolist() == [
        *("class priors", "method"),
        *("macro recall", "macro precision", "weighted recall", "macro f1"),
    ]
    rows = [
        *(("observed", "none"), ("observed", "smote"), ("observed", "oracle")),
        *(("balanced", "none"), ("balanced", "oracle")),
    ]
    assert list(zip(filled["class priors"], filled["method"], strict=True)) == rows
    cells = filled["macro recall"].tolist()
    assert cells[:2] == ["reference", "+0.100 [-0.148, +0.348], 38 %"]
    assert cells[3] == "+0.100 [-0.148, +0.348], 30 %"
    assert replaced["macro recall"][1].endswith("], 67 %, 75 % of the oracle's")


def test_a_comparison_of_one_repeat_reads_without_intervals():
    first = SCORES[SCORES["method"].isin(["none", "smote"]) & (SCORES["priors"] == "observed")]
    table, *_ = readable_comparisons(compared(first.query("repeat == 1"))).values()
    assert table["macro recall"].tolist() == ["reference", "+0.100"]
