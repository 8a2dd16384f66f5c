"""What holds for attacks, authenticity and discrepancy whatever the spectra."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from imsforge.fidelity.discrepancy import squared_mmd
from imsforge.fidelity.membership import attack, membership_auc, membership_tpr, suspicion
from imsforge.fidelity.neighbours import authenticity

seeds = st.integers(0, 2**32 - 1)


@st.composite
def sets(draw, n_sets=3):
    """Sets of spectra in one space, each of a number, place and spread of its own."""
    random = np.random.default_rng(draw(seeds))
    n_features = draw(st.integers(1, 6))
    return [
        random.normal(size=(draw(st.integers(3, 30)), n_features)) * random.uniform(0.1, 3)
        + random.normal(size=n_features)
        for _ in range(n_sets)
    ]


def moved(rows, seed):
    """Turn, stretch and shift rows: all distances change by one factor."""
    random = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(random.normal(size=(rows[0].shape[1],) * 2))
    shift, factor = random.normal(size=rows[0].shape[1]), random.uniform(0.5, 20)
    return [factor * X @ turn + shift for X in rows]


@settings(max_examples=60, deadline=None)
@given(three=sets(), seed=seeds)
def test_units_and_axes_do_not_matter(three, seed):
    rows, generated, known = three
    other_rows, other_generated, other_known = moved(three, seed)
    np.testing.assert_allclose(
        suspicion(other_rows, other_generated, other_known),
        suspicion(rows, generated, known),
        atol=1e-6,
    )
    assert authenticity(other_rows, other_generated) == authenticity(rows, generated)
    assert squared_mmd(other_rows, other_generated) == pytest.approx(
        squared_mmd(rows, generated), abs=1e-9
    )


@settings(max_examples=60, deadline=None)
@given(three=sets(), seed=seeds)
def test_an_attack_gives_shares_and_copies_lose(three, seed):
    train, outside, generated = three
    members, others = attack(train, outside, generated, np.random.default_rng(seed))
    assert len(members) == len(others) == min(len(train), len(outside))
    assert 0 <= membership_auc(members, others) <= 1
    judged = suspicion(np.vstack([train, outside]), train, None)
    assert membership_auc(judged[: len(train)], judged[len(train) :]) == 1
    assert 0 <= authenticity(train, generated) <= 1
    assert authenticity(train, train) == 0


@settings(max_examples=60, deadline=None)
@given(members=st.lists(st.integers(0, 9), min_size=1, max_size=60), seed=seeds)
def test_what_is_found_is_on_the_curve(members, seed):
    """One in 151 is expected above the largest of 150 others; none of these may be."""
    others = np.random.default_rng(seed).integers(0, 9, size=150)
    found = membership_tpr(np.array(members), others)
    thresholds = [t for t in range(10) if not np.any(others > t)]
    assert found == max(np.mean(np.array(members) > t) for t in thresholds)
    area = membership_auc(np.array(members), others)
    made = np.repeat([1, 0], [len(members), len(others)])
    assert area == pytest.approx(roc_auc_score(made, np.r_[members, others]))
