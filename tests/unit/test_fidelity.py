"""Whether generated spectra look like real ones: each metric, and all of them together."""

import warnings
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

from imsforge.artifacts.contract import Features, Resampled
from imsforge.errors import DataError
from imsforge.fidelity.assessment import (
    ALL_CLASSES,
    CLASS_LIMIT,
    FIDELITY_COLUMNS,
    LEAST_PAIRS,
    assess_fidelity,
    two_sample_scores,
)
from imsforge.fidelity.discrepancy import squared_mmd
from imsforge.fidelity.fidelity_tables import (
    FIDELITY_METRICS,
    copying_by_class,
    fidelity_by_class,
    fidelity_markdown,
    fidelity_summary,
)
from imsforge.fidelity.frechet_table import FRECHET_COLUMNS, frechet_table
from imsforge.fidelity.ions import (
    correlation_error,
    total_ion_current_distance,
    zero_share_error,
)
from imsforge.fidelity.neighbours import (
    LEAST_ROWS,
    NEIGHBOURS,
    authenticity,
    copying,
    manifold_scores,
)
from imsforge.fidelity.pairs import Pairs, draw_pairs
from imsforge.fidelity.rarest_class import view_rarest_class
from imsforge.fidelity.two_sample import (
    SETTINGS,
    TREES,
    forest_auc,
    linear_auc,
    without_repeats,
)
from imsforge.scaling import scale_features


def as_pairs(real, generated):
    return Pairs(real, generated, np.repeat([1, 2], [len(real) - len(real) // 2, len(real) // 2]))


# Pairs.


def test_pairs_are_as_many_of_each_class():
    real, made = np.arange(10.0)[:, None], 100 + np.arange(12.0)[:, None]
    real_y = np.array([1, 1, 1, 1, 1, 2, 2, 3, 4, 4])
    made_y = np.array([1] * 3 + [2] * 5 + [4] * 3 + [5])
    pairs = draw_pairs(real, real_y, made, made_y, limit=9, random=np.random.default_rng(0))
    assert pairs.label.tolist() == [1, 1, 1, 2, 2, 4, 4]
    assert [real_y[int(x)] for x in pairs.real[:, 0]] == pairs.label.tolist()
    assert [made_y[int(x) - 100] for x in pairs.generated[:, 0]] == pairs.label.tolist()
    assert len(set(pairs.real[:, 0])) == len(set(pairs.generated[:, 0])) == 7


def test_pairs_of_a_class_are_limited(rng):
    X, y = rng.normal(size=(50, 2)), np.repeat([1, 2], [40, 10])
    pairs = draw_pairs(X, y, X, y, limit=15, random=rng)
    assert np.bincount(pairs.label).tolist() == [0, 15, 10]
    assert {k: len(own.label) for k, own in pairs.by_class().items()} == {1: 15, 2: 10}


# Two-sample tests.


def test_what_is_alike_cannot_be_told_apart(rng):
    pairs = as_pairs(rng.normal(size=(400, 5)), rng.normal(size=(400, 5)))
    whole, by_class = forest_auc(pairs, seed=0)
    assert whole == pytest.approx(0.5, abs=0.07)
    assert by_class.index.tolist() == [1, 2]
    assert linear_auc(pairs, seed=0) == pytest.approx(0.5, abs=0.07)


def test_what_is_shifted_is_found_out(rng):
    pairs = as_pairs(rng.normal(size=(100, 5)), rng.normal(size=(100, 5)) + 10)
    whole, by_class = forest_auc(pairs, seed=0)
    assert whole == 1
    assert (by_class == 1).all()
    assert linear_auc(pairs, seed=0) == 1


def test_a_class_that_is_found_out_is_named(rng):
    real, made = rng.normal(size=(300, 5)), rng.normal(size=(300, 5))
    made[150:] *= 0.2
    _, by_class = forest_auc(as_pairs(real, made), seed=0)
    assert by_class[2] > 0.9 > by_class[1]


def test_a_wider_spread_escapes_a_line_but_not_a_forest(rng):
    pairs = as_pairs(rng.normal(size=(400, 5)), 3 * rng.normal(size=(400, 5)))
    assert forest_auc(pairs, seed=0)[0] > 0.9
    assert linear_auc(pairs, seed=0) == pytest.approx(0.5, abs=0.1)


def test_folds_of_pairs_say_what_cross_validation_says(rng):
    real, made = rng.normal(size=(300, 10)), rng.normal(size=(300, 10))
    made[:, :3] += 0.4
    X, y = np.concatenate([real, made]), np.repeat([0, 1], 300)
    forest = RandomForestClassifier(TREES, **SETTINGS, random_state=0)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    by_folds = cross_val_score(forest, X, y, cv=folds, scoring="roc_auc").mean()
    assert forest_auc(as_pairs(real, made), seed=0)[0] == pytest.approx(by_folds, abs=0.03)


def test_twins_do_not_give_generated_spectra_away(rng):
    """Each of few good spectra comes many times: alone it could not be told from a real one."""
    made = rng.normal(size=(20, 3))[rng.integers(20, size=200)]
    pairs = without_repeats(as_pairs(rng.normal(size=(200, 3)), made))
    assert len(pairs.label) == len(np.unique(made, axis=0))
    assert len(np.unique(pairs.generated, axis=0)) == len(pairs.label)


def test_few_spectra_that_are_alike_come_out_even(rng):
    """Out of bag they came out below 0.5."""
    sets = rng.normal(size=(40, 2, 30, 5))
    found = [forest_auc(as_pairs(*pair), seed)[0] for seed, pair in enumerate(sets)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.045)


def test_too_few_spectra_are_not_judged(rng):
    few, enough = (rng.normal(size=(2, n, 3)) for n in (LEAST_PAIRS - 1, LEAST_PAIRS))
    assert two_sample_scores(as_pairs(*few), rng).empty
    scores = two_sample_scores(as_pairs(*enough), rng)
    assert set(scores["class"]) == {ALL_CLASSES}  # classes of half as many
    assert set(scores["metric"]) == {"two_sample_auc", "two_sample_auc_linear"}


# Neighbours.


def by_definition(real, generated, k):
    """Precision, recall, density and coverage, one pair of spectra after the other."""

    def radius(rows, i):
        others = [np.linalg.norm(rows[i] - rows[j]) for j in range(len(rows)) if j != i]
        return sorted(others)[k - 1]

    inside = np.zeros((len(real), len(generated)), dtype=bool)
    around = np.zeros_like(inside)
    for i, r in enumerate(real):
        for j, g in enumerate(generated):
            inside[i, j] = np.linalg.norm(r - g) <= radius(real, i)
            around[i, j] = np.linalg.norm(r - g) <= radius(generated, j)
    return {
        "precision": inside.any(axis=0).mean(),
        "recall": around.any(axis=1).mean(),
        "density": inside.sum(axis=0).mean() / k,
        "coverage": inside.any(axis=1).mean(),
    }


def test_manifolds_by_definition(rng):
    real, made = rng.normal(size=(20, 3)), rng.normal(size=(20, 3)) + 0.8
    assert manifold_scores(real, made) == pytest.approx(by_definition(real, made, NEIGHBOURS))


def test_manifolds_of_equal_and_of_distant_sets(rng):
    real, made = rng.normal(size=(500, 4)), rng.normal(size=(500, 4))
    same = manifold_scores(real, made)
    assert same["coverage"] == pytest.approx(1 - 0.5**NEIGHBOURS, abs=0.03)
    assert same["density"] == pytest.approx(1, abs=0.1)
    assert set(manifold_scores(real, made + 100).values()) == {0}


def test_one_spectrum_many_times_is_precise_and_covers_nothing(rng):
    real = rng.normal(size=(100, 4))
    scores = manifold_scores(real, np.repeat(real[:1], 100, axis=0))
    assert scores["precision"] == 1
    assert scores["recall"] == 0.01  # the one itself
    assert scores["coverage"] < 0.2


def test_repeated_spectra_lie_where_they_lie(rng):
    """Six times the same, and more, as of an instrument with few counts: spheres of no radius."""
    rows = np.repeat(1000 + rng.normal(size=(20, 30)), 10, axis=0).astype(np.float32)
    assert manifold_scores(rows, rows)["precision"] == 1
    assert manifold_scores(rows, rows[::-1])["coverage"] == 1
    assert manifold_scores(rows, rows + np.float32(1))["precision"] == 0


def test_the_least_number_of_rows_is_enough(rng):
    few = rng.normal(size=(LEAST_ROWS, 2))
    assert manifold_scores(few, few)["precision"] == 1


def test_copying_by_hand():
    """Two train at 0 and 10, one is held out at 4: of three fresh ones it is nearest to one."""
    train, held_out = np.array([[0.0], [10.0]]), np.array([[4.0]])
    for made, nearer_to_held_out in (([1, 9, 5], 1), ([0, 10], 0), ([3, 4], 2), ([2], 1 / 3)):
        share = nearer_to_held_out / len(made)
        expected = 1 - share / (1 / 3) / 2
        rows = np.array(made, dtype=float)[:, None]
        assert copying(train, held_out, rows) == pytest.approx(expected)


@pytest.mark.parametrize("n_held_out", [300, 1200])
@pytest.mark.parametrize("spread", [0.5, 0.7, 1, 1.5])
def test_fresh_spectra_are_no_copies_whatever_their_spread(n_held_out, spread, rng):
    found = [
        copying(rng.normal(size=(1200, 8)), rng.normal(size=(n_held_out, 8)), spread * fresh)
        for fresh in rng.normal(size=(12, 600, 8))
    ]
    assert np.mean(found) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("n_held_out", [200, 800])
def test_copies_do_not_hide_behind_what_is_far_away(n_held_out, rng):
    train, held_out = rng.normal(size=(800, 8)), rng.normal(size=(n_held_out, 8))
    copies, wide = train[:400], 3 * rng.normal(size=(400, 8))
    assert copying(train, held_out, copies) == 1
    assert copying(train, held_out, copies + 1e-3) == 1
    mixture = np.concatenate([copies, wide])
    assert copying(train, held_out, mixture) == pytest.approx(0.75, abs=0.1)


def test_what_is_in_both_sets_is_a_copy_of_neither(rng):
    rows = (1000 + rng.normal(size=(50, 30))).astype(np.float32)
    assert copying(rows, rows[::-1], rows) == pytest.approx(0.5)
    assert copying(np.tile(rows, (3, 1)), rows, rows[:7]) == pytest.approx(0.5)


def test_authenticity_by_hand():
    """Neighbours of 0, 1 and 10 lie 1, 1 and 9 away; -2 and 5 lie farther from theirs, 0 and 1."""
    train = np.array([[0.0], [1], [10]])
    for made, authentic in (([0.4, -2, 5, 12], 0.5), ([-2, 2.5], 1), ([0, 1, 10], 0), ([2], 0)):
        assert authenticity(train, np.array(made, dtype=float)[:, None]) == authentic


def test_copies_of_repeated_spectra_are_not_authentic(rng):
    rows = np.repeat((1000 + rng.normal(size=(10, 30))).astype(np.float32), 2, axis=0)
    assert authenticity(rows, rows[::3]) == 0


def test_on_a_line_one_in_three_fresh_spectra_is_authentic(rng):
    fresh = [authenticity(*rng.normal(size=(2, 300, 1))) for _ in range(20)]
    assert np.mean(fresh) == pytest.approx(1 / 3, abs=0.03)


# Discrepancy.


def test_discrepancy_by_definition(rng):
    real, made = rng.normal(size=(9, 3)), rng.normal(size=(7, 3)) + 1
    width = np.median([np.linalg.norm(a - b) for a, b in combinations(real, 2)])

    def kernel(a, b):
        return np.exp(-np.sum((a - b) ** 2) / (2 * width**2))

    within, among = (np.mean([kernel(a, b) for a, b in combinations(X, 2)]) for X in (real, made))
    between = np.mean([kernel(a, b) for a in real for b in made])
    assert squared_mmd(real, made) == pytest.approx(within + among - 2 * between)


def test_of_one_distribution_there_is_none_on_average(rng):
    found = [squared_mmd(*sets) for sets in rng.normal(size=(300, 2, 10, 4))]
    assert min(found) < 0
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))
    real, made = rng.normal(size=(2, 10, 4))
    assert squared_mmd(real, made + 2) > 0.2


def test_real_spectra_that_are_the_same_have_no_width():
    assert np.isnan(squared_mmd(np.ones((5, 2)), np.eye(2)))


# Ions.


def test_correlation_error_by_definition(rng):
    real = rng.normal(size=(30, 6)) @ rng.normal(size=(6, 6))
    made = rng.normal(size=(40, 6))
    first, second = (np.corrcoef(X, rowvar=False) for X in (real, made))
    squares = [(first[i, j] - second[i, j]) ** 2 for i, j in combinations(range(6), 2)]
    assert correlation_error(real, made) == pytest.approx(np.sqrt(np.mean(squares)))


def test_correlation_error_knows_no_units(rng):
    real, made = rng.normal(size=(30, 4)), rng.normal(size=(30, 4))
    scale, shift = rng.uniform(1, 9, size=4), rng.normal(size=4)
    assert correlation_error(real * scale + shift, made) == pytest.approx(
        correlation_error(real, made)
    )
    assert correlation_error(real, 7 * real + 1) == pytest.approx(0, abs=1e-6)


def test_two_ions_that_part():
    """Correlations of 1 and of -1 lie 2 apart; a constant third ion correlates with none."""
    up = np.array([0.0, 1, 2])
    real, made = np.stack([up, up], axis=1), np.stack([up, -up], axis=1)
    assert correlation_error(real, made) == pytest.approx(2)
    constant = np.full((3, 1), 0.1, dtype=np.float32)
    with_third = [np.hstack([X, constant]) for X in (real, made)]
    assert correlation_error(*with_third) == pytest.approx(np.sqrt(4 / 3))


def test_an_ion_that_is_constant_in_one_set_alone():
    up = np.array([0.0, 1, 2])
    real, made = np.stack([up, up], axis=1), np.stack([up, 0 * up + 5], axis=1)
    assert correlation_error(real, made) == pytest.approx(1)


def test_total_ion_currents_by_hand():
    """Sums 0 and 4 (standard deviation 2) against 1 and 5: each lies 1 away."""
    real, made = np.array([[0.0, 0], [1, 3]]), np.array([[1.0, 0], [0, 5]])
    assert total_ion_current_distance(real, made) == pytest.approx(0.5)
    assert total_ion_current_distance(real, real[::-1]) == 0


def test_spectra_of_one_sum_have_no_spread_of_ion_currents(rng):
    """What rounding leaves of it is no unit: distances came out as thousands of deviations."""
    raw = rng.gamma(1, 1, size=(2, 100, 40))
    real, made = (raw * 1e5 / raw.sum(axis=2, keepdims=True)).astype(np.float32)
    assert np.ptp(real.sum(axis=1)) > 0
    assert np.isnan(total_ion_current_distance(real, made * 1.5))
    features = scale_features(features_of(real), "sqrt")
    scores = assessed(features, *features.training_set)
    assert "total_ion_current_distance" not in set(scores["metric"])


@pytest.mark.parametrize("shape", [(30, 40), (40, 30), (35, 35)])
def test_correlation_error_of_more_ions_or_more_spectra(shape, rng):
    real, made = rng.normal(size=(2, *shape))
    made[:, 0] = 3
    first, second = (np.nan_to_num(np.corrcoef(X[:, 1:], rowvar=False)) for X in (real, made))
    n = shape[1]
    squares = np.sum((first - second) ** 2) + 2 * np.sum(np.corrcoef(real.T)[0, 1:] ** 2)
    assert correlation_error(real, made) == pytest.approx(np.sqrt(squares / (n * (n - 1))))


def test_missing_ions_by_hand():
    real = np.array([[0.0, 5], [0, 9], [2, 0], [4, 1]])
    made = np.array([[1.0, 0], [0, 0], [-3, 0], [5, 7]])  # shares 1/2, 1/4 against 1/4, 3/4
    assert zero_share_error(real, made) == pytest.approx((1 / 4 + 1 / 2) / 2)
    assert zero_share_error(real, real + 1e-7) == 0


def test_scaling_and_back_keeps_missing_ions(rng):
    spectra = rng.gamma(0.5, 1e5, size=(200, 30)).astype(np.float32)
    spectra[rng.random(spectra.shape) < 0.4] = 0
    for method in ("standard", "minmax", "featurewise-minmax"):
        features = scale_features(features_of(spectra), method)
        assert zero_share_error(spectra, features.to_spectra(features.values)) == 0


def features_of(X, y=None, train=None):
    n = len(X)
    return Features(
        values=X.astype(np.float32),
        label=np.ones(n, dtype=np.int16) if y is None else y,
        pixel=np.arange(n),
        train=np.arange(n) % 2 == 0 if train is None else train,
        names=np.array(["cortex", "medulla", "all but these"]),
    )


# All of them together.

IDENTITY = {"method": "vae+calibrate+filter", "repeat": 2}


@pytest.fixture(scope="module")
def kidney():
    """Two classes of 200 and 120 rows and one of 8, half of them for training."""
    rng = np.random.default_rng(3)
    y = np.repeat([1, 2, 3], [200, 120, 8]).astype(np.int16)
    X = rng.gamma(2, 1, size=(len(y), 6)) * (1 + y[:, None])
    return scale_features(features_of(X, y), "standard")


def assessed(features, values, label, **options):
    made = {"values": values, "label": label, "synthetic": np.ones(len(values), dtype=bool)}
    return assess_fidelity(features, Resampled({"replace": made}), identity=IDENTITY, **options)


@pytest.fixture(scope="module")
def real_against_real(kidney):
    return assessed(kidney, *kidney.training_set)


def of(scores, metric, class_=ALL_CLASSES):
    return scores.set_index(["metric", "class"]).loc[(metric, class_), "value"]


def test_every_metric_is_given(real_against_real):
    scores = real_against_real
    assert scores.columns.tolist() == FIDELITY_COLUMNS
    assert not scores.duplicated(["class", "metric"]).any()
    assert scores["value"].notna().all()
    assert set(scores["method"]) == {"vae+calibrate+filter"}
    whole = scores[scores["class"] == ALL_CLASSES]
    assert set(whole["metric"]) == set(FIDELITY_METRICS)
    classes = scores.groupby("metric")["class"].apply(set)
    two = {"cortex", "medulla", ALL_CLASSES}
    for metric in ("copying", "correlation_error", "precision", "mmd", "authenticity"):
        assert classes[metric] == two  # four test rows are too few
    assert classes["membership_auc"] == two
    assert classes["membership_tpr"] == classes["two_sample_auc"] == {"cortex", ALL_CLASSES}
    assert classes["total_ion_current_distance"] == two | {"all but these"}


def test_the_training_set_is_its_own_copy(real_against_real):
    assert of(real_against_real, "copying") == of(real_against_real, "membership_auc") == 1
    assert of(real_against_real, "authenticity") == 0
    assert of(real_against_real, "two_sample_auc") == pytest.approx(0.5, abs=0.12)
    assert of(real_against_real, "coverage") > 0.9


def test_a_bad_generator(kidney):
    X, y = kidney.training_set
    scores = assessed(kidney, X[:, ::-1] * 3 + 20, y)
    assert of(scores, "two_sample_auc") == 1
    assert of(scores, "precision") == of(scores, "coverage") == 0
    assert of(scores, "total_ion_current_distance") > 3


def test_means_are_over_classes(real_against_real):
    scores = real_against_real
    for metric in ("precision", "copying", "mmd", "membership_auc", "total_ion_current_distance"):
        own = scores[scores["metric"] == metric]
        values = own.loc[own["class"] != ALL_CLASSES, "value"]
        assert of(scores, metric) == pytest.approx(values.mean())


def test_the_same_seed_gives_the_same_scores(kidney, real_against_real):
    again = assessed(kidney, *kidney.training_set)
    pd.testing.assert_frame_equal(again, real_against_real)


def test_ions_are_those_of_spectra_not_of_features(kidney, real_against_real, rng):
    """With components, correlations and sums are those after the way back to spectra."""
    components = rng.gamma(1, 1, size=(6, 9)).astype(np.float32)
    reduced = replace(kidney, components=components)
    scores = assessed(reduced, *kidney.training_set)
    assert of(scores, "precision") == of(real_against_real, "precision")
    assert of(scores, "correlation_error") != of(real_against_real, "correlation_error")


def test_a_class_of_one_test_spectrum_has_no_spread_of_ion_currents(kidney):
    tested = np.flatnonzero(~kidney.train & (kidney.label == 3))
    label = kidney.label.copy()
    label[tested[1:]] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = assessed(replace(kidney, label=label), *kidney.training_set)
    current = scores[scores["metric"] == "total_ion_current_distance"]
    assert set(current["class"]) == {"cortex", "medulla", ALL_CLASSES}


def test_classes_without_test_spectra_are_said(kidney):
    X, y = kidney.training_set
    with pytest.raises(DataError, match="none of the classes"):
        assessed(kidney, X, np.full_like(y, 9))


def test_large_classes_are_thinned(rng):
    y = np.ones(4 * CLASS_LIMIT, dtype=np.int16)
    features = features_of(rng.normal(size=(len(y), 2)), y)
    assert of(assessed(features, *features.training_set), "density") == pytest.approx(1, abs=0.1)


# Tables.


def scores_of(method, values, metric="two_sample_auc", class_=ALL_CLASSES):
    rows = [(method, repeat, class_, metric, v) for repeat, v in enumerate(values, start=1)]
    return pd.DataFrame(rows, columns=FIDELITY_COLUMNS)


def test_methods_keep_their_order_and_their_spread():
    scores = pd.concat(
        [
            scores_of("smote", [0.9, 0.7]),
            scores_of("none", [0.5, 0.5]),
            scores_of("smote", [0.00123], "mmd"),
            scores_of("none", [0.25], "zero_share_error"),
            scores_of("none", [0.125], class_="cortex"),
        ]
    )
    table = fidelity_summary(scores)
    assert table["method"].tolist() == ["smote", "none"]
    assert table["two sample auc"].tolist() == ["0.80 ± 0.14", "0.50 ± 0.00"]
    assert table["zero share error"].tolist() == ["-", "0.25"]
    assert table["mmd"].tolist() == ["0.0012", "-"]
    assert table["recall"].tolist() == ["-", "-"]
    assert len(table.columns) == 1 + len(FIDELITY_METRICS)
    by_class = fidelity_by_class(scores)
    assert list(by_class) == ["none"]
    assert by_class["none"]["class"].tolist() == ["cortex"]


def test_copies_are_told_class_by_class_the_worst_first():
    scores = pd.concat(
        [scores_of("smote", v, "copying", c) for c, v in (("a", [0.5]), ("b", [0.9, 0.7]))]
        + [scores_of("smote", [0.5], "zero_share_error", "c")]
        + [scores_of("none", [1.0], "copying", "a"), scores_of("smote", [0.6])]
    )
    assert fidelity_by_class(scores)["smote"]["class"].tolist() == ["b", "a", "c"]
    assert "| smote    | b: 0.80 ± 0.14; a: 0.50" in fidelity_markdown(scores)
    assert copying_by_class(scores)["method"].tolist() == ["smote"]
    assert copying_by_class(scores_of("vae", [0.5])).empty


def test_the_table_explains_every_column():
    text = fidelity_markdown(scores_of("a+b", [0.5, 0.6]))
    assert "| a+b " in text
    for metric, meaning in FIDELITY_METRICS.items():
        assert f"- {metric.replace('_', ' ')}: {meaning}." in text
        assert "real" in meaning


# What the figure shows.


def test_the_view_is_of_the_rarest_class(kidney):
    X, y = kidney.training_set
    made = {"values": X, "label": y, "synthetic": np.ones(len(y), dtype=bool)}
    view = view_rarest_class(kidney, {"none": Resampled({"replace": made})})
    assert view.name == "all but these"
    assert view.real.shape == (4, 6)
    assert view.generated["none"].shape == (4, 6)
    points = np.concatenate([view.real_points, view.generated_points["none"]])
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-5)  # all real spectra of the class
    np.testing.assert_allclose(points.min(axis=0), view.extent[0], atol=1e-6)
    np.testing.assert_allclose(points.max(axis=0), view.extent[1], atol=1e-6)
    assert view.explained[0] >= view.explained[1]
    assert len(view.neighbour_points) == np.sum(y != 3)


def test_frechet_compares_every_pair_of_classes(rng):
    """Unit Gaussians whose means are 5 sqrt(3) apart, in units of before scaling."""
    label = np.repeat([1, 2], 800).astype(np.int16)
    values = rng.normal(5.0 * (label[:, None] == 2), 1, size=(1600, 3)).astype(np.float32)
    features = Features(
        values=values,
        label=label,
        pixel=np.arange(1600),
        train=np.arange(1600) % 2 == 0,
        names=np.array(["a", "b"]),
    )
    features = scale_features(features, "standard")
    X, y = features.training_set
    one = np.array([2], dtype=np.int16)
    made = {"values": np.vstack([X[y == 1], X[y == 2][:1]]), "label": np.append(y[y == 1], one)}
    table = frechet_table(
        features, Resampled({"replace": made}), identity={"method": "m", "repeat": 3}
    )
    assert table.columns.tolist() == FRECHET_COLUMNS
    distance = table.set_index(["generated", "real"])["distance"]
    assert distance["a", "a"] < 0.3
    assert distance["a", "b"] == pytest.approx(5 * np.sqrt(3), rel=0.05)
    assert set(table["generated"]) == {"a"}  # one row has no covariance
