"""What a map says of itself: figures worked by hand."""

import logging

import numpy as np
import pytest

from imsforge.anomaly.known import compare_with_known, known_pixels
from imsforge.anomaly.scores import AnomalyScores
from imsforge.anomaly.summary import CAVEAT, rank_correlations, summarize
from imsforge.artifacts.contract import Labels
from imsforge.artifacts.text import read_json, write_json
from imsforge.errors import DataError


def scores_of(detectors, *, healthy=4, off=()):
    """Return scores of a row of pixels, the first ones healthy, all thresholds at 4."""
    table = np.column_stack(list(detectors.values())).astype(np.float32)
    n = len(table)
    tissue = np.ones(n, dtype=bool)
    tissue[list(off)] = False
    inside = np.arange(n) < healthy
    return AnomalyScores(
        x=np.arange(n, dtype=np.int32),
        y=np.zeros(n, dtype=np.int32),
        sample=np.zeros(n, dtype=np.int16),
        samples=np.array(["1"]),
        healthy=inside,
        train=inside & tissue,
        tissue=tissue,
        total_ion_current=np.ones(n, dtype=np.float32),
        kmeans=np.ones(n, dtype=np.int16),
        detectors=np.array(list(detectors)),
        score=table,
        false_alarm_rate=np.zeros_like(table),
        threshold=np.full(len(detectors), 4.0),
    )


#: Four healthy pixels, one of which raises a false alarm, then six others.
KNN = [1, 2, 3, 5, 2, 6, 7, 1, 8, 9]


def test_shares_are_of_tissue_outside_the_mask():
    summary = summarize(scores_of({"knn": KNN}, off=[9]), {}, view="count", rate=0.2)
    assert (summary["pixels"], summary["healthy"], summary["train"]) == (10, 4, 4)
    assert (summary["off_tissue"], summary["outside"]) == (1, 5)
    (knn,) = summary["detectors"]
    assert knn["abnormal"] == 3
    assert knn["share"] == 3 / 5
    assert knn["false_alarms"] == 1 / 4
    assert knn["threshold"] == 4
    assert "nearest healthy" in knn["assumes"]
    assert summary["view"].startswith("brightness counts")
    assert summary["false_alarm_rate"] == 0.2
    assert summary["detection"] == {}
    assert summary["leading_agreement"] is None
    assert summary["warnings"] == []
    assert summary["caveat"] == CAVEAT


def test_detectors_agree_by_the_ranks_of_tissue():
    scores = scores_of({"knn": KNN, "lof": np.exp(KNN), "mahalanobis": np.negative(KNN)}, off=[0])
    between, leading = rank_correlations(scores)
    assert between["knn"]["lof"] == pytest.approx(1)
    assert between["knn"]["mahalanobis"] == pytest.approx(-1)
    assert leading is None  # the median of a rank and its reverse is the same everywhere
    constant = scores_of({"knn": KNN, "lof": np.zeros(10)})
    assert rank_correlations(constant)[0]["knn"]["lof"] is None


def test_a_leader_that_ranks_unlike_the_others_is_warned_of(caplog):
    same, other = np.arange(10.0), [1, 3, 2, 5, 4, 7, 6, 9, 8, 0]
    scores = scores_of({"knn": same, "lof": np.square(same), "mahalanobis": other})
    assert summarize(scores, {}, view="both", rate=0.1)["warnings"] == []
    unlike = scores_of({"knn": -same, "lof": same, "mahalanobis": np.square(same)})
    with caplog.at_level(logging.WARNING):
        summary = summarize(unlike, {}, view="both", rate=0.1)
    assert summary["leading_agreement"] == pytest.approx(-1)
    (warning,) = summary["warnings"]
    assert "knn ranks the pixels unlike the other detectors" in warning
    assert "median -1.00" in warning
    assert warning in caplog.text


def test_a_mask_beyond_the_tissue_is_warned_of():
    (warning,) = summarize(scores_of({"knn": KNN}, off=[0]), {}, view="count", rate=0.2)["warnings"]
    assert "1 of 4 healthy pixels lie off the tissue" in warning
    mask_of_many = scores_of({"knn": np.arange(50)}, healthy=40, off=[0])
    assert summarize(mask_of_many, {}, view="count", rate=0.2)["warnings"] == []


def test_a_critic_is_warned_of():
    scores = scores_of({"critic": KNN, "knn": KNN})
    (warning,) = summarize(scores, {}, view="count", rate=0.2)["warnings"]
    assert "the sign of critic is not defined" in warning


def test_features_fitted_on_few_pixels_are_warned_of():
    def warned(detector, view, components, scores=None):
        of = scores or scores_of({detector: KNN})
        return summarize(of, {}, view=view, rate=0.2, components=components)["warnings"]

    one = np.ones((1, 6))
    (warning,) = warned("knn", "both", one)
    assert warning.startswith("1 features were fitted on 4 healthy pixels")
    assert warned("knn", "composition", one) == []
    assert warned("pca-residual-per-current", "composition", one)  # of weights in every view
    assert warned("total-ion-current", "count", one) == []
    assert warned("knn", "count", None) == []
    many = scores_of({"knn": np.arange(50)}, healthy=40)
    assert warned("knn", "count", np.ones((4, 6)), many) == []


def test_a_mask_that_holds_known_anomalies_is_warned_of():
    known = {"colony": np.arange(10) == 3, "fold": np.arange(10) == 8}
    (warning,) = summarize(scores_of({"knn": KNN}), known, view="count", rate=0.2)["warnings"]
    assert "1 of 4 healthy pixels are known to be abnormal (colony)" in warning


COLONY, FOLD = np.isin(np.arange(10), [3, 4, 5, 6]), np.isin(np.arange(10), [8, 9])


def test_a_summary_is_plain_values(tmp_path):
    scores = scores_of({"knn": KNN, "lof": np.zeros(10)}, off=[6])
    summary = summarize(scores, {"colony": COLONY, "fold": FOLD}, view="both", rate=0.2)
    write_json(summary, tmp_path / "metrics.json")
    assert read_json(tmp_path / "metrics.json") == summary


def test_detection_is_worked_out_by_hand():
    scores = scores_of({"knn": KNN}, off=[6])
    found = compare_with_known(scores, {"colony": COLONY, "fold": FOLD})["knn"]
    # Compared are rows 4 to 7: 3 is in the mask, folds are left out, and 6 is off the tissue.
    colony = found["colony"]
    assert colony["pixels"] == 3
    assert colony["off_tissue"] == 1
    assert colony["beside"] == 1
    assert colony["recall"] == 1 / 3  # row 5; row 4 stays below, row 6 is not called
    assert colony["precision"] == 1
    assert colony["auroc"] == 1  # rows 4 and 5 score 2 and 6, row 7 scores 1
    assert colony["average_precision"] == 1
    assert found["fold"]["recall"] == 1
    assert found["any"]["pixels"] == 5
    assert found["any"]["recall"] == 3 / 5


def test_what_is_called_wrongly_costs_precision():
    found = compare_with_known(scores_of({"knn": KNN}), {"fold": FOLD})["knn"]
    assert set(found) == {"fold"}  # one kind is all there is
    assert found["fold"]["precision"] == 2 / 4
    assert found["fold"]["auroc"] == 1


def test_nothing_to_tell_apart_has_no_figures():
    nothing = np.zeros(10, dtype=bool)
    found = compare_with_known(scores_of({"knn": np.zeros(10)}), {"fold": nothing})["knn"]["fold"]
    assert found == {
        "auroc": None,
        "average_precision": None,
        "recall": None,
        "precision": None,
        "pixels": 0,
        "off_tissue": 0,
        "beside": 6,
    }
    assert compare_with_known(scores_of({"knn": KNN}), {}) == {}


def test_known_pixels_are_the_truth_of_a_phantom_and_classes():
    labels = Labels(np.array([0, 1, 2, 1, 3], dtype=np.int16), np.array(["a", "b", "7"]))
    pixel = np.array([1, 2, 4])
    truth = {"fold": np.array([True, False, True, False, False])}
    known = known_pixels(pixel, truth, labels, ["a", 7])
    assert {kind: mask.tolist() for kind, mask in known.items()} == {
        "fold": [False, True, False],
        "a": [True, False, False],
        "7": [False, False, True],
    }
    assert set(known_pixels(pixel, {}, labels, "b")) == {"b"}
    assert known_pixels(pixel, {}, labels) == {}
    with pytest.raises(DataError, match=r"known\.classes: no class 'c'; known: a, b, 7"):
        known_pixels(pixel, {}, labels, "c")


def test_pixels_of_the_mask_stand_for_healthy_ones_where_no_others_do():
    scores = scores_of({"knn": KNN}, healthy=7)
    found = compare_with_known(scores, {"lesion": np.arange(10) >= 7})["knn"]["lesion"]
    # Of 7 x 3 pairs, the abnormal 1 lies below five of the seven and ties with one; 8 and 9 above.
    assert found["auroc"] == pytest.approx((14 + 0.5) / 21)
    assert found["recall"] == 2 / 3
    assert found["precision"] == 2 / 5
