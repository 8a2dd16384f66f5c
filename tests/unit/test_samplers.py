import sys
import types

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import parametrize_with_checks
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import cross_val_score

from imsforge.errors import ConfigError, DataError
from imsforge.oversampling import (
    CWGANGP,
    SMOTE,
    Duplicate,
    Gaussian,
    Noise,
    Oracle,
    fit_together,
    fitted_sampler,
    oversample,
    replace,
    sampler_class,
    training_sets,
)
from imsforge.oversampling.registry import PEERS
from imsforge.oversampling.registry import SAMPLERS as ALL_SAMPLERS
from imsforge.study.experiment import TRAINED_METHODS

#: Those of other packages have tests of their own.
SAMPLERS = [name for name in ALL_SAMPLERS if name not in PEERS]

QUICK_VAE = {"updates": 60, "warm_up": 10, "hidden": 16, "latent_size": 2, "batch_size": 32}
QUICK_FLOW = {"updates": 60, "batch_size": 16, "hidden": 16, "steps": 4}
BASELINES = [name for name in SAMPLERS if name not in TRAINED_METHODS]
QUICK = {"updates": 60, "critic_steps": 2, "latent_size": 4, "generator": "fc3", "critic": "fc1"}


def reserve(size=100):
    """Rows of three classes, each with its label before the decimal point."""
    y = np.repeat([1, 2, 3], size)
    return (y[:, None] + np.random.default_rng(1).uniform(0.1, 0.9, (3 * size, 4))).astype("f4"), y


def make(name, **options):
    quick = QUICK_VAE if name == "vae" else QUICK
    settings = {} if name in BASELINES else {"settings": quick, "device": "cpu"}
    own = {"oracle": {"reserve": reserve()}, "flow": QUICK_FLOW}.get(name, settings)
    return sampler_class(name)(**own, **options)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_fills_up_and_keeps_the_real_rows(name, blobs):
    X, y = blobs
    X_new, y_new = make(name, random_state=0).fit_resample(X, y)
    np.testing.assert_array_equal(X_new[: len(X)], X)
    assert np.bincount(y_new)[1:].tolist() == [60, 60, 60]
    assert X_new.dtype == X.dtype
    assert np.isfinite(X_new).all()


@pytest.mark.parametrize("name", SAMPLERS)
def test_same_seed_same_rows(name, blobs):
    X, y = blobs
    first, again, other = (make(name, random_state=s).fit(X, y).sample(9, 3) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", SAMPLERS)
def test_tasks(name, blobs):
    X, y = blobs
    sampler = make(name, random_state=0).fit(X, y)
    filled, replaced = oversample(sampler, X, y), replace(sampler, X, y)
    assert filled["synthetic"].sum() == 30 + 48
    assert not filled["synthetic"][: len(X)].any()
    assert replaced["synthetic"].all()
    assert np.bincount(replaced["label"])[1:].tolist() == [60, 30, 12]


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("kind", [np.int32, np.uint8, bool, pd.DataFrame, list])
def test_whole_numbers_become_floating_point_ones(name, kind, blobs):
    X, y = blobs
    whole = (X - X.min() + 1).round().astype(int)
    frame = pd.DataFrame(whole, columns=list("abcd"))
    given = {pd.DataFrame: frame, list: whole.tolist()}.get(kind)
    given = whole.astype(kind) if given is None else given
    expected = whole.astype(bool) if kind is bool else whole
    found, _ = make(name, random_state=0).fit_resample(given, y)
    wanted, _ = make(name, random_state=0).fit_resample(expected.astype(np.float64), y)
    np.testing.assert_array_equal(np.asarray(found, dtype=np.float64), wanted)
    drawn = make(name, random_state=0).fit(given, y).sample(20, 2)
    assert drawn.dtype.kind == "f"


def test_drawn_rows_of_counts_keep_their_mean(rng):
    X, y = rng.poisson(0.786, size=(4000, 3)), np.repeat([0, 1], [3000, 1000])
    filled, labels = Noise(random_state=0).fit_resample(X, y)
    drawn = filled[4000:]
    assert len(drawn) == 2000
    np.testing.assert_allclose(drawn.mean(axis=0), X[y == 1].mean(axis=0), atol=0.1)
    assert set(labels[4000:]) == {1}


@pytest.mark.parametrize("name", SAMPLERS)
def test_sparse_rows_are_refused_in_one_line(name, blobs):
    X, y = blobs
    for use in (make(name).fit, make(name).fit_resample):
        with pytest.raises(TypeError, match=r"^Sparse data was passed .* dense data is required"):
            use(csr_array(X), y)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_layout_in_memory_does_not_matter(name, blobs):
    X, y = blobs
    wide = np.zeros((2 * len(X), 9), X.dtype)
    wide[::2, 1::2] = X
    reverse = X[::-1, ::-1].copy()
    layouts = [np.asfortranarray(X), wide[::2, 1::2], reverse[::-1, ::-1], X.T.copy().T]
    expected = make(name, random_state=0).fit_resample(X, y)[0]
    for rows in layouts:
        found = make(name, random_state=0).fit_resample(rows, y)[0]
        assert found.tobytes() == expected.tobytes()


def test_without_a_sampler_nothing_changes(blobs):
    X, y = blobs
    for task in (oversample, replace):
        made = task(None, X, y)
        np.testing.assert_array_equal(made["values"], X)
        assert not made["synthetic"].any()


def test_unknown_class_is_named(blobs):
    with pytest.raises(ValueError, match="class 9 was not seen"):
        Noise().fit(*blobs).sample(3, 9)


def test_duplicates_are_rows_of_the_class(blobs):
    X, y = blobs
    drawn = Duplicate(random_state=0).fit(X, y).sample(50, 2)
    own = {row.tobytes() for row in X[y == 2]}
    assert {row.tobytes() for row in drawn} <= own


def test_duplicate_agrees_with_imbalanced_learn_on_counts(blobs):
    _, ours = Duplicate(random_state=0).fit_resample(*blobs)
    _, theirs = RandomOverSampler(random_state=0).fit_resample(*blobs)
    assert np.bincount(ours).tolist() == np.bincount(theirs).tolist()


def test_the_oracle_draws_held_back_rows_of_the_class_and_none_twice(blobs):
    X, y = reserve(9)
    oracle = Oracle(random_state=0, reserve=(X, y)).fit(*blobs)
    drawn = oracle.sample(6, 2)
    assert len({row.tobytes() for row in drawn}) == 6
    assert {row.tobytes() for row in drawn} < {row.tobytes() for row in X[y == 2]}
    assert len(oracle.sample(50, 2)) == 9  # all that there are


def test_rows_of_the_oracle_are_labelled_as_they_were_drawn(blobs):
    X, y = blobs  # 60, 30 and 12 rows
    oracle = Oracle(random_state=0, reserve=reserve(20)).fit(X, y)
    filled, replaced = oversample(oracle, X, y), replace(oracle, X, y)
    assert np.bincount(filled["label"])[1:].tolist() == [60, 50, 32]
    assert np.bincount(replaced["label"])[1:].tolist() == [20, 20, 12]
    for made in (filled, replaced):
        own = made["synthetic"]
        np.testing.assert_array_equal(made["values"][own, 0] // 1, made["label"][own])
    X_new, y_new = oracle.fit_resample(X, y)
    assert np.bincount(y_new)[1:].tolist() == [60, 50, 32]
    np.testing.assert_array_equal(X_new[len(X) :, 0] // 1, y_new[len(X) :])


def test_the_oracle_of_a_class_that_is_not_held_back_draws_nothing(blobs):
    X, y = reserve(5)
    oracle = Oracle(random_state=0, reserve=(X[y != 3], y[y != 3])).fit(*blobs)
    assert set(replace(oracle, *blobs)["label"]) == {1, 2}


def test_an_oracle_without_a_reserve_says_what_to_do(blobs):
    empty = blobs[0][:0], blobs[1][:0]
    for held_back in (None, empty):
        with pytest.raises(DataError, match=r"set split\.reserve_share"):
            fitted_sampler("oracle", *blobs, reserve=held_back)
    assert fitted_sampler("oracle", *blobs, reserve=reserve()).sample(2, 1).shape == (2, 4)


@pytest.mark.parametrize(("fill", "sizes"), [(2, [120] * 3), (1.5, [90] * 3), (0.4, [60, 30, 24])])
def test_classes_are_filled_to_a_multiple_of_the_largest(fill, sizes, blobs):
    sampler = Noise(random_state=0).fit(*blobs)
    made = training_sets(sampler, *blobs, ["oversample", "replace"], fill=fill)
    assert np.bincount(made["oversample"]["label"])[1:].tolist() == sizes
    assert np.bincount(made["replace"]["label"])[1:].tolist() == [60, 30, 12]


def test_noise_has_the_class_mean_and_deviation_but_no_correlation(rng):
    z = rng.normal(size=(4000, 1))
    X = np.concatenate(
        [np.hstack([z, z + 0.1 * rng.normal(size=z.shape)]), rng.normal(size=(50, 2))]
    )
    y = np.repeat([0, 1], [4000, 50])
    drawn = Noise(random_state=0).fit(X, y).sample(20000, 0)
    np.testing.assert_allclose(drawn.mean(axis=0), X[y == 0].mean(axis=0), atol=0.05)
    np.testing.assert_allclose(drawn.std(axis=0), X[y == 0].std(axis=0), rtol=0.03)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.05  # the real rows: 0.995


def test_gaussian_has_the_class_covariance(rng):
    A = rng.normal(size=(3, 3))
    X = np.concatenate([rng.normal(size=(500, 3)) @ A + 5, rng.normal(size=(50, 3))])
    y = np.repeat([0, 1], [500, 50])
    drawn = Gaussian(random_state=0).fit(X, y).sample(60000, 0)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(X[y == 0].T), rtol=0.1, atol=0.1)


def test_gaussian_of_few_rows_stays_in_their_span(rng):
    X, y = rng.normal(size=(8, 10)), np.repeat([0, 1], 4)
    drawn = Gaussian(random_state=0).fit(X, y).sample(30, 0)
    centred = X[y == 0] - X[y == 0].mean(axis=0)
    assert np.linalg.matrix_rank(np.vstack([centred, drawn - X[y == 0].mean(axis=0)])) == 3


def test_smote_lies_between_rows_of_the_class():
    X = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [9.0, 0.0], [9.0, 1.0], [9.0, 5.0]])
    y = np.array([0, 0, 0, 1, 1, 1])
    drawn = SMOTE(random_state=0).fit(X, y).sample(40, 0)
    np.testing.assert_allclose(drawn[:, 0], drawn[:, 1])  # on the line through the class
    assert drawn.min() >= 0
    assert drawn.max() <= 2


@pytest.mark.parametrize("size", [1, 2, 3])
def test_smote_of_a_tiny_class(size, rng):
    X = np.concatenate([rng.normal(size=(20, 3)), rng.normal(5, 1, size=(size, 3))])
    y = np.repeat([0, 1], [20, size])
    drawn = SMOTE(random_state=0).fit(X, y).sample(7, 1)
    assert drawn.shape == (7, 3)
    assert drawn.min() >= X[20:].min() - 1e-9


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_work_in_a_cross_validated_pipeline(name, blobs):
    pipeline = make_pipeline(make(name, random_state=0), LinearDiscriminantAnalysis())
    scores = cross_val_score(pipeline, *blobs, cv=3)
    assert scores.mean() > 0.5
    np.testing.assert_array_equal(scores, cross_val_score(clone(pipeline), *blobs, cv=3))


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampling_strategy_says_how_many(name, blobs):
    sampler = make(name, sampling_strategy={2: 40, 3: 13}, random_state=0)
    _, y = sampler.fit_resample(*blobs)
    assert np.bincount(y)[1:].tolist() == [60, 40, 13]
    _, y = make(name, sampling_strategy="minority", random_state=0).fit_resample(*blobs)
    assert np.bincount(y)[1:].tolist() == [60, 30, 60]


def test_gans_fitted_together_are_as_one_by_one(blobs):
    """Up to rounding, in which batched products differ on some processors, and which grows."""
    X, y = blobs
    sets = [(X, y), (X[:-1] + 1, y[:-1])]
    few = {"settings": {**QUICK, "updates": 6}, "device": "cpu"}
    alone = [CWGANGP(random_state=seed, **few).fit(*s) for seed, s in enumerate(sets)]
    together = [CWGANGP(random_state=seed, **few) for seed in range(2)]
    fit_together(together, sets)
    for ours, expected in zip(together, alone, strict=True):
        np.testing.assert_allclose(ours.sample(7, 3), expected.sample(7, 3), atol=1e-3)
        pd.testing.assert_frame_equal(ours.model_.history, expected.model_.history, atol=1e-3)
        assert {"frechet_1", "frechet_2", "frechet_3"} <= set(ours.model_.history)


def test_sets_of_other_classes_are_not_fitted_together(blobs):
    X, y = blobs
    with pytest.raises(DataError, match="different numbers of classes"):
        fit_together([make("cgan"), make("cgan")], [(X, y), (X[y < 3], y[y < 3])])


def test_tensorboard_is_told_every_row(blobs, tmp_path, monkeypatch):
    told = []

    class SummaryWriter:
        def __init__(self, folder):
            self.folder = folder

        def add_scalar(self, *event):
            told.append((self.folder, *event))

        def flush(self):
            pass

    module = types.SimpleNamespace(SummaryWriter=SummaryWriter)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    sampler = make("cwgan-gp", random_state=0, tensorboard_dir=tmp_path).fit(*blobs)
    last = sampler.model_.history.iloc[-1]
    assert (str(tmp_path / "1"), "critic/loss", last["critic_loss"], 60) in told
    assert (str(tmp_path / "1"), "frechet", last["frechet"], 60) in told


def test_a_missing_tensorboard_is_told_before_training(blobs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match="pip install tensorboard"):
        make("cgan", tensorboard_dir=tmp_path).fit(*blobs)


@pytest.mark.parametrize("name", TRAINED_METHODS)
def test_a_saved_gan_draws_what_the_trained_one_would(name, blobs, tmp_path):
    sampler = make(name, random_state=3).fit(*blobs)
    sampler.save(tmp_path / "model.safetensors")
    a, b = (
        sampler_class(name).load(tmp_path / "model.safetensors", random_state=5) for _ in range(2)
    )
    np.testing.assert_array_equal(a.sample(6, 2), b.sample(6, 2))
    assert a.classes_.tolist() == [1, 2, 3]
    assert a.n_features_in_ == 4
    for key, value in sampler.settings.items():
        assert a.settings[key] == value
    again = clone(a).set_params(random_state=3, device="cpu").fit(*blobs)
    np.testing.assert_array_equal(
        again.sample(5, 1), make(name, random_state=3).fit(*blobs).sample(5, 1)
    )


def checked_samplers():
    """Every sampler, trained ones for a moment."""
    moment = {"updates": 2, "batch_size": 16}
    for name in SAMPLERS:
        if name == "flow":
            own = QUICK_FLOW
        elif name in BASELINES:
            own = {}
        elif name == "vae":
            own = {"settings": {**QUICK_VAE, **moment, "warm_up": 1}, "device": "cpu"}
        else:
            own = {"settings": {**QUICK, **moment}, "device": "cpu"}
        # Only its user knows what is held back: no check can hand the oracle rows of its classes.
        if name != "oracle":
            yield sampler_class(name)(random_state=0, **own)


@parametrize_with_checks(list(checked_samplers()))
def test_follows_imbalanced_learn(estimator, check):
    check(estimator)
