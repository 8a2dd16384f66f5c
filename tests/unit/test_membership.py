"""Whether generated spectra give training spectra away: attacks on them, and verdicts in words."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from imsforge.artifacts.contract import Features, Resampled
from imsforge.fidelity.assessment import (
    ALL_CLASSES,
    ENOUGH,
    FIDELITY_COLUMNS,
    assess_fidelity,
    outside_training,
)
from imsforge.fidelity.fidelity_tables import fidelity_markdown
from imsforge.fidelity.membership import (
    LEAST_OTHERS,
    LIMIT,
    attack,
    membership_auc,
    membership_tpr,
    suspicion,
)
from imsforge.fidelity.verdicts import VERDICT_NOTE, another_repeat, giving_away


def chance(n):
    """Four standard deviations of the area under the curve of n and n scores that are alike."""
    return 4 * np.sqrt((2 * n + 1) / (12 * n * n))


def area_of(train, outside, generated, rng):
    return membership_auc(*attack(train, outside, generated, rng))


# Attacks.


def test_suspicion_by_hand():
    """A generated spectrum at 1 and a known one at 3: 0 lies 1 and 3 away, 10 lies 9 and 7 away."""
    rows, generated, known = np.array([[0.0], [10]]), np.array([[1.0]]), np.array([[3.0]])
    assert suspicion(rows, generated, known) == pytest.approx(np.log([3, 7 / 9]))
    assert suspicion(rows, generated, None) == pytest.approx(-np.log([1, 9]))


def test_of_nothing_nothing_is_suspected(rng):
    assert not suspicion(rng.normal(size=(4, 3)), np.empty((0, 3)), None).any()


@pytest.mark.parametrize("n_outside", [400, 150])
@pytest.mark.parametrize("spread", [0.5, 1, 2])
def test_fresh_spectra_give_nothing_away(n_outside, spread, rng):
    train, outside = rng.normal(size=(400, 8)), rng.normal(size=(n_outside, 8))
    found = area_of(train, outside, spread * rng.normal(size=(400, 8)), rng)
    assert found == pytest.approx(0.5, abs=chance(n_outside))


def test_copies_give_all_away(rng):
    train, outside = rng.normal(size=(2, 300, 8)).astype(np.float32)
    for copies in (train, train + np.float32(1e-3)):
        members, others = attack(train, outside, copies, rng)
        assert membership_auc(members, others) == membership_tpr(members, others) == 1


def test_what_is_never_drawn_is_not_given_away(rng):
    """Of n spectra drawn n times with replacement, one in e does not come: those are chance."""
    train, outside = rng.normal(size=(2, 400, 8))
    found = area_of(train, outside, train[rng.integers(400, size=400)], rng)
    assert found == pytest.approx(1 - 0.5 / np.e, abs=chance(400))


def test_spectra_that_were_held_back_give_nothing_away(rng):
    """The oracle's are those outside: nothing lies nearer to them than they do themselves."""
    train, outside = rng.normal(size=(2, 400, 8)).astype(np.float32)
    drawn = outside[rng.permutation(400)[:350]]
    assert area_of(train, outside, drawn, rng) == pytest.approx(0.5, abs=chance(400))
    assert membership_auc(*np.split(suspicion(np.vstack([train, outside]), drawn, None), 2)) < 0.1


def test_the_few_of_a_class_that_lie_apart_do_not_hide(rng):
    """What lies near generated spectra because everything lies near there says nothing."""
    scale = np.where(rng.random(400) < 0.5, 1, 20)[:, None]
    train, outside = scale * rng.normal(size=(2, 400, 5))
    moved = train + 0.3 * scale * rng.normal(size=(400, 5))
    by_distance = suspicion(np.vstack([train, outside]), moved, None)
    assert area_of(train, outside, moved, rng) > membership_auc(*np.split(by_distance, 2)) + 0.1


def test_as_many_training_spectra_are_asked_about_as_others(rng):
    for n_train, n_outside in ((30, 21), (21, 30), (2 * LIMIT, 3 * LIMIT)):
        sets = rng.normal(size=(n_train, 2)), rng.normal(size=(n_outside, 2))
        members, others = attack(*sets, rng.normal(size=(40, 2)), rng)
        assert len(members) == len(others) == min(n_train, n_outside, LIMIT)


def test_found_without_false_alarms_by_hand():
    """Of 99 others the largest is the threshold, of 199 the second largest."""
    members = np.array([98.5, 99, 99.5, 100])
    assert membership_tpr(members, np.arange(LEAST_OTHERS) + 1.0) == 0.5
    assert membership_tpr(members, np.r_[1000.0, np.zeros(198)]) == 1
    assert membership_tpr(members, np.r_[1000.0, 99.5, np.zeros(197)]) == 0.25


def test_chance_finds_no_more_than_one_in_a_hundred(rng):
    for n in (LEAST_OTHERS, 250):
        found = [membership_tpr(*rng.normal(size=(2, n))) for _ in range(2000)]
        error = np.std(found) / np.sqrt(len(found))
        assert 0.005 < np.mean(found) < 0.01 + 4 * error


# Which spectra stand for others.


@pytest.fixture
def features(rng):
    """One class of 150 training, 150 test and 100 reserved rows, and one of a few."""
    part = np.r_[np.repeat([0, 1, 2], [150, 150, 100]), np.repeat([0, 1, 2], ENOUGH - 1)]
    return Features(
        values=rng.normal(size=(len(part), 4)).astype(np.float32),
        label=np.repeat([1, 2], [400, 3 * (ENOUGH - 1)]).astype(np.int16),
        pixel=np.arange(len(part)),
        train=part == 0,
        names=np.array(["cortex", "medulla"]),
        reserve=part == 2,
    )


def attacked(features, values, label, **options):
    made = {"values": values, "label": label, "synthetic": np.ones(len(values), dtype=bool)}
    identity = {"method": "vae", "repeat": 1}
    scores = assess_fidelity(features, Resampled({"replace": made}), identity=identity, **options)
    own = scores[scores["metric"].str.startswith("membership")]
    return own.set_index(["metric", "class"])["value"]


def test_reserved_spectra_stand_for_others_in_any_split(features):
    for alike in (True, False):
        assert len(outside_training(features, alike)[0]) == features.reserve.sum()
    scores = attacked(features, *features.training_set, test_is_alike=False)
    classes = [("membership_auc", "cortex"), ("membership_auc", ALL_CLASSES)]
    classes += [(metric.replace("auc", "tpr"), name) for metric, name in classes]
    assert scores.index.tolist() == classes  # the other class is too small
    assert (scores == 1).all()


def test_the_reserve_itself_gives_nothing_away(features):
    scores = attacked(features, *features.reserve_set)
    assert scores["membership_auc", "cortex"] == pytest.approx(0.5, abs=chance(100))


def test_without_a_reserve_test_spectra_do_where_they_are_alike(features):
    without = replace(features, reserve=None)
    assert len(outside_training(without, True)[0]) == without.test.sum()
    assert attacked(without, *features.training_set)["membership_auc", "cortex"] == 1
    assert attacked(without, *features.training_set, test_is_alike=False).empty


# Verdicts.


def scores_of(method, areas, found=()):
    courses = {"membership_auc": areas, "membership_tpr": found, "copying": areas}
    rows = [
        (method, repeat, class_, metric, value)
        for metric, course in courses.items()
        for repeat, value in enumerate(course, start=1)
        for class_, value in ((ALL_CLASSES, value), ("cortex", 1.0))
    ]
    return pd.DataFrame(rows, columns=FIDELITY_COLUMNS)


def test_verdicts_by_hand():
    scores = pd.concat(
        [
            scores_of("none", [1, 1, 1], [1, 1, 1]),
            scores_of("smote", [0.98, 0.99, 1], [0.5, 0.6, 0.7]),
            scores_of("vae", [0.54, 0.55, 0.56], [0.01, 0.02, 0.03]),
            scores_of("sure", [0.49, 0.5, 0.51], [0.11, 0.12, 0.13]),
            scores_of("oracle", [0.49, 0.5, 0.51], [0.0, 0.01, 0.02]),
            scores_of("once", [0.9]),
            scores_of("small", [0.9, 0.9]),
        ]
    )
    smote, vae, sure, oracle, once, small = giving_away(scores)
    attack_on_smote = (
        "an attacker tells its training spectra from others with an area under the ROC curve of "
        "0.99 (0.94 to 1.00), and finds 60.0 (10.3 to 100.0) % of them while taking 1 % of others "
        "for them."
    )
    assert smote == f"Giving away the set of smote gives training spectra away: {attack_on_smote}"
    assert vae.startswith("Giving away the set of vae gives a little away: ")
    assert sure.startswith("Giving away the set of sure gives a little away: ")
    assert oracle.startswith("What the set of oracle gives away cannot be told from chance by this")
    assert "no proof of privacy" in oracle
    assert once.startswith("Of the set of once there is one repeat, which cannot tell chance: ")
    assert once.endswith("ROC curve of 0.90.")
    assert small.endswith("0.90 (0.90 to 0.90).")


def test_what_was_not_attacked_is_said():
    scores = scores_of("vae", [0.5, 0.6]).query("metric == 'copying'")
    (sentence,) = giving_away(scores)
    assert sentence.startswith("The set of vae was not attacked: ")
    assert "split.reserve_share" in sentence


def test_verdicts_stand_below_the_table():
    text = fidelity_markdown(scores_of("smote", [1, 1]))
    assert "- Giving away the set of smote gives training spectra away: " in text
    assert text.endswith(f"{VERDICT_NOTE}\n")


def test_another_repeat_lies_in_its_interval(rng):
    courses = rng.normal(size=(4000, 6))
    intervals = np.array([another_repeat(course[:5]) for course in courses])
    inside = (intervals[:, 0] < courses[:, 5]) & (courses[:, 5] < intervals[:, 1])
    assert inside.mean() == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 4000))
