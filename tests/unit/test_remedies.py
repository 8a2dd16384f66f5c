"""What classifiers do about few and uneven spectra: by hand, or where it must help."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, recall_score
from sklearn.preprocessing import StandardScaler

from imsforge.artifacts.contract import Features, Resampled
from imsforge.evaluation.classifiers import CLASSIFIERS, fitted
from imsforge.evaluation.remedies import (
    STRENGTHS,
    chosen_settings,
    fitted_judge,
    macro_f1,
)
from imsforge.evaluation.scores import evaluate
from imsforge.methods import REMEDIES, is_remedy_of
from imsforge.oversampling import TASKS

PAIRS = [(r, c) for r in REMEDIES for c in CLASSIFIERS if is_remedy_of(r, c)]


def uneven(rng, counts=(300, 60), shift=1.5, n_features=4):
    """Rows of classes that lie apart along one feature."""
    y = np.repeat(np.arange(1, len(counts) + 1), counts)
    X = rng.normal(size=(len(y), n_features))
    X[:, 0] += shift * y
    return X.astype(np.float32), y


def decided(judge, X, wanted):
    return judge.read(judge.model.predict_proba(X.astype(np.float64)), wanted)[1]


@pytest.mark.parametrize(("remedy", "classifier"), PAIRS)
def test_every_remedy_gives_probabilities_and_decides(rng, remedy, classifier):
    X, y = uneven(rng, (60, 40, 25))
    judge = fitted_judge(remedy, classifier, (X, y), (X, y), 0)
    posterior = judge.model.predict_proba(X.astype(np.float64))
    probabilities, predicted = judge.read(posterior, np.ones(3))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    if classifier != "network":  # which needs more rows
        assert np.mean(predicted == y) > 0.5
    again = fitted_judge(remedy, classifier, (X, y), (X, y), 0)
    assert (again.model.predict_proba(X.astype(np.float64)) == posterior).all()


def test_without_a_remedy_it_is_the_plain_classifier(rng):
    X, y = uneven(rng)
    judge = fitted_judge(None, "lda", (X, y), (X, y), 0)
    plain = fitted(CLASSIFIERS["lda"](0), X, y)
    assert (decided(judge, X, np.array([300, 60])) == plain.predict(X)).all()


def test_lda_is_shrunk_towards_the_diagonal_within_classes(rng):
    """(1 - a) S + a diag(S) by hand, in the features' own units."""
    X, y = uneven(rng, (40, 30))
    X = X * np.array([1.0, 100.0, 0.01, 7.0])
    settings = {"solver": "lsqr", "shrinkage": 0.6}
    model = CLASSIFIERS["lda"](0).set_params(
        **{f"lineardiscriminantanalysis__{key}": value for key, value in settings.items()}
    )
    means = np.stack([X[y == k].mean(axis=0) for k in (1, 2)])
    within = X - means[y - 1]
    S = within.T @ within / len(X)
    S = 0.4 * S + 0.6 * np.diag(np.diag(S))
    distance = np.stack(
        [np.einsum("np,pq,nq->n", X - m, np.linalg.inv(S), X - m) for m in means], axis=1
    )
    logs = np.log([40 / 70, 30 / 70]) - distance / 2
    expected = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.fit(X, y).predict_proba(X), expected, atol=1e-8)


def test_tuning_saves_lda_where_rows_are_few(rng):
    """Sixty features that know nothing of each other, and hardly more rows."""
    X, y = uneven(rng, (40, 40), shift=3.0, n_features=60)
    test_X, test_y = uneven(rng, (500, 500), shift=3.0, n_features=60)
    plain, tuned = (fitted_judge(remedy, "lda", (X, y), (X, y), 0) for remedy in (None, "tuned"))
    scores = [
        recall_score(test_y, decided(j, test_X, np.ones(2)), average="macro")
        for j in (plain, tuned)
    ]
    assert scores[1] > scores[0] + 0.05
    assert tuned.model[-1].shrinkage >= 0.5


def test_tuning_keeps_covariances_where_they_matter(rng):
    """Two features of correlation .99 tell the classes by their difference alone."""
    y = np.repeat([1, 2], 400)
    common = rng.normal(size=800)
    X = np.stack([common, common + 0.1 * rng.normal(size=800) + 0.2 * (y == 2)], axis=1)
    assert chosen_settings("lda", X, y, 0)["lineardiscriminantanalysis__shrinkage"] <= 0.05


def test_tuning_looks_at_real_rows_alone(rng):
    real = uneven(rng, (80, 80))
    made = uneven(rng, (50, 50), shift=5.0)
    judge = fitted_judge("tuned", "logistic-regression", made, real, 3)
    wanted = chosen_settings("logistic-regression", *real, 3)
    plain = CLASSIFIERS["logistic-regression"](3).set_params(**wanted)
    plain.fit(made[0].astype(np.float64), made[1])
    found = judge.model.predict_proba(real[0].astype(np.float64))
    np.testing.assert_allclose(found, plain.predict_proba(real[0].astype(np.float64)))


def test_classes_of_few_rows_can_be_tuned(rng):
    """Folds without a class, and folds that test a class which they do not know."""
    X, y = uneven(rng, (60, 3, 1))
    for classifier in set(CLASSIFIERS) - {"network"}:
        judge = fitted_judge("tuned", classifier, (X, y), (X, y), 0)
        assert np.isfinite(judge.model.predict_proba(X.astype(np.float64))).all()
        fitted_judge("moved-thresholds", classifier, (X, y), (X, y), 0)


def test_class_weights_by_hand(rng):
    """Scikit-learn's, and told to have learnt equal classes."""
    X, y = uneven(rng)
    judge = fitted_judge("class-weights", "logistic-regression", (X, y), (X, y), 0)
    scaled = StandardScaler().fit_transform(X.astype(np.float64))
    model = LogisticRegression(max_iter=1000, class_weight="balanced").fit(scaled, y)
    found, _ = judge.read(judge.model.predict_proba(X.astype(np.float64)), np.ones(2))
    np.testing.assert_allclose(found, model.predict_proba(scaled), atol=1e-4)
    assert judge.learnt.tolist() == [1, 1]


@pytest.mark.parametrize("classifier", ["lda", "logistic-regression"])
def test_logit_adjustment_divides_by_frequencies_to_a_power(rng, classifier):
    X, y = uneven(rng, (400, 40))
    judge = fitted_judge("logit-adjustment", classifier, (X, y), (X, y), 0)
    plain = fitted(CLASSIFIERS[classifier](0), X, y)
    shares = np.array([400, 40]) / 440
    adjusted = [
        plain.classes_[(np.log(plain.predict_proba(X)) - t * np.log(shares)).argmax(axis=1)]
        for t in STRENGTHS
    ]
    for wanted in (np.ones(2), shares):  # whatever priors are asked for
        own = decided(judge, X, wanted)
        assert any((own == one).all() for one in adjusted)


@pytest.mark.parametrize("remedy", ["logit-adjustment", "moved-thresholds"])
def test_a_small_class_is_found_again(rng, remedy):
    """Of classes that overlap, priors as observed never take a row for the small one."""
    X, y = uneven(rng, (1000, 60), shift=1.2)
    test_X, test_y = uneven(rng, (2000, 120), shift=1.2)
    observed = np.array([1000.0, 60.0])
    plain, moved = (fitted_judge(r, "lda", (X, y), (X, y), 0) for r in (None, remedy))
    f1, better = (
        f1_score(test_y, decided(j, test_X, observed), average="macro") for j in (plain, moved)
    )
    assert better > f1 + 0.05
    # Probabilities are as they were.
    posterior = plain.model.predict_proba(X.astype(np.float64))
    same = [j.read(posterior, observed)[0] for j in (plain, moved)]
    np.testing.assert_array_equal(*same)


def test_macro_f1_is_scikit_learn_s(rng):
    code, weighted = rng.integers(3, size=200), rng.random((200, 3))
    expected = f1_score(code, weighted.argmax(axis=1), average="macro")
    assert macro_f1(code, weighted) == pytest.approx(expected)


def test_trees_of_a_balanced_forest_see_equal_classes(rng):
    X, y = uneven(rng, (300, 30))
    judge = fitted_judge("balanced-forest", "random-forest", (X, y), (X, y), 0)
    for tree in judge.model.estimators_[:5]:
        assert tree.tree_.weighted_n_node_samples[0] == 60
        np.testing.assert_allclose(tree.tree_.value[0], [[0.5, 0.5]])


def test_a_class_that_was_not_drawn_is_never_decided_for(rng):
    X, y = uneven(rng, (50, 40, 30))
    made = X[y != 2], y[y != 2]
    for remedy, classifier in PAIRS:
        if classifier in ("lda", "random-forest"):
            judge = fitted_judge(remedy, classifier, made, (X, y), 0)
            assert set(decided(judge, X, np.ones(2))) <= {1, 3}


@pytest.mark.parametrize("remedy", [None, *REMEDIES])
def test_nothing_is_learnt_from_test_rows(rng, remedy):
    """Poisoned test rows change what is decided of themselves, and of no other test row."""
    X, y = uneven(rng, (90, 60))
    train = np.arange(len(y)) % 3 > 0
    poisoned = X.copy()
    half = ~train & (np.arange(len(y)) % 2 == 0)
    poisoned[half] = 1e3 * rng.normal(size=(half.sum(), X.shape[1]))
    sample = half.astype(np.int16)
    found = []
    for values in (X, poisoned):
        features = Features(
            values=values,
            label=y.astype(np.int16),
            pixel=np.arange(len(y)),
            train=train,
            names=np.array(["a", "b"]),
            sample=sample,
            samples=np.array(["clean", "poisoned"]),
        )
        made = Resampled({"replace": TASKS["replace"](None, *features.training_set)})
        method = "none" if remedy is None else f"none+{remedy}"
        scores, _, _ = evaluate(
            features,
            made,
            classifiers=["random-forest", "logistic-regression"],
            priors=["observed", "balanced"],
            identity={"dataset": "d", "experiment": "e", "method": method, "repeat": 1},
        )
        found.append(scores[scores["sample"] == "clean"]["value"].to_numpy())
    assert len(found[0])
    np.testing.assert_array_equal(*found)


def test_shrinkage_is_scikit_learn_s_in_units_within_classes(rng):
    """What the research on shrinkage measured: features over their spread within classes."""
    X, y = uneven(rng, (40, 30))
    spread = np.sqrt(
        np.mean((X - np.stack([X[y == k].mean(axis=0) for k in (1, 2)])[y - 1]) ** 2, axis=0)
    )
    options = {"solver": "lsqr", "shrinkage": 0.3}
    own = CLASSIFIERS["lda"](0).set_params(
        **{f"lineardiscriminantanalysis__{k}": v for k, v in options.items()}
    )
    other = LinearDiscriminantAnalysis(**options).fit(X / spread, y)
    found = own.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(found, other.predict_proba(X / spread), rtol=1e-4, atol=1e-6)
