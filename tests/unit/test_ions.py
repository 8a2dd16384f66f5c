from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from imsforge import ions
from imsforge.anomaly.region_ions import rank_ions_of_regions
from imsforge.ions import ion_shares, rank_ions, rank_ions_of_classes

MZ = np.linspace(400, 900, 60)
RAISED, LOWERED = np.arange(5, 15), np.arange(40, 44)


@pytest.fixture
def planted(rng):
    """Counts of two tissues; in 60 pixels of either ten ions are raised, four lowered.

    Returns intensity, inside, reference, and features that tell the tissues apart.
    """
    tissue = np.arange(600) % 2
    expected = (30 + rng.gamma(2, 20, size=(2, 60)))[tissue]
    inside = np.arange(600) < 60
    expected[np.ix_(inside, RAISED)] *= 2.5
    expected[np.ix_(inside, LOWERED)] *= 0.2
    brightness = rng.uniform(0.5, 2, size=(600, 1))
    features = np.column_stack([tissue, 0.1 * rng.normal(size=600)])
    return rng.poisson(brightness * expected).astype(float), inside, ~inside, features


def columns(table):
    return np.searchsorted(MZ, table["mz"])


def test_planted_ions_are_ranked_first(planted):
    intensity, inside, reference, features = planted
    table = rank_ions(intensity, MZ, inside, reference, features=features)
    assert set(table["rank"]) == set(range(1, 61))
    leading = columns(table[:14])
    assert set(leading) == {*RAISED, *LOWERED}
    positive = table["effect"] > 0
    assert set(columns(table[positive][:10])) == set(RAISED)  # precision at 10 is 1
    assert table["auroc"][np.isin(columns(table), RAISED)].min() > 0.9
    assert table["log2_fold_change"][np.isin(columns(table), LOWERED)].max() < -1
    assert (np.diff(table["effect"].abs()) <= 0).all()


def test_brightness_does_not_count(planted, rng):
    intensity, inside, reference, features = planted
    table = rank_ions(intensity, MZ, inside, reference, features=features)
    brighter = intensity * 2.0 ** rng.integers(
        -3, 4, size=(600, 1)
    )  # exact, so that ties stay ties
    again = rank_ions(brighter, MZ, inside, reference, features=features)
    np.testing.assert_allclose(again.to_numpy(), table.to_numpy(), rtol=1e-12)


def test_a_set_is_compared_with_tissue_of_its_kind(planted):
    """What a set differs in since it is all of one tissue is no effect beside that tissue."""
    intensity, _, _, features = planted
    inside = (features[:, 0] == 1) & (np.arange(600) > 300)
    reference = np.arange(600) > 60
    near = rank_ions(intensity, MZ, inside, reference & ~inside, features=features)
    far = rank_ions(intensity, MZ, inside, reference & ~inside)
    assert near["effect"].abs().max() < 0.5 < 1 < far["effect"].abs().max()


def test_figures_are_those_worked_by_hand(rng):
    intensity = rng.integers(0, 4, size=(50, 7)).astype(np.float32)
    intensity[0] = 0  # an empty spectrum
    inside = np.arange(50) % 3 == 0
    table = rank_ions(intensity, MZ[:7], inside, ~inside).sort_values("mz")
    share = intensity / np.maximum(intensity.sum(axis=1, keepdims=True), 1)
    root = np.sqrt(share.astype(float))
    spread = root[~inside].std(axis=0)
    effect = (root[inside].mean(axis=0) - root[~inside].mean(axis=0)) / spread
    spread_most = spread > np.percentile(spread, 5)
    np.testing.assert_allclose(table["effect"][spread_most], effect[spread_most], rtol=1e-5)
    auroc = [roc_auc_score(inside, column) for column in share.T]
    np.testing.assert_allclose(table["auroc"], auroc)
    np.testing.assert_allclose(table["mean_inside"], share[inside].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(table["mean_outside"], share[~inside].mean(axis=0), rtol=1e-5)
    fold = np.log2(share[inside].mean(axis=0) / share[~inside].mean(axis=0))
    np.testing.assert_allclose(table["log2_fold_change"], fold, rtol=1e-3)


def test_an_ion_that_the_reference_lacks_leads_with_a_finite_effect(planted):
    intensity, inside, reference, _ = planted
    intensity[:, 20] = np.where(inside, 50, 0)
    intensity[:, 21] = 0
    table = rank_ions(intensity, MZ, inside, reference)
    assert columns(table)[0] == 20
    assert np.isfinite(table["effect"]).all()
    assert table["log2_fold_change"][0] == np.inf
    nowhere = table[columns(table) == 21].iloc[0]
    assert (nowhere["effect"], nowhere["auroc"]) == (0, 0.5)
    assert np.isnan(nowhere["log2_fold_change"])


def test_of_many_pixels_some_are_drawn_by_the_seed(planted, monkeypatch):
    intensity, inside, reference, features = planted
    whole = rank_ions(intensity, MZ, inside, reference, features=features)
    monkeypatch.setattr(ions, "MAX_PIXELS", 200)
    one, same, other = (
        rank_ions(intensity, MZ, inside, reference, features=features, seed=seed)
        for seed in (1, 1, 2)
    )
    assert one.equals(same)
    assert not one.equals(other)
    assert set(one["mz"][:14]) == set(whole["mz"][:14])


def test_an_empty_set_is_refused(planted):
    intensity, inside, _, _ = planted
    with pytest.raises(ValueError, match="one is empty"):
        rank_ions(intensity, MZ, inside, np.zeros(600, dtype=bool))


def test_each_class_has_a_ranking(peaks, labels):
    table = rank_ions_of_classes(peaks.intensity, peaks.mz, labels)
    assert table.columns[0] == "class"
    assert table.groupby("class", sort=False).size().to_dict() == {"left": 8, "right": 8}
    left, right = (table[table["class"] == name].set_index("mz") for name in ("left", "right"))
    assert (left["effect"][peaks.mz[:4]] > 0).all()
    assert (right["effect"][peaks.mz[:4]] < 0).all()
    # Against each other, two classes mirror each other; the pixel without a class is in neither.
    np.testing.assert_allclose(left["auroc"], 1 - right["auroc"][left.index])


def test_a_class_is_compared_with_classes_alone(peaks, labels):
    odd = replace(peaks, intensity=peaks.intensity.copy())
    odd.intensity[-1] = 1e6 * np.eye(8)[0]
    table = rank_ions_of_classes(odd.intensity, odd.mz, labels)
    assert table.equals(rank_ions_of_classes(peaks.intensity, peaks.mz, labels))


def test_a_class_with_nothing_to_compare_has_no_ranking(peaks, labels):
    one = replace(labels, label=np.where(labels.label == 1, 1, 0))
    assert rank_ions_of_classes(peaks.intensity, peaks.mz, one).empty
    more = replace(labels, names=np.array(["left", "right", "nowhere"]))
    table = rank_ions_of_classes(peaks.intensity, peaks.mz, more)
    assert table.equals(rank_ions_of_classes(peaks.intensity, peaks.mz, labels))


def test_each_large_region_has_a_ranking_beside_all_abnormal_pixels(planted):
    intensity, inside, reference, features = planted
    region = np.zeros(600, dtype=np.int32)
    region[:40], region[40:55] = 1, 2
    healthy = reference | (np.arange(600) < 5)  # a false alarm is no healthy neighbour
    table = rank_ions_of_regions(intensity, MZ, region, inside, healthy, features)
    assert table["region"].drop_duplicates().tolist() == [0, 1, 2]
    expected = rank_ions(intensity, MZ, region == 2, reference, features=features)
    own = table[table["region"] == 2].drop(columns="region").reset_index(drop=True)
    assert own.equals(expected)


def test_without_abnormal_pixels_there_is_a_table_without_rows(planted):
    intensity, _, reference, features = planted
    none = np.zeros(600, dtype=np.int32)
    table = rank_ions_of_regions(intensity, MZ, none, none > 0, reference, features)
    some = rank_ions_of_regions(intensity, MZ, none, ~reference, reference, features)
    assert len(table) == 0
    assert list(table.columns) == list(some.columns)


def test_shares_of_an_empty_spectrum_are_zero(peaks):
    shares = ion_shares(peaks.intensity, np.array([3, 0]))
    assert (shares[-1] == 0).all()
    total = peaks.intensity[:-1].sum(axis=1, dtype=float)
    np.testing.assert_allclose(shares[:-1, 1], peaks.intensity[:-1, 0] / total)
