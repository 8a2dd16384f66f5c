from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import f1_score, precision_score, recall_score

from imsforge.artifacts.contract import Features, Resampled
from imsforge.errors import DataError
from imsforge.evaluation.classifiers import CLASSIFIERS, fitted, with_priors
from imsforge.evaluation.comparison import Resampling, compare_methods
from imsforge.evaluation.score_tables import (
    class_counts,
    coverage_note,
    format_score,
    markdown_table,
    method_summary,
    readable_table,
    score_table,
    undetermined_note,
)
from imsforge.evaluation.scores import (
    ALL_SAMPLES,
    RELIABILITY_COLUMNS,
    SCORE_COLUMNS,
    classification_scores,
    confusion_table,
    evaluate,
)
from imsforge.oversampling import TASKS, fitted_sampler
from imsforge.plots.matrices import recall_matrix
from imsforge.scaling import scale_features

NAMES = np.array(["a", "b", "c"])
#: Repeats that are each a unit of their own.
ONE_OF_EACH = Resampling({1: 1, 2: 2}, 0.25)
TRUTH = np.array([1, 1, 1, 1, 2, 2, 3, 3])
PREDICTED = np.array([1, 1, 1, 2, 2, 1, 2, 2])


def value(scores, class_, metric):
    return scores.set_index(["class", "metric"]).loc[(class_, metric), "value"]


def test_scores_by_hand():
    scores = classification_scores(TRUTH, PREDICTED, NAMES)
    assert value(scores, "a", "recall") == pytest.approx(3 / 4)
    assert value(scores, "a", "precision") == pytest.approx(3 / 4)
    assert value(scores, "b", "precision") == pytest.approx(1 / 4)
    assert value(scores, "c", "precision") == 0  # never predicted
    assert value(scores, "macro", "recall") == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)
    assert value(scores, "weighted", "precision") == pytest.approx((4 * 3 / 4 + 2 / 4) / 8)
    assert value(scores, "weighted", "accuracy") == pytest.approx(4 / 8)
    assert value(scores, "weighted", "accuracy") == value(scores, "weighted", "recall")
    support = scores.set_index(["class", "metric"])["support"]
    assert support["a", "f1"] == 4
    assert support["macro", "f1"] == 8


def test_confusion_by_hand():
    table = confusion_table(TRUTH, PREDICTED, np.array([1, 2, 3]), NAMES)
    counts = table.set_index(["true", "predicted"])["count"]
    assert counts["a", "b"] == 1
    assert counts["c", "b"] == 2
    assert counts.sum() == len(TRUTH)


def test_recall_matrix_pools_repeats():
    once = confusion_table(TRUTH, PREDICTED, np.array([1, 2, 3]), NAMES)
    recall, names = recall_matrix(pd.concat([once.assign(repeat=1), once.assign(repeat=2)]))
    assert names == ["a", "b", "c"]
    np.testing.assert_allclose(recall, [[3 / 4, 1 / 4, 0], [1 / 2, 1 / 2, 0], [0, 1, 0]])


def test_a_recall_matrix_of_repeats_that_know_other_classes():
    """The first knows a and c, of which c is not tested; the second all three."""
    first = confusion_table(np.array([1, 1]), np.array([1, 3]), np.array([1, 3]), NAMES)
    second = confusion_table(np.array([1, 2]), np.array([1, 1]), np.array([1, 2, 3]), NAMES)
    recall, names = recall_matrix(pd.concat([first.assign(repeat=1), second.assign(repeat=2)]))
    assert names == ["a", "b", "c"]
    np.testing.assert_allclose(recall, [[2 / 3, 0, 1 / 3], [1, 0, 0], [np.nan] * 3])


def test_a_training_set_is_judged_on_test_rows_alone(features):
    features = scale_features(features, "standard")
    X, y = features.training_set
    made = Resampled({"oversample": TASKS["oversample"](None, X, y)})
    identity = {"dataset": "d", "experiment": "e", "method": "none", "repeat": 1}
    scores, confusion, reliability = evaluate(
        features,
        made,
        classifiers=["lda", "nearest-neighbours"],
        priors=["balanced", "observed"],
        identity=identity,
    )
    assert scores.columns.tolist() == SCORE_COLUMNS
    assert confusion["count"].sum() == 4 * np.sum(~features.train)
    assert list(dict.fromkeys(confusion["priors"])) == ["balanced", "observed"]
    assert reliability.columns.tolist() == RELIABILITY_COLUMNS
    assert reliability["count"].sum() == 4 * np.sum(~features.train)
    assert scores.query("metric == 'accuracy'")["value"].between(0.5, 1).all()


def judged(features, sampler=None, task="replace", method="none", **options):
    X, y = features.training_set
    made = Resampled({task: TASKS[task](sampler, X, y)})
    identity = {"dataset": "d", "experiment": "e", "method": method, "repeat": 1}
    options = {"classifiers": ["lda"], "priors": ["observed"], **options}
    return evaluate(features, made, identity=identity, **options)


def predicted_counts(confusion, names):
    return confusion.groupby("predicted")["count"].sum().reindex(names, fill_value=0).tolist()


def test_posteriors_of_other_priors_by_hand():
    """0.6 / 3 and 0.4 / 1 are as 1 to 2; priors of 2 to 1 make them equal."""
    posterior = np.array([[0.6, 0.4]])
    for wanted, expected in (((1, 1), [1 / 3, 2 / 3]), ((2, 1), [0.5, 0.5]), ((3, 1), [0.6, 0.4])):
        found = with_priors(posterior, np.array([3, 1]), np.array(wanted))
        np.testing.assert_allclose(found, [expected])


@pytest.mark.parametrize("kind", ["observed", "balanced"])
@pytest.mark.parametrize("method", ["none", "duplicate", "smote", "noise"])
def test_lda_under_priors_is_the_lda_that_is_told_them(features, method, kind):
    """Scikit-learn's, given the priors, whatever training set it is fitted to."""
    X, y = features.training_set
    sampler, again = (fitted_sampler(method, X, y, seed=5) for _ in range(2))
    made = TASKS["oversample"](again, X, y)
    wanted = {"observed": np.bincount(y)[1:] / len(y), "balanced": np.full(3, 1 / 3)}[kind]
    told = LinearDiscriminantAnalysis(priors=wanted).fit(made["values"], made["label"])
    counts = [np.sum(told.predict(features.test_set[0]) == k) for k in (1, 2, 3)]
    _, confusion, _ = judged(features, sampler, task="oversample", priors=[kind])
    assert predicted_counts(confusion, features.names) == counts


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_observed_priors_of_the_real_rows_are_what_a_classifier_has_learnt(features, name):
    X, y = features.training_set
    model = CLASSIFIERS[name](0).fit(X, y)
    counts = [np.sum(model.predict(features.test_set[0]) == k) for k in (1, 2, 3)]
    _, confusion, _ = judged(features, classifiers=[name])
    assert predicted_counts(confusion, features.names) == counts


def split_in_half(values, label):
    """Features of which every second row trains."""
    return Features(
        values=values.astype(np.float32),
        label=label.astype(np.int16),
        pixel=np.arange(len(label)),
        train=np.arange(len(label)) % 2 == 0,
        names=NAMES,
    )


@pytest.mark.parametrize("name", sorted(set(CLASSIFIERS) - {"network"}))
@pytest.mark.parametrize("method", ["standard", "minmax", "featurewise-minmax", "sqrt"])
def test_a_peak_that_is_constant_within_every_class(name, method, rng):
    """In single precision rounding makes it the surest peak of all, and classes lose all rows."""
    label = np.repeat([1, 2, 3], [200, 160, 40])
    spectra = rng.poisson(40, size=(400, 8)) + 25.0 * (label[:, None] == [1, 2, 3, 1, 2, 3, 1, 2])
    spectra[:, 5] = np.array([0.1, 3.3, 7.7])[label - 1]
    spectra[:, 6] = 0.3
    features = scale_features(split_in_half(spectra, label), method)
    scores, _, _ = judged(features, classifiers=[name], priors=["observed", "balanced"])
    recall = scores[(scores["metric"] == "recall") & (scores["class"] != "weighted")]
    assert recall["value"].min() > 0.85


def test_the_case_of_a_constant_peak(shared_data):
    table = pd.read_csv(shared_data / "cases" / "lda-constant" / "tissue.csv")
    code = pd.Categorical(table["tissue"]).codes + 1
    spectra = table.drop(columns=["x", "y", "tissue"]).to_numpy(float)
    features = scale_features(split_in_half(spectra, code), "standard")
    scores, _, _ = judged(features)
    assert value(scores, "macro", "recall") == 1


@pytest.mark.parametrize("method", ["gaussian", "smote", "noise"])
@pytest.mark.parametrize("task", ["oversample", "replace"])
def test_rounding_of_generated_rows_is_no_spread(method, task, rng):
    """A generator gives a constant peak a spread by rounding, which real rows do not have."""
    label = np.repeat([1, 2, 3], [200, 160, 40])
    spectra = rng.poisson(40, size=(400, 8)) + 25.0 * (label[:, None] == [1, 2, 3, 1, 2, 3, 1, 2])
    spectra[:, 5] = np.array([0.1, 3.3, 7.7])[label - 1]
    features = scale_features(split_in_half(spectra, label), "standard")
    sampler = fitted_sampler(method, *features.training_set, seed=1)
    scores, _, _ = judged(features, sampler, task)
    recall = scores[(scores["metric"] == "recall") & (scores["class"] != "weighted")]
    assert recall["value"].min() > 0.85


def test_lda_of_features_that_are_all_constant_within_classes():
    label = np.tile([1, 2, 3], 20)
    features = split_in_half(np.stack([label, label**2], axis=1), label)
    with pytest.raises(DataError, match="classifier lda: none of 2 features varies") as raised:
        judged(features)
    assert "\n" not in str(raised.value)


def few_spectra(rng):
    """More features than training rows: 60 rows of three classes, half of which train."""
    label = np.tile([1, 1, 2, 2, 3, 3], 10)
    values = rng.normal(size=(60, 100))
    values[:, :3] += 3 * (label[:, None] == [1, 2, 3])
    return split_in_half(values, label)


def test_tuned_lda_is_determined_by_few_spectra(rng, caplog):
    features = few_spectra(rng)
    plain, _, _ = judged(features)
    assert "lda is not determined: 30 training rows of 3 classes for 100 features" in caplog.text
    caplog.clear()
    tuned, _, _ = judged(features, method="none+tuned")
    assert "not determined" not in caplog.text
    assert value(tuned, "macro", "recall") > value(plain, "macro", "recall") + 0.1


def test_lda_without_enough_spectra_is_told():
    scores = scores_of("none", [0.5, 0.7])
    table = score_table(scores, COUNTS)  # 12 training rows of two classes
    assert undetermined_note(table, 10) == ""
    note = undetermined_note(table, 11)
    assert note.startswith("LDA is not determined here: 12 training spectra of 2 classes")
    assert "add methods with +tuned" in note
    assert "\n" not in note
    both = score_table(pd.concat([scores, scores.assign(method="none+tuned")]), COUNTS)
    assert "read them beside methods with +tuned" in undetermined_note(both, 11)
    other = score_table(scores.assign(classifier="random-forest"), COUNTS)
    assert undetermined_note(other, 11) == ""
    assert note in markdown_table(table, compare_methods(scores, ONE_OF_EACH), ["", note])


def test_a_class_that_was_not_drawn_is_never_predicted(features):
    X, y = features.training_set
    reserve = (X[y != 3] + 0.01, y[y != 3])
    oracle = fitted_sampler("oracle", X, y, reserve=reserve)
    scores, confusion, _ = judged(features, oracle, priors=["observed", "balanced"])
    assert predicted_counts(confusion, features.names)[2] == 0
    assert value(scores[scores["priors"] == "balanced"], "pelvis", "recall") == 0


def test_reserved_rows_are_not_tested(features):
    reserve = ~features.train & (np.arange(len(features.train)) % 2 == 0)
    _, confusion, _ = judged(replace(features, reserve=reserve))
    assert confusion["count"].sum() == np.sum(~features.train & ~reserve)
    counts = class_counts([replace(features, reserve=reserve)])
    assert counts["test"].sum() == np.sum(~features.train & ~reserve)
    assert counts["train"].sum() == np.sum(features.train)


def test_a_network_of_too_few_rows_is_refused_in_one_line(features):
    X, _ = features.training_set
    with pytest.raises(DataError, match="classifier network: 20 training rows") as raised:
        fitted(CLASSIFIERS["network"](0), X[:20], np.repeat([1, 2, 3], [18, 1, 1]))
    assert "\n" not in str(raised.value)


def test_scores_of_a_sample_are_those_of_its_pixels(features):
    sample = (np.arange(len(features.label)) % 3).astype(np.int16)
    features = replace(features, sample=sample, samples=np.array(["s2", "s1", "s3"]))
    scores, confusion, _ = judged(features)
    assert list(dict.fromkeys(scores["sample"])) == [ALL_SAMPLES, "s2", "s1", "s3"]
    assert confusion["count"].sum() == np.sum(~features.train)
    model = CLASSIFIERS["lda"](0).fit(*features.training_set)
    X, y = features.test_set
    for k, name in enumerate(features.samples):
        rows = sample[~features.train] == k
        truth, predicted = y[rows], model.predict(X[rows])
        own = scores[scores["sample"] == name]
        for metric, of in (
            ("recall", recall_score),
            ("precision", precision_score),
            ("f1", f1_score),
        ):
            options = {"labels": np.unique(truth), "zero_division": 0}
            assert value(own, "macro", metric) == pytest.approx(
                of(truth, predicted, average="macro", **options)
            )
            assert value(own, "weighted", metric) == pytest.approx(
                of(truth, predicted, average="weighted", **options)
            )
            each = [value(own, c, metric) for c in features.names[np.unique(truth) - 1]]
            assert each == pytest.approx(of(truth, predicted, average=None, **options).tolist())
        own = own[~own["metric"].isin(["log_loss", "brier"])]
        assert set(own["support"]) == {*np.bincount(truth)[1:], len(truth)} - {0}


def test_one_sample_has_no_rows_of_its_own(features):
    one = np.zeros(len(features.label), dtype=np.int16)
    with_name = replace(features, sample=one, samples=np.array(["liver"]))
    for of in (features, with_name):
        assert set(judged(of)[0]["sample"]) == {ALL_SAMPLES}


def test_a_class_that_is_not_tested_has_no_scores(features):
    """It trains, so it can be predicted, which is a mistake like any other."""
    features = replace(features, train=features.train | (features.label == 2))
    scores, confusion, _ = judged(features)
    assert set(scores["class"]) == {"cortex", "pelvis", "macro", "weighted"}
    recalls = [value(scores, c, "recall") for c in ("cortex", "pelvis")]
    assert value(scores, "macro", "recall") == pytest.approx(np.mean(recalls))
    assert value(scores, "weighted", "accuracy") == value(scores, "weighted", "recall")
    assert confusion["count"].sum() == np.sum(~features.train)
    assert set(confusion["predicted"]) == {"cortex", "medulla", "pelvis"}


def scores_of(method, recalls, task="oversample", priors="observed"):
    rows = [
        ("d", "e", task, method, "lda", priors, repeat, class_, metric, recall + shift, 10, "all")
        for repeat, recall in enumerate(recalls, start=1)
        for class_, shift in (("x", 0.0), ("y", 0.1), ("macro", 0.05), ("weighted", 0.05))
        for metric in ("recall", "precision", "f1", "average_precision", "log_loss", "brier")
    ]
    return pd.DataFrame(rows, columns=SCORE_COLUMNS)


COUNTS = pd.DataFrame({"class": ["x", "y"], "train": [8, 4], "test": [2, 1]})


def test_table_layout_and_statistics():
    scores = pd.concat([scores_of("none", [0.5, 0.7]), scores_of("smote", [0.6, 0.6])])
    table = score_table(scores, COUNTS)
    metrics = ("recall", "precision", "average_precision", "log_loss", "brier")
    assert table.columns.tolist() == [
        *("task", "classifier", "priors", "class"),
        *(f"{m}_{k}_{s}" for m in ("none", "smote") for k in metrics for s in ("mean", "std")),
        *("train", "test"),
    ]
    assert table["class"].tolist() == ["x", "y", "macro", "weighted"]
    assert table["none_recall_mean"].tolist() == pytest.approx([0.6, 0.7, 0.65, 0.65])
    assert table["none_recall_std"].tolist() == pytest.approx([0.1414214] * 4)
    assert table["train"].tolist() == [8, 4, 12, 12]
    assert table["test"].tolist() == [2, 1, 3, 3]


def test_tables_average_over_whole_test_sets_alone():
    whole = scores_of("none", [0.5, 0.7])
    table = score_table(
        pd.concat([whole, scores_of("none", [0.0, 0.0]).assign(sample="s1")]), COUNTS
    )
    pd.testing.assert_frame_equal(table, score_table(whole, COUNTS))


def test_a_class_that_some_repeats_do_not_test():
    scores = pd.concat([scores_of("none", [0.5, 0.7]), scores_of("smote", [0.6, 0.6])])
    scores = scores[(scores["class"] != "x") | (scores["repeat"] == 2)]
    table = score_table(scores, COUNTS)
    assert table["class"].tolist() == ["x", "y", "macro", "weighted"]
    assert table["none_recall_mean"][0] == pytest.approx(0.7)
    assert np.isnan(table["none_recall_std"][0])
    assert " x (1)." in coverage_note(scores, COUNTS["class"])
    assert coverage_note(scores, COUNTS["class"]) in markdown_table(
        table, compare_methods(scores, ONE_OF_EACH), [coverage_note(scores, COUNTS["class"])]
    )


def test_a_class_that_no_repeat_tests_keeps_its_row():
    scores = scores_of("none", [0.5, 0.7])
    scores = scores[scores["class"] != "x"]
    table = score_table(scores, COUNTS.assign(test=[0, 1]))
    assert readable_table(table)["none recall"].tolist()[:2] == ["-", "0.70 ± 0.14"]
    assert " x (0)." in coverage_note(scores, COUNTS["class"])


def test_no_note_where_every_repeat_tests_every_class():
    scores = scores_of("none", [0.5, 0.7])
    # A sample may well lack a class: that is no matter of the repeats.
    lacking = scores[scores["class"] != "x"].assign(sample="s1")
    assert coverage_note(pd.concat([scores, lacking]), COUNTS["class"]) == ""


def test_each_task_has_its_own_rows():
    scores = pd.concat([scores_of("none", [0.5]), scores_of("none", [0.2], task="replace")])
    table = score_table(scores, COUNTS)
    assert table["task"].tolist() == ["oversample"] * 4 + ["replace"] * 4
    assert table["none_recall_std"].isna().all()  # one repeat has no spread
    text = markdown_table(table, compare_methods(scores, ONE_OF_EACH))
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(headings) == 6
    assert sum(line.endswith("what changes") for line in headings) == 2
    assert sum(line.endswith("what changes in the probabilities") for line in headings) == 2
    assert "0.50" in text
    assert "±" not in text


def test_each_of_the_priors_has_its_own_rows_and_says_what_it_asks():
    scores = pd.concat([scores_of("none", [0.5]), scores_of("none", [0.25], priors="balanced")])
    table = score_table(scores, COUNTS)
    assert table["priors"].tolist() == ["observed"] * 4 + ["balanced"] * 4
    assert table["none_recall_mean"].tolist()[::4] == [0.5, 0.25]
    headings = [
        line
        for line in markdown_table(table, compare_methods(scores, ONE_OF_EACH)).splitlines()
        if line.startswith("## ")
    ]
    assert "what do the spectra add?" in headings[0]
    assert "what does a changed prior do?" in headings[1]


def test_golden_row_of_the_thesis():
    """Class 4 of table 4-5 in van der Linden (2024) reads .38 ± .06 and .12 ± .02."""
    spread = 0.06 / np.sqrt(2)
    table = score_table(scores_of("none", [0.38 - spread, 0.38 + spread]), COUNTS)
    assert readable_table(table)["none recall"][0] == "0.38 ± 0.06"


def test_missing_scores_read_as_a_dash():
    assert format_score(float("nan"), float("nan")) == "-"
    assert format_score(0.5, float("nan")) == "0.50"


def test_counts_follow_the_split(features):
    counts = class_counts([features, features])
    assert counts["class"].tolist() == ["cortex", "medulla", "pelvis"]
    assert (counts["train"] + counts["test"]).tolist() == [60, 30, 12]


def test_counts_are_over_the_repeats_that_have_the_class(features):
    without = replace(features, train=features.train | (features.label == 2))
    counts = class_counts([features, without]).set_index("class")
    tested = np.sum(~features.train & (features.label == 2))
    assert counts.loc["medulla", "test"] == tested
    assert counts.loc["medulla", "train"] == round((30 - tested + 30) / 2)


def test_methods_are_compared_by_their_averages():
    scores = pd.concat([scores_of("none", [0.5, 0.7]), scores_of("smote", [0.6, 0.6])])
    summary = method_summary(score_table(scores, COUNTS))
    assert summary["method"].tolist() == ["none", "smote"]
    assert summary["macro recall"].tolist() == ["0.65 ± 0.14", "0.65 ± 0.00"]
    assert summary.columns[1:].tolist() == [
        *("macro recall", "macro precision", "weighted recall"),
        *("macro average precision", "log loss", "Brier score"),
    ]


def test_a_method_whose_remedy_is_for_other_classifiers_has_no_line():
    forest = scores_of("none+balanced-forest", [0.6, 0.6]).assign(classifier="random-forest")
    both = [scores_of("none", [0.5, 0.7]).assign(classifier=k) for k in ("lda", "random-forest")]
    table = score_table(pd.concat([*both, forest]), COUNTS)
    lda, other = (part for _, part in table.groupby("classifier"))
    assert method_summary(lda)["method"].tolist() == ["none"]
    assert "none+balanced-forest recall" not in readable_table(lda)
    assert method_summary(other)["method"].tolist() == ["none", "none+balanced-forest"]


def test_the_real_training_set_is_judged_once_for_both_tasks(features, monkeypatch):
    import imsforge.evaluation.scores as module

    X, y = features.training_set
    made = Resampled({task: TASKS[task](None, X, y) for task in ("oversample", "replace")})
    judged_sets, judge = [], module.judge
    monkeypatch.setattr(module, "judge", lambda *a: judged_sets.append(a) or judge(*a))
    identity = {"dataset": "d", "experiment": "e", "method": "none", "repeat": 1}
    parts = evaluate(features, made, classifiers=["lda"], priors=["observed"], identity=identity)
    assert len(judged_sets) == 1
    for part in parts:
        one, other = (part[part["task"] == task].drop(columns="task") for task in made.tasks)
        pd.testing.assert_frame_equal(one, other)
