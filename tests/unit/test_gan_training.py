import logging

import numpy as np
import pytest
import torch

from imsforge.errors import DataError
from imsforge.gan import training
from imsforge.gan.architectures import CRITICS, GENERATORS
from imsforge.gan.monitor import COLUMNS
from imsforge.gan.settings import GANSettings
from imsforge.stage import limited_threads

KINDS = ("cwgan-gp", "cgan")


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    monkeypatch.setitem(CRITICS, "small", "linear 64, leaky, linear 64, dropout, leaky, linear out")
    monkeypatch.setitem(
        GENERATORS, "small", "linear 64, leaky, linear 64, norm, leaky, linear out, norm"
    )
    with limited_threads(1):
        yield


def small(**changes):
    common = {
        "generator": "small",
        "critic": "small",
        "latent_size": 4,
        "batch_size": 10,
        "updates": 24,
        "critic_steps": 3,
    }
    return GANSettings(**(common | changes))


def rows(n=43, n_features=3, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    return rng.normal(size=(n, n_features)) + y[:, None], y


def content(model, path):
    model.save(path)
    return path.read_bytes()


def test_learns_two_classes():
    means = np.array([[-1.0, 0.5], [1.0, -0.5]])
    deviations = np.array([[0.3, 0.6], [0.6, 0.2]])
    y = np.repeat([0, 1], [400, 200])
    X = means[y] + deviations[y] * np.random.default_rng(0).normal(size=(600, 2))
    settings = small(
        batch_size=100,
        updates=1200,
        critic_steps=2,
        learning_rate=2e-3,
        generator_learning_rate=1e-3,
        betas=(0.0, 0.9),
        dropout=0.0,
        penalty_weight=1.0,
    )
    model = training.train(X, y, 2, settings, seed=0)
    labels = np.repeat([0, 1], 2000)
    generated = model.sample(labels, seed=1)
    for code in (0, 1):
        learned, real = generated[labels == code], X[y == code]
        # Classes mixed up, merged or left untrained miss these by far: the means lie 2 apart,
        # and the deviations of all rows together are up to five times a class' own.
        np.testing.assert_allclose(learned.mean(axis=0), real.mean(axis=0), atol=0.4)
        ratio = learned.std(axis=0) / real.std(axis=0)
        assert (ratio > 0.6).all()
        assert (ratio < 1.7).all()
    assert model.history["frechet"].iloc[-1] < 0.4 * model.history["frechet"].iloc[0]


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_bytes(kind, tmp_path):
    X, y = rows()
    first = training.train(X, y, 2, small(kind=kind), seed=1)
    torch.rand(5)
    second = training.train(X, y, 2, small(kind=kind), seed=1)
    other = training.train(X, y, 2, small(kind=kind), seed=2)
    assert content(first, tmp_path / "a") == content(second, tmp_path / "b")
    assert content(first, tmp_path / "a") != content(other, tmp_path / "c")
    assert first.history.to_csv() == second.history.to_csv()


def test_the_callers_random_state_is_left_alone():
    X, y = rows()
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    before, before_numpy = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    training.train(X, y, 2, small(), seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(np.random.get_state()[1], before_numpy)  # noqa: NPY002


def test_history_of_a_cwgan_gp():
    X, y = rows()
    history = training.train(X, y, 2, small(updates=20), seed=0).history
    assert list(history.columns) == COLUMNS
    assert list(history["update"]) == [3, 6, 9, 12, 15, 18, 20]
    assert list(history["epoch"]) == [1, 2, 3, 3, 4, 5, 5]  # four batches of ten in 43 rows
    # Two updates without one of the generator end the run.
    assert history["generator_loss"].isna().tolist() == [False] * 6 + [True]
    assert history.drop(columns="generator_loss").notna().all(axis=None)
    loss = (
        history["critic_fake"] - history["critic_real"] + 10 * history["gradient_penalty"]
    ).to_numpy()
    np.testing.assert_allclose(history["critic_loss"], loss, rtol=1e-4, atol=1e-5)


def test_history_of_a_cgan_tells_probabilities():
    X, y = rows()
    history = training.train(X, y, 2, small(kind="cgan", critic_steps=1), seed=0).history
    assert history[["gradient_norm", "gradient_penalty"]].isna().all(axis=None)
    assert history[["critic_real", "critic_fake"]].stack().between(0, 1).all()


def test_history_stays_short():
    X, y = rows()
    history = training.train(X, y, 2, small(updates=201, critic_steps=1), seed=0).history
    assert len(history) == 67
    assert history["update"].iloc[-1] == 201


def watch(monkeypatch, name):
    """Record the label batches that a step is given."""
    seen, step = [], getattr(training, name)

    def watched(model, optimiser, *batch):
        seen.append(batch)
        return step(model, optimiser, *batch)

    monkeypatch.setattr(training, name, watched)
    return seen


def test_critic_steps_are_counted_over_the_whole_training(monkeypatch):
    # Five critic steps for one of the generator, but only four batches in a pass.
    X, y = rows()
    critic, generator = watch(monkeypatch, "critic_step"), watch(monkeypatch, "generator_step")
    training.train(X, y, 2, small(critic_steps=5, updates=23), seed=0)
    assert (len(critic), len(generator)) == (23, 4)


def test_every_pass_shuffles_all_rows_and_drops_the_last_batch(monkeypatch):
    X = np.arange(43.0)[:, None]
    seen = watch(monkeypatch, "critic_step")
    training.train(X, np.zeros(43, dtype=int), 1, small(updates=8), seed=0)
    batches = [batch[0].ravel().tolist() for batch in seen]
    assert [len(batch) for batch in batches] == [10] * 8
    first, second = np.concatenate(batches[:4]).tolist(), np.concatenate(batches[4:]).tolist()
    assert len(set(first)) == len(set(second)) == 40
    assert first != second


def test_both_networks_see_the_classes_as_often_as_the_data_has_them(monkeypatch):
    X, _ = rows(1000)
    y = np.repeat([0, 1], [900, 100])
    critic, generator = watch(monkeypatch, "critic_step"), watch(monkeypatch, "generator_step")
    settings = small(updates=60, critic_steps=1, batch_size=100)
    training.train(X, y, 2, settings, seed=0)
    for seen in (critic, generator):
        share = torch.cat([batch[-1] for batch in seen]).float().mean().item()
        assert share == pytest.approx(0.1, abs=0.02)


def test_critic_steps_leave_the_generators_weights_alone():
    X, y = rows()
    torch.manual_seed(3)
    untrained = training.ConditionalGAN(small().resolved(), 3, 2)
    model = training.train(X, y, 2, small(updates=9, critic_steps=10), seed=3)
    for before, after in zip(
        untrained.generator.parameters(), model.generator.parameters(), strict=True
    ):
        assert torch.equal(before, after)
        assert after.grad is None
    assert not torch.equal(untrained.critic.body[0].weight, model.critic.body[0].weight)


def test_few_rows_make_a_smaller_batch(caplog):
    X, y = rows(7)
    with caplog.at_level(logging.WARNING):
        model = training.train(X, y, 2, small(), seed=0)
    assert model.settings.batch_size == 7
    assert "reduced to 7" in caplog.text


def test_classes_of_one_row_can_be_trained_on():
    X, _ = rows(20, n_classes=1)
    model = training.train(X, np.r_[np.zeros(19, dtype=int), 1], 3, small(), seed=0)
    assert model.history["frechet"].notna().all()
    alone = training.train(X[:2], [0, 1], 2, small(), seed=0)
    assert alone.history["frechet"].isna().all()


@pytest.mark.parametrize(
    ("X", "y", "told"),
    [
        (np.ones((1, 3)), [0], "two rows or more"),
        (np.ones(4), [0, 0, 1, 1], "shape"),
        (np.ones((4, 3)), [0, 1], "4 rows but 2 labels"),
        (np.ones((2, 3)), [0, 2], "codes 0 to 1"),
        (np.ones((2, 3)), [0.0, 1.0], "whole number"),
        (np.array([[1.0], [np.inf]]), [0, 1], "row 1 holds"),
    ],
)
def test_impossible_rows_are_refused(X, y, told):
    with pytest.raises(DataError, match=told):
        training.train(X, y, 2, small(), seed=0)


def explode_at(monkeypatch, call, loss):
    calls, step = [], training.critic_step

    def exploding(model, *rest):
        calls.append(1)
        readings = step(model, *rest)
        if len(calls) == call:
            with torch.no_grad():
                model.critic.body[0].weight.fill_(torch.nan)
            readings["critic_loss"] = torch.tensor(loss)
        return readings

    monkeypatch.setattr(training, "critic_step", exploding)


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -1e9])
def test_exploding_training_keeps_the_last_good_weights(monkeypatch, caplog, loss):
    X, y = rows()
    good = []
    snapshot = training.TrainingState.snapshot

    def remembered(state):
        good.append(snapshot(state))
        return good[-1]

    monkeypatch.setattr(training.TrainingState, "snapshot", remembered)
    explode_at(monkeypatch, 14, loss)
    with caplog.at_level(logging.WARNING):
        model = training.train(X, y, 2, small(), seed=0)
    assert model.updates == 12
    assert model.history["update"].iloc[-1] == 12
    assert "exploded by update 15" in caplog.text
    assert "weights of update 12" in caplog.text
    for name, value in model.critic.state_dict().items():
        assert torch.equal(value, good[-1][0][f"critic.{name}"])
    assert np.isfinite(model.score(X, y)).all()


def test_training_that_explodes_at_once_is_an_error(monkeypatch):
    explode_at(monkeypatch, 2, float("nan"))
    with pytest.raises(DataError, match="nothing was learned"):
        training.train(*rows(), 2, small(), seed=0)
