"""Scores of probabilities, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score
from sklearn.metrics import log_loss as sklearn_log_loss

from imsforge.evaluation.probabilities import (
    brier_score,
    log_loss,
    probability_scores,
    reliability_table,
)

LABELS = np.array([1, 2, 3])
NAMES = np.array(["a", "b", "c"])
TRUTH = np.array([1, 1, 2, 3])
P = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0], [0.2, 0.6, 0.2], [0.75, 0.25, 0.0]])


def test_log_loss_by_hand():
    expected = -np.log([0.5, 1.0, 0.6, 1e-6]).mean()  # the last was given none
    assert log_loss(TRUTH, P, LABELS) == pytest.approx(expected)


def test_brier_score_by_hand():
    rows = [0.25 + 2 * 0.0625, 0, 0.04 + 0.16 + 0.04, 0.5625 + 0.0625 + 1]
    assert brier_score(TRUTH, P, LABELS) == pytest.approx(np.mean(rows))


def test_a_class_that_a_classifier_does_not_know_has_no_probability():
    known = P[:, :2] / P[:, :2].sum(axis=1, keepdims=True)
    whole = np.column_stack([known, np.zeros(4)])
    for score in (log_loss, brier_score):
        assert score(TRUTH, known, LABELS[:2]) == pytest.approx(score(TRUTH, whole, LABELS))
    scores = probability_scores(TRUTH, known, LABELS[:2], NAMES).set_index(["class", "metric"])
    assert scores.loc[("c", "average_precision"), "value"] == pytest.approx(1 / 4)  # by chance


def test_average_precision_is_that_of_each_class_against_the_others():
    scores = probability_scores(TRUTH, P, LABELS, NAMES).set_index(["class", "metric"])
    own = [average_precision_score(k == TRUTH, P[:, k - 1]) for k in LABELS]
    found = [scores.loc[(name, "average_precision"), "value"] for name in NAMES]
    assert found == pytest.approx(own)
    assert scores.loc[("macro", "average_precision"), "value"] == pytest.approx(np.mean(own))
    assert scores.loc[("weighted", "log_loss"), "support"] == 4


@given(arrays(float, (12, 3), elements=st.floats(0.01, 1)))
def test_log_loss_is_scikit_learn_s(weights):
    P = weights / weights.sum(axis=1, keepdims=True)
    truth = np.tile(LABELS, 4)
    assert log_loss(truth, P, LABELS) == pytest.approx(sklearn_log_loss(truth, P, labels=LABELS))
    assert 0 <= brier_score(truth, P, LABELS) <= 2


def test_the_truth_is_the_best_that_can_be_said(rng):
    """Proper scores: probabilities that are true score better than sharper and duller ones."""
    P = rng.dirichlet([1, 1, 1], size=4000)
    truth = np.array([rng.choice(LABELS, p=row) for row in P])
    for power in (0.5, 2):
        other = P**power / (P**power).sum(axis=1, keepdims=True)
        assert log_loss(truth, P, LABELS) < log_loss(truth, other, LABELS)
        assert brier_score(truth, P, LABELS) < brier_score(truth, other, LABELS)


def test_reliability_by_hand():
    table = reliability_table(TRUTH, P, LABELS)
    assert table["bin"].tolist() == [6, 7, 8, 10]  # a probability of 1 is in the last bin
    assert table["confidence"].tolist() == pytest.approx([0.5, 0.6, 0.75, 1.0])
    assert table["accuracy"].tolist() == [1, 1, 0, 1]
    assert table["count"].tolist() == [1] * 4


def test_reliability_of_true_probabilities_is_the_diagonal(rng):
    P = rng.dirichlet([1, 1, 1], size=20000)
    truth = np.array([rng.choice(LABELS, p=row) for row in P])
    table = reliability_table(truth, P, LABELS)
    assert table["count"].sum() == 20000
    assert np.abs(table["confidence"] - table["accuracy"])[table["count"] > 500].max() < 0.05
